package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hrmgo/hrm/runtime"
)

// maxYAML is the largest configuration file that is read: the published ones
// have about a kilobyte.
const maxYAML = 1 << 20

// classes are the model classes of the references, by the part of arch.name
// after the @. The same fields in another class would be another model.
var classes = map[string]runtime.Family{
	"HierarchicalReasoningModel_ACTV1":  runtime.HRM,
	"TinyRecursiveReasoningModel_ACTV1": runtime.TRM,
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

// trainingFields are fields of the arch block that do not change what a model
// computes here.
var trainingFields = []string{"name", "loss", "halt_exploration_prob", "forward_dtype", "batch_size", "no_ACT_continue", "causal"}

// archBlock finds the configuration and returns its arch block.
func archBlock(path string, o Options) (map[string]any, error) {
	config := o.Config
	if config == nil {
		where := o.ConfigPath
		if where == "" {
			where = filepath.Join(filepath.Dir(path), "all_config.yaml")
		}
		var err error
		if config, err = readYAML(where); err != nil {
			return nil, err
		}
	}
	arch, nested := config["arch"]
	if !nested {
		return config, nil
	}
	block, ok := arch.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: arch is a %T, want a map", runtime.ErrConfig, arch)
	}
	return block, nil
}

func readYAML(path string) (map[string]any, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s, which says how the tensors are used", runtime.ErrConfig, path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxYAML+1))
	if err != nil {
		return nil, err
	}
	m, err := parseYAML(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// parseYAML reads a map. The library bounds what aliases expand to.
func parseYAML(data []byte) (map[string]any, error) {
	if len(data) > maxYAML {
		return nil, fmt.Errorf("%w: more than %d bytes", runtime.ErrConfig, maxYAML)
	}
	var m map[string]any
	if err := yaml.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", runtime.ErrConfig, err)
	}
	return m, nil
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
	m["seq_len"] = 81 // what relations need; replaced below
	c, err := runtime.ParseConfig(m)
	if err != nil {
		return err
	}
	if c.SeqLen, err = f.seqLen(&c, arch["seq_len"], o); err != nil {
		return err
	}
	f.Config = c
	f.Task = task(&c, o)
	f.Meta = f.meta(arch, ignored)
	return c.Validate()
}

// family reads arch.name, or asks the tensors: TRM has no H level.
func (f *File) family(arch map[string]any) (runtime.Family, error) {
	if v, ok := arch["family"].(string); ok {
		return runtime.Family(v), nil
	}
	if name, ok := arch["name"].(string); ok {
		_, class, _ := strings.Cut(name, "@")
		if family, ok := classes[class]; ok {
			return family, nil
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

// overlay copies the fields of the arch block that a Config has into m and
// returns the names of the others that may matter.
func (f *File) overlay(m, arch map[string]any, family runtime.Family) (ignored []string) {
	known := (&runtime.Config{}).Map()
	for _, name := range slices.Sorted(maps.Keys(arch)) {
		_, isField := known[name]
		switch {
		case arch[name] == nil:
		case name == "puzzle_emb_len" && family == runtime.HRM:
			// HRM's prefix has the length that its table asks for.
		case isField:
			m[name] = arch[name]
		case !slices.Contains(trainingFields, name):
			ignored = append(ignored, name)
		}
	}
	if s, ok := m["puzzle_emb_ndim"].(string); ok && strings.HasPrefix(s, "${") {
		m["puzzle_emb_ndim"] = m["hidden_size"] // the interpolation of the references' files
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

// published are the puzzles of the references, told apart by vocabulary.
var published = map[int]struct {
	task   string
	seqLen int
}{11: {"sudoku", 81}, 6: {"maze", 900}, 12: {"arc", 900}}

// seqLen finds the number of tokens: as given, as configured, as the shape of
// a tensor over positions says, or as the vocabulary does.
func (f *File) seqLen(c *runtime.Config, configured any, o Options) (int, error) {
	if o.SeqLen > 0 {
		return o.SeqLen, nil
	}
	if configured != nil {
		full := c.Map()
		full["seq_len"] = configured
		parsed, err := runtime.ParseConfig(full)
		return parsed.SeqLen, err
	}
	for _, name := range []string{"embed_pos.embedding_weight", "L_level.layers.0.mlp_t.down_proj.weight"} {
		if t, ok := f.Tensor(name); ok && len(t.Shape) == 2 && t.Shape[0] > c.Prefix() {
			return t.Shape[0] - c.Prefix(), nil
		}
	}
	if p, ok := published[c.VocabSize]; ok {
		return p.seqLen, nil
	}
	return 0, fmt.Errorf("%w: neither the configuration nor the tensors say how many tokens a puzzle has: give the sequence length", runtime.ErrConfig)
}

func task(c *runtime.Config, o Options) string {
	if o.Task != "" {
		return o.Task
	}
	if p, ok := published[c.VocabSize]; ok && p.seqLen == c.SeqLen {
		return p.task
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
	if len(ignored) > 0 {
		m["source_ignored"] = strings.Join(ignored, ", ")
	}
	return m
}
