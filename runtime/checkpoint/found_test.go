package checkpoint

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// shards are a checkpoint in n files of that ending, and the index of their
// tensors.
func shards(t *testing.T, n int, ending string) (files map[string][]byte, index []byte) {
	t.Helper()
	sd := withPrefix("model.inner.", smallTensors(smallConfig()))
	files = map[string][]byte{"all_config.yaml": []byte(smallYAML)}
	var entries []string
	for i := range n {
		part := sd[len(sd)*i/n : len(sd)*(i+1)/n]
		name := fmt.Sprintf("model-%05d-of-%05d%s", i+1, n, ending)
		if ending == ".bin" {
			files[name] = torchTree(t, under("", part))
		} else {
			files[name] = safeFile(t, part)
		}
		for _, x := range part {
			entries = append(entries, fmt.Sprintf("%q: %q", x.Name, name))
		}
	}
	return files, []byte(`{"metadata": {"total_size": 9}, "weight_map": {` + strings.Join(entries, ", ") + `}}`)
}

// A checkpoint in several files is read by its folder or by its index, of
// either kind, and without one when it is complete.
func TestShards(t *testing.T) {
	sd := smallTensors(smallConfig())
	for name, c := range map[string]struct {
		n             int
		ending, index string
		open          string
	}{
		"folder":              {3, ".safetensors", "model.safetensors.index.json", ""},
		"index":               {2, ".safetensors", "other.index.json", "other.index.json"},
		"torch":               {4, ".bin", "pytorch_model.bin.index.json", ""},
		"no index":            {3, ".safetensors", "", ""},
		"one of one, as such": {1, ".safetensors", "", "model-00001-of-00001.safetensors"},
	} {
		files, index := shards(t, c.n, c.ending)
		if c.index != "" {
			files[c.index] = index
		}
		f, err := Open(filepath.Join(writeFolder(t, files), c.open), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		defer f.Close()
		m, err := f.Model(context.Background())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkModel(t, name, m, sd)
	}
}

func TestShardsRefused(t *testing.T) {
	lfs := []byte("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12345\n")
	for name, c := range map[string]struct {
		change func(files map[string][]byte)
		open   string
		err    error
		want   string
	}{
		"one is missing": {func(f map[string][]byte) { delete(f, "model-00002-of-00003.safetensors") }, "", ErrTruncated,
			"model-00002-of-00003.safetensors is missing, one of 3 shards: download it too"},
		"one is missing, no index": {func(f map[string][]byte) {
			delete(f, "model-00002-of-00003.safetensors")
			delete(f, "model.safetensors.index.json")
		}, "", ErrTruncated, "model-00002-of-00003.safetensors is missing"},
		"one is a pointer": {func(f map[string][]byte) { f["model-00003-of-00003.safetensors"] = lfs }, "", ErrFormat,
			"model-00003-of-00003.safetensors: malformed checkpoint: it is a Git LFS pointer (to a file of 12345 bytes)"},
		"one alone": {nil, "model-00001-of-00003.safetensors", runtime.ErrTensors, "missing:"},
		"a path": {func(f map[string][]byte) {
			f["model.safetensors.index.json"] = []byte(`{"weight_map": {"a": "../secret.safetensors"}}`)
		}, "", ErrFormat, `"../secret.safetensors" is no name of a file beside the index`},
		"no map":       {func(f map[string][]byte) { f["model.safetensors.index.json"] = []byte(`{"a": 1}`) }, "", ErrFormat, "JSON without a weight_map"},
		"no JSON":      {func(f map[string][]byte) { f["model.safetensors.index.json"] = []byte(`{"weight_map": {`) }, "", ErrFormat, "EOF"},
		"a page":       {func(f map[string][]byte) { f["model.safetensors.index.json"] = []byte(`<html>`) }, "", ErrFormat, "a web page"},
		"two of them":  {func(f map[string][]byte) { f["b.index.json"] = nil }, "", ErrFormat, "several checkpoints, name one"},
		"not an index": {func(f map[string][]byte) { f["meta.json"] = []byte(`[1]`) }, "meta.json", ErrFormat, "got [, want {"},
	} {
		files, index := shards(t, 3, ".safetensors")
		files["model.safetensors.index.json"] = index
		if c.change != nil {
			c.change(files)
		}
		_, err := Open(filepath.Join(writeFolder(t, files), c.open), Options{})
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %v: %s", name, err, c.err, c.want)
		}
	}
}

// The names under which checkpoints and their configurations are found.
func TestNamesInAFolder(t *testing.T) {
	good := torchFile(t, "model.inner.", smallTensors(smallConfig()))
	for name, c := range map[string]struct {
		files []string // the last is the checkpoint, before it its configuration
		more  []string // that are not to be read
	}{
		"step with an ending": {[]string{"config.yaml", "step_12.pt"}, []string{"step_7.pt", "step_3", "step_99_optimizer.pt"}},
		"Lightning":           {[]string{"hparams.yaml", "last.ckpt"}, []string{"events.out"}},
		"torch hub":           {[]string{"config.yml", "pytorch_model.bin"}, nil},
		"checkpoint.pth":      {[]string{"all_config.yml", "checkpoint.pth"}, []string{"step_5", "other.pt"}},
		"JSON":                {[]string{"config.json", "step_0"}, nil},
		"all_config first":    {[]string{"all_config.yaml", "weights.pt"}, []string{"config.yaml"}},
	} {
		files := map[string][]byte{}
		for _, more := range c.more {
			files[more] = []byte("not this one")
		}
		files[c.files[0]], files[c.files[1]] = []byte(smallYAML), good
		if c.files[0] == "config.json" {
			files["config.json"] = []byte(`{"arch": {"hidden_size": 8, "num_heads": 2, "H_layers": 1, "L_layers": 2, "L_cycles": 3, "halt_max_steps": 5}}`)
		}
		f, err := Open(writeFolder(t, files), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.Close()
		if filepath.Base(f.Path) != c.files[1] || f.Config != smallConfig() {
			t.Errorf("%s: %s, %+v", name, f.Path, f.Config)
		}
	}
}

// A configuration that the checkpoint holds is used where there is no file.
func TestConfigurationInside(t *testing.T) {
	sd := smallTensors(smallConfig())
	float4 := []byte{'G', 0x40, 0x10, 0, 0, 0, 0, 0, 0}
	n := func(i int64) []byte { return new(pickler).int(i).Bytes() }
	arch := []item{{"hidden_size", n(8)}, {"num_heads", n(2)}, {"expansion", float4}, {"H_layers", n(1)}, {"L_layers", n(2)}, {"L_cycles", n(3)}, {"halt_max_steps", n(5)}}
	for name, root := range map[string][]item{
		"arch in config":  {{"config", []item{{"arch", arch}, {"lr", float4}}}, {"model", under("", sd)}},
		"hyperparameters": {{"state_dict", under("", sd)}, {"hyper_parameters", arch}},
		"nested":          {{"state_dict", under("", sd)}, {"hyper_parameters", []item{{"config", []item{{"arch", arch}}}}}},
	} {
		path := filepath.Join(writeFolder(t, map[string][]byte{"x.ckpt": torchTree(t, root)}), "x.ckpt")
		f, err := Open(path, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.Close()
		if f.Config != smallConfig() {
			t.Errorf("%s: %+v", name, f.Config)
		}
	}
}

// What else is given as a checkpoint is named, with what to do.
func TestOtherFiles(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"page":      {[]byte("<!doctype html><title>Sign in</title>"), "it is a web page (HTML): download the file itself"},
		"pointer":   {[]byte("version https://git-lfs.github.com/spec/v1\nsize 7\n"), "it is a Git LFS pointer (to a file of 7 bytes): download the real file"},
		"GGUF":      {[]byte("GGUF\x03\x00\x00\x00"), "it is a GGUF model (llama.cpp): "},
		"ONNX":      {[]byte("\x08\x08\x12\x07pytorch\x1a\x05"), "it is an ONNX model: hrm export writes ONNX, and reads none"},
		"model":     {[]byte("\x92\x88\xa6format\xa3hrm\xa7version"), "it is a .hrm model: it needs no import"},
		"nothing":   {nil, "it is an empty file: get it again"},
		"zeros":     {make([]byte, 3000), "it is a file of zero bytes: get it again"},
		"gzip":      {[]byte("\x1f\x8b\x08\x00aaa"), "it is a gzip archive: unpack it first"},
		"numpy":     {[]byte("\x93NUMPY\x01\x00"), "it is a NumPy array (.npy); want what torch.save writes"},
		"npz":       {zipOf(t, record{name: "H_init.npy", data: []byte("\x93NUMPY")}), "it seems to be a NumPy archive (.npz)"},
		"in a zip":  {zipOf(t, record{name: "run/step_5", data: []byte("x")}), `it holds "run/step_5": unpack it first`},
		"pickle":    {[]byte("\x80\x04\x95\x03\x00"), "it is a Python pickle: hrm import reads what torch.save writes"},
		"a script":  {[]byte("import torch\n"), `it is text that begins "import torch"; want what torch.save writes`},
		"an answer": {[]byte("{\"error\":\"Invalid token\"}\n"), `it is JSON that begins "{\"error\":\"Invalid token\"}"`},
		"a program": {[]byte("\x7fELF\x02\x01"), "it is a program"},
		"noise":     {[]byte("\x01\x02\x03\xff\xfe\xfd"), "neither a torch zip nor a .safetensors file"},
	} {
		if _, err := openBytes(t, "checkpoint", c.data, Options{}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, c := range map[string]struct{ yaml, want string }{
		"page":            {"<html>", "it is a web page (HTML)"},
		"pointer":         {"version https://git-lfs.github.com/spec/v1\nsize 7\n", "it is a Git LFS pointer"},
		"a list":          {"- 1\n- 2\n", "it is no map of names to values"},
		"nothing":         {"", "it is an empty file"},
		"a map as a key":  {"{a: 1}: 2", "invalid map key"},
		"a list as a key": {"[a]: 2", "invalid map key"},
		"a word":          {"hello", "it is no map of names to values"},
	} {
		dir := writeFolder(t, map[string][]byte{"checkpoint": torchFile(t, "", smallTensors(smallConfig())), "all_config.yaml": []byte(c.yaml)})
		if _, err := Open(dir, Options{}); !errors.Is(err, runtime.ErrConfig) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "interface") {
			t.Errorf("configuration is %s: %v, want %q", name, err, c.want)
		}
	}
}

// A file that ends early is said to be cut short, wherever it ends.
func TestCutShort(t *testing.T) {
	sd := smallTensors(smallConfig())
	for name, whole := range map[string][]byte{
		"torch":       torchFile(t, "model.inner.", sd),
		"wrapped":     torchTree(t, []item{{"model", under("", sd)}, {"epoch", number}}),
		"safetensors": safeFile(t, sd),
	} {
		for _, part := range []float64{0.02, 0.3, 0.7, 0.95, 0.999} {
			n := int(part * float64(len(whole)))
			if _, err := openBytes(t, "checkpoint", whole[:n], Options{}); !errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), "get the file again") {
				t.Errorf("%s, %d of %d bytes: %v", name, n, len(whole), err)
			}
		}
		hollow := append(bytes.Clone(whole[:len(whole)/2]), make([]byte, len(whole)-len(whole)/2)...)
		f, err := openBytes(t, "checkpoint", hollow, Options{})
		if name != "safetensors" && !errors.Is(err, ErrTruncated) || name == "safetensors" && err != nil {
			t.Errorf("%s, the second half zero: %v, %v", name, f, err)
		}
	}
}

// A number that is none is named, in whatever type, and no file is written.
func TestNotFinite(t *testing.T) {
	sd := smallTensors(smallConfig())
	for name, c := range map[string]struct {
		tensor int
		bits   uint32
	}{
		"NaN": {0, 0x7fc00000}, "another NaN": {3, 0xff800001}, "infinite": {5, 0x7f800000}, "less than all": {len(sd) - 1, 0xff800000},
	} {
		bad := append([]weights.Tensor(nil), sd...)
		x := &bad[c.tensor]
		x.Bytes = bytes.Clone(x.Bytes)
		binary.LittleEndian.PutUint32(x.Bytes[4:], c.bits)
		want := fmt.Sprintf("tensor %s: 1 of its %d numbers are NaN or infinite, the first is number 2", x.Name, x.Len())
		for kind, data := range map[string][]byte{"torch": torchFile(t, "inner.", bad), "half": torchFile(t, "", bad, x.Name), "safetensors": safeFile(t, bad)} {
			if kind == "half" && c.bits == 0xff800001 {
				continue // bfloat16 cuts it to infinite, which is another case
			}
			f, err := openBytes(t, "checkpoint", data, Options{})
			if err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
				continue
			}
			if _, err := f.Model(context.Background()); !errors.Is(err, runtime.ErrNotFinite) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: Model: %v, want %q", name, kind, err, want)
			}
			dst := filepath.Join(t.TempDir(), "m.hrm")
			if err := Convert(context.Background(), dst, f, nil); !errors.Is(err, runtime.ErrNotFinite) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: Convert: %v, want %q", name, kind, err, want)
			}
			if _, err := os.Stat(dst); err == nil {
				t.Errorf("%s, %s: a file was written", name, kind)
			}
		}
	}
}

// safeDoubles is a .safetensors file of float64.
func safeDoubles(tensors []weights.Tensor, factor float64) []byte {
	var header []string
	var data []byte
	for _, x := range tensors {
		begin := len(data)
		w, _ := x.Float32s()
		for _, v := range w {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(factor*float64(v)))
		}
		shape := strings.ReplaceAll(fmt.Sprint(x.Shape), " ", ",")
		header = append(header, fmt.Sprintf(`"model.inner.%s":{"dtype":"F64","shape":%s,"data_offsets":[%d,%d]}`, x.Name, shape, begin, len(data)))
	}
	return safeBytes("{"+strings.Join(header, ",")+"}", data)
}

// float64 is rounded and noted; what float32 cannot hold is infinite.
func TestDoubles(t *testing.T) {
	sd := smallTensors(smallConfig())
	f, err := openBytes(t, "m.safetensors", safeDoubles(sd, 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Model(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	checkModel(t, "doubles", m, sd)
	if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, "float64 is rounded to float32") {
		t.Errorf("notes are %q", notes)
	}
	if f, err = openBytes(t, "m.safetensors", safeDoubles(sd, 1e300), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Model(context.Background()); !errors.Is(err, runtime.ErrNotFinite) || !strings.Contains(err.Error(), "H_init") {
		t.Errorf("too large: %v", err)
	}
}

// What may make the model another one is noted; what does not is not.
func TestDoubts(t *testing.T) {
	hrm, trm := smallConfig(), smallConfig()
	trm.Family, trm.HLayers, trm.PuzzleEmbLen = runtime.TRM, 0, 2
	for _, c := range []struct {
		name    string
		config  runtime.Config
		arch    map[string]any
		rule    runtime.HaltRule
		note    string // "": none
		ignored string
	}{
		{"nothing", hrm, map[string]any{"causal": false, "loss": "x", "batch_size": 3}, "", "", ""},
		{"known modules", hrm, map[string]any{"name": "models.hrm.hrm_act_v1@HierarchicalReasoningModel_ACTV1"}, "", "", ""},
		{"causal", hrm, map[string]any{"causal": true}, "", "warning: causal is true", "causal"},
		{"unknown fields", hrm, map[string]any{"window": 4, "bias": true}, "", "fields of the configuration that are not known were ignored: bias, window", "bias, window"},
		{"another HRM module", hrm, map[string]any{"name": "hrm.hrm_moe@HierarchicalReasoningModel_ACTV1"}, "", "only hrm.hrm_act_v1 or recursive_reasoning.hrm@HierarchicalReasoningModel_ACTV1 is known", ""},
		{"another TRM module", trm, map[string]any{"name": "mine.trm@TinyRecursiveReasoningModel_ACTV1"}, "", "only recursive_reasoning.trm@", ""},
		{"TRM alone", trm, map[string]any{"no_ACT_continue": true}, "", "", ""},
		{"TRM against", trm, map[string]any{"no_ACT_continue": false}, runtime.HaltOverContinue, "", ""},
		{"TRM against, in YAML 1.1", trm, map[string]any{"no_ACT_continue": "no", "mlp_t": "off"}, runtime.HaltOverContinue, "", ""},
		{"a rule by name", trm, map[string]any{"halt_rule": "q_halt > q_continue"}, runtime.HaltOverContinue, "", ""},
		{"HRM alone", hrm, map[string]any{"no_ACT_continue": true}, runtime.HaltPositive, "", ""},
		{"HRM against", hrm, map[string]any{"no_ACT_continue": false}, "", "", ""},
		{"the trainer's fields", hrm, map[string]any{"lr": 1e-4, "epochs": 3, "data_path": "x", "ema": true}, "", "", ""},
	} {
		arch := map[string]any{"hidden_size": 8, "num_heads": 2, "H_layers": c.config.HLayers, "L_layers": 2, "H_cycles": 2, "L_cycles": 3, "halt_max_steps": 5, "puzzle_emb_len": c.config.PuzzleEmbLen}
		for k, v := range c.arch {
			arch[k] = v
		}
		f, err := openBytes(t, "checkpoint", torchFile(t, "", smallTensors(c.config)), Options{Config: arch})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := c.config
		want.HaltRule = c.rule
		notes := strings.Join(f.Notes, "\n")
		if f.Config != want || !strings.Contains(notes, c.note) || c.note == "" && notes != "" || f.Meta["source_ignored"] != c.ignored {
			t.Errorf("%s: %+v\nnotes %q, ignored %q, want rule %q, note %q", c.name, f.Config, notes, f.Meta["source_ignored"], c.rule, c.note)
		}
	}
	_, err := openBytes(t, "checkpoint", torchFile(t, "", smallTensors(trm)), Options{Config: map[string]any{"hidden_size": 8, "num_heads": 2, "L_layers": 2, "no_ACT_continue": "maybe"}})
	if !errors.Is(err, runtime.ErrConfig) || !strings.Contains(err.Error(), "no_ACT_continue is maybe, want true or false") {
		t.Errorf("a rule that is none: %v", err)
	}
}

// Pickles that would make far more of themselves are refused before they do.
func TestPickleBombs(t *testing.T) {
	const size = 7 << 20
	long := new(pickler).str(strings.Repeat("x", 1000)).op('q', 0).Bytes()
	for name, c := range map[string]struct{ head, unit []byte }{
		"dictionaries":    {nil, []byte("}")},
		"lists":           {nil, []byte("]")},
		"tuples":          {nil, []byte("N\x85")},
		"marks":           {nil, []byte("(")},
		"memo":            {[]byte("N"), []byte("\x94")},
		"the same string": {long, []byte("h\x00h\x00\x86")},
		"names":           {nil, []byte("ctorch\nSize\n")},
		"items":           {[]byte("}"), nil},
	} {
		data := append([]byte{0x80, 4}, c.head...)
		if c.unit != nil {
			data = append(data, bytes.Repeat(c.unit, size/len(c.unit))...)
		}
		for i := 0; len(data) < size; i++ {
			data = append(data, 'U', 3, byte(i), byte(i>>8), byte(i>>16), 'N', 's')
		}
		before := allocated()
		_, err := unpickle(data)
		used := allocated() - before
		if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "take more than 64 MiB") {
			t.Errorf("%s: %v", name, err)
		}
		if used > 5*maxHeld {
			t.Errorf("%s: %d MiB allocated", name, used>>20)
		}
	}
}

// What reads few bytes at a time finds the same as what reads many.
func TestFiniteReaderInPieces(t *testing.T) {
	w := make([]float32, 300)
	w[7], w[200] = float32(math.NaN()), float32(math.Inf(1))
	data := floatBytes(w...)
	for _, piece := range []int{1, 2, 3, 4, 5, 7, 64, 1023, 4096} {
		f := &finiteReader{r: bytes.NewReader(data), name: "x"}
		buf := make([]byte, piece)
		for {
			if _, err := f.Read(buf); err != nil {
				break
			}
		}
		if err := f.end(); err == nil || !strings.Contains(err.Error(), "2 of its 300 numbers are NaN or infinite, the first is number 8:") {
			t.Errorf("%d bytes at a time: %v", piece, err)
		}
	}
}
