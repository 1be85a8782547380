package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hrmgo/hrm/internal/filekind"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// maxYAML is the largest configuration file that is read: the published ones
// have about a kilobyte.
const maxYAML = 1 << 20

// classes are the model classes of the references, by the part of arch.name
// after the @, and the modules in which they are known to compute what this
// program does. The same fields in another class would be another model.
var classes = map[string]struct {
	family  runtime.Family
	modules []string
}{
	"HierarchicalReasoningModel_ACTV1":  {runtime.HRM, []string{"hrm.hrm_act_v1", "recursive_reasoning.hrm"}},
	"TinyRecursiveReasoningModel_ACTV1": {runtime.TRM, []string{"recursive_reasoning.trm"}},
}

// archDefaults are the values of the references' arch block when a field is
// not given.
func archDefaults(family runtime.Family) map[string]any {
	m := map[string]any{
		"family": string(family), "hidden_size": 512, "num_heads": 8, "expansion": 4.0, "pos_encodings": "rope",
		"H_cycles": 2, "L_cycles": 2, "H_layers": 4, "L_layers": 4, "halt_max_steps": 16,
	}
	if family == runtime.TRM {
		maps.Copy(m, map[string]any{"H_cycles": 3, "L_cycles": 6, "H_layers": 0, "L_layers": 2, "puzzle_emb_len": 16})
	}
	return m
}

// trainingFields are fields that do not change what a model computes here:
// those of the arch block, and of a file without such a block.
var trainingFields = strings.Fields(`name loss halt_exploration_prob forward_dtype batch_size no_ACT_continue causal
	data_path data_paths data_paths_test global_batch_size epochs lr lr_min_ratio lr_warmup_steps weight_decay beta1 beta2
	puzzle_emb_lr puzzle_emb_weight_decay project_name run_name checkpoint_path load_checkpoint seed checkpoint_every_eval
	eval_interval min_eval_interval eval_save_outputs evaluators ema ema_rate freeze_weights`)

// archBlock finds the configuration and returns its arch block. inside is what
// the checkpoint itself holds, or nil.
func archBlock(path string, o Options, inside map[string]any) (map[string]any, error) {
	config := o.Config
	if config == nil {
		var err error
		if config, err = findYAML(path, o.ConfigPath, inside); err != nil {
			return nil, err
		}
	}
	arch, nested := config["arch"]
	if !nested {
		return config, nil
	}
	block, ok := arch.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: arch is no map of fields", runtime.ErrConfig)
	}
	return block, nil
}

// ConfigNames are what the file beside a checkpoint may be called.
var ConfigNames = []string{"all_config.yaml", "all_config.yml", "config.yaml", "config.yml", "hparams.yaml", "config.json"}

// findYAML reads the configuration that is given, or else the one beside the
// checkpoint, or else the one inside it.
func findYAML(path, given string, inside map[string]any) (map[string]any, error) {
	if given != "" {
		return readYAML(given)
	}
	for _, name := range ConfigNames {
		m, err := readYAML(filepath.Join(filepath.Dir(path), name))
		if !errors.Is(err, fs.ErrNotExist) {
			return m, err
		}
	}
	if inside != nil {
		return inside, nil
	}
	return nil, fmt.Errorf("%w: there is no %s beside it, which says how the tensors are used", runtime.ErrConfig, strings.Join(ConfigNames, ", "))
}

func readYAML(path string) (map[string]any, error) {
	data, err := readSmall(path, maxYAML)
	if errors.Is(err, ErrTooLarge) {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", path, runtime.ErrConfig, maxYAML)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", runtime.ErrConfig, err)
	}
	m, err := parseYAML(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// parseYAML reads a map. The library bounds what aliases expand to.
func parseYAML(data []byte) (map[string]any, error) {
	if kind := filekind.Of(data, int64(len(data))); kind.Name != filekind.Text && kind.Name != filekind.JSON && kind.Name != "" {
		return nil, fmt.Errorf("%w: it is %v", runtime.ErrConfig, kind)
	}
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		problem, _, _ := strings.Cut(err.Error(), "map[")
		problem, _, _ = strings.Cut(problem, "[]interface") // the library shows values as Go does
		return nil, fmt.Errorf("%w: %s", runtime.ErrConfig, strings.TrimRight(problem, ": "))
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: it is no map of names to values", runtime.ErrConfig)
	}
	return m, nil
}

// configIn returns the configuration that a pickle holds beside its weights, or
// nil.
func configIn(d *dict) map[string]any {
	for i, name := range d.keys {
		inner, ok := d.values[i].(*dict)
		if !ok || !slices.Contains([]string{"config", "cfg", "hyper_parameters", "hparams", "args", "arch", "model_config"}, name) {
			continue
		}
		m := plain(inner, 0)
		if _, nested := m["arch"].(map[string]any); nested || m["hidden_size"] != nil {
			return m
		}
		if found := configIn(inner); found != nil {
			return found
		}
	}
	return nil
}

// plain is a dictionary's strings, numbers, booleans and dictionaries.
func plain(d *dict, depth int) map[string]any {
	m := map[string]any{}
	for i, name := range d.keys {
		switch v := d.values[i].(type) {
		case string, bool, int64, float64:
			m[name] = v
		case *dict:
			if depth < 2 {
				m[name] = plain(v, depth+1)
			}
		}
	}
	return m
}

// configure works out the configuration from the arch block and, for what the
// trainer fills in, from the tensors.
func (f *File) configure(arch map[string]any, o Options) error {
	family, err := f.family(arch)
	if err != nil {
		return err
	}
	m := archDefaults(family)
	ignored := f.overlay(m, arch, family)
	f.fromShapes(m, arch)
	if err := haltRule(m, arch, family); err != nil {
		return err
	}
	m["seq_len"] = 81 // what relations need; replaced below
	c, err := runtime.ParseConfig(m)
	if err != nil {
		return err
	}
	f.prune(&c)
	if err := f.cause(&c); err != nil {
		return err
	}
	seqLen, err := f.seqLen(&c, arch["seq_len"], o)
	if err != nil && !errors.Is(err, ErrOptions) {
		if wrong := c.CheckTensors(f.shapes()); wrong != nil { // more to the point
			return wrong
		}
	}
	if err != nil {
		return err
	}
	c.SeqLen = seqLen
	if err := f.agree(&c, o); err != nil {
		return err
	}
	f.Config = c
	f.Task, f.Spec = task(&c, o), o.TaskSpec
	f.Meta = f.meta(arch, ignored)
	f.doubts(arch, ignored)
	if err := c.Validate(); err != nil {
		return err
	}
	return f.Config.CheckTensors(f.shapes())
}

// haltRule sets the rule of no_ACT_continue where it is not the family's own.
func haltRule(m, arch map[string]any, family runtime.Family) error {
	v, given := arch["no_ACT_continue"]
	if !given || v == nil {
		return nil
	}
	alone, ok := boolean(v).(bool)
	if !ok {
		return fmt.Errorf("%w: no_ACT_continue is %v, want true or false", runtime.ErrConfig, v)
	}
	switch {
	case alone && family == runtime.HRM:
		m["halt_rule"] = string(runtime.HaltPositive)
	case !alone && family == runtime.TRM:
		m["halt_rule"] = string(runtime.HaltOverContinue)
	}
	return nil
}

// computed are the names of tensors that follow from others or from the
// configuration: buffers that the references do not save, but copies of them
// do.
var computed = regexp.MustCompile(`(^|\.)(rotary_emb|rotary|rope)\.|(^|\.)(cos_cached|sin_cached|inv_freq|freqs_cis|position_ids|causal_mask|attn_mask)$|^puzzle_emb\.local_(weights|ids)$`)

// prune drops tensors that are no weights: those that are computed, that count,
// or that are empty.
func (f *File) prune(c *runtime.Config) {
	known := map[string]bool{}
	if c.HLayers+c.LLayers <= len(f.tensors) { // else many are missing
		for _, s := range c.TensorShapes() {
			known[s.Name] = true
		}
	}
	var dropped []string
	f.tensors = slices.DeleteFunc(f.tensors, func(t Tensor) bool {
		drop := !known[t.Name] && !weightName.MatchString(t.Name) && (computed.MatchString(t.Name) || !t.dtype.isFloat() || t.Len() == 0)
		drop = drop || !known[t.Name] && t.Len() == 0
		if drop {
			dropped = append(dropped, t.Name)
		}
		return drop
	})
	if len(dropped) > 0 {
		f.note("ignored tensors that are computed, counters or empty: %s", joined(dropped))
	}
	_ = f.name() // the index of what is left
}

// doubts notes what may make the model another one than the references'.
func (f *File) doubts(arch map[string]any, ignored []string) {
	for _, t := range f.tensors {
		if t.dtype == float64Type {
			f.note("float64 is rounded to float32")
			break
		}
	}
	if name, ok := arch["name"].(string); ok {
		module, class, _ := strings.Cut(name, "@")
		known := classes[class].modules
		if !slices.ContainsFunc(known, func(m string) bool { return module == m || strings.HasSuffix(module, "."+m) }) {
			f.note("warning: arch.name is %s: only %s@%s is known to compute what this program does, so compare its answers with the original's", quote(name), strings.Join(known, " or "), class)
		}
	}
	if isTrue(arch["causal"]) {
		f.note("warning: causal is true, but attention here is to all positions, as in the references whatever causal says: if this model was trained with causal attention, its answers will be wrong")
	}
	if fields := slices.DeleteFunc(slices.Clone(ignored), func(s string) bool { return s == "causal" }); len(fields) > 0 {
		f.note("warning: fields of the configuration that are not known were ignored: %s: if one changes what the model computes, its answers will be wrong", joined(fields))
	}
}

func isTrue(v any) bool { return boolean(v) == true }

// boolean is a value as the references' YAML reader takes it, to which no and
// off are false.
func boolean(v any) any {
	s, _ := v.(string)
	switch strings.ToLower(s) {
	case "yes", "on":
		return true
	case "no", "off":
		return false
	}
	return v
}

// family reads arch.name, or asks the tensors: TRM has no H level.
func (f *File) family(arch map[string]any) (runtime.Family, error) {
	if v, ok := arch["family"].(string); ok {
		return runtime.Family(v), nil
	}
	if name, ok := arch["name"].(string); ok {
		_, class, _ := strings.Cut(name, "@")
		if c, ok := classes[class]; ok {
			return c.family, nil
		}
		return "", fmt.Errorf("%w: arch.name is %s, known classes are %s; if it computes the same, give family: hrm or trm",
			runtime.ErrConfig, quote(name), strings.Join(slices.Sorted(maps.Keys(classes)), " and "))
	}
	for _, t := range f.tensors {
		if strings.HasPrefix(t.Name, "H_level.") {
			return runtime.HRM, nil
		}
	}
	return runtime.TRM, nil
}

// interpolation is one field in the place of another: ${.hidden_size}.
var interpolation = regexp.MustCompile(`^\$\{(?:\.|arch\.)(\w+)\}$`)

// overlay copies the fields of the arch block that a Config has into m and
// returns the names of the others that may matter.
func (f *File) overlay(m, arch map[string]any, family runtime.Family) (ignored []string) {
	known := (&runtime.Config{}).Map()
	for _, name := range slices.Sorted(maps.Keys(arch)) {
		_, isField := known[name]
		isField = isField || name == "mlp_t" || name == "halt_rule" || name == "halt_pool" // which Map leaves out
		switch {
		case arch[name] == nil:
		case name == "puzzle_emb_len" && family == runtime.HRM:
			// HRM's prefix has the length that its table asks for.
		case isField:
			m[name] = arch[name]
			if name == "mlp_t" {
				m[name] = boolean(arch[name])
			}
		case !slices.Contains(trainingFields, name) || name == "causal" && isTrue(arch[name]):
			ignored = append(ignored, name)
		}
	}
	for name, v := range m {
		ref := interpolation.FindStringSubmatch(fmt.Sprint(v))
		if ref == nil {
			continue
		}
		if to, ok := m[ref[1]]; ok && !interpolation.MatchString(fmt.Sprint(to)) {
			m[name] = to // as in the references' files
		}
	}
	return ignored
}

// fromShapes fills in what the trainer takes from its data set.
func (f *File) fromShapes(m, arch map[string]any) {
	fill := func(field, tensor string, dim, missing int) {
		if _, given := m[field]; given {
			return
		}
		m[field] = missing
		if t, ok := f.Tensor(tensor); ok && len(t.Shape) > dim {
			m[field] = t.Shape[dim]
		}
	}
	fill("vocab_size", "embed_tokens.embedding_weight", 0, 1)
	fill("num_puzzle_identifiers", "puzzle_emb.weights", 0, 1)
	fill("puzzle_emb_ndim", "puzzle_emb.weights", 1, 0)
}

// published returns the task of the references with a vocabulary, nil when there is
// none.
func published(vocab int) puzzle.Task {
	for _, t := range puzzle.Tasks {
		if t.SeqLen() > 0 && t.Vocab() == vocab {
			return t
		}
	}
	return nil
}

// seqLen finds the number of tokens: as given, as configured, as the shape of
// a tensor over positions says, or as the vocabulary does.
func (f *File) seqLen(c *runtime.Config, configured any, o Options) (int, error) {
	if configured != nil {
		full := c.Map()
		full["seq_len"] = configured
		parsed, err := runtime.ParseConfig(full)
		if err == nil && o.SeqLen > 0 && o.SeqLen != parsed.SeqLen {
			err = fmt.Errorf("%w: --seq-len is %d, and the configuration says seq_len: %d", ErrOptions, o.SeqLen, parsed.SeqLen)
		}
		return parsed.SeqLen, err
	}
	if o.SeqLen > 0 {
		return o.SeqLen, nil
	}
	if _, n := f.positions(c); n > 0 {
		return n, nil
	}
	if _, sized := o.TaskSpec["rows"]; sized {
		if t, err := puzzle.New(o.Task, o.TaskSpec); err == nil {
			return t.SeqLen(), nil
		}
	}
	if t := published(c.VocabSize); t != nil {
		return t.SeqLen(), nil
	}
	return 0, fmt.Errorf("%w: neither the configuration nor the tensors say how many tokens a puzzle has: give the sequence length", runtime.ErrConfig)
}

func task(c *runtime.Config, o Options) string {
	if o.Task != "" {
		return o.Task
	}
	if t := published(c.VocabSize); t != nil && t.SeqLen() == c.SeqLen {
		return t.Name()
	}
	return ""
}

// meta says where the weights come from.
func (f *File) meta(arch map[string]any, ignored []string) map[string]string {
	m := map[string]string{"source": filepath.Base(f.Path)}
	for _, name := range []string{"name", "forward_dtype"} {
		if s, ok := arch[name].(string); ok {
			m["source_"+name] = s
		}
	}
	if f.weights != "" {
		m["source_weights"] = f.weights
	}
	if len(ignored) > 0 {
		m["source_ignored"] = strings.Join(ignored, ", ")
	}
	return m
}
