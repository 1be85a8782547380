package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// A folder as the references publish it, in every dress: prefixes, bfloat16
// buffers, and .safetensors.
func TestOpenPublishedFolder(t *testing.T) {
	c := smallConfig()
	tensors := smallTensors(c)
	folders := map[string]map[string][]byte{
		"checkpoint": {"checkpoint": torchFile(t, "_orig_mod.model.inner.", tensors, "H_init", "L_init")},
		"step": {
			"step_9":  []byte("an older one"),
			"step_10": torchFile(t, "model.inner.", tensors),
			"losses":  nil,
		},
		"safetensors": {"model.safetensors": safeFile(t, tensors)},
	}
	for name, files := range folders {
		files["all_config.yaml"] = []byte(smallYAML)
		dir := writeFolder(t, files)
		f, err := Open(dir, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		defer f.Close()
		if f.Config != c || f.Task != "sudoku" || f.Meta["source_ignored"] != "adaptive_depth" || f.Meta["source_forward_dtype"] != "bfloat16" {
			t.Errorf("%s: %+v, task %q, %v", name, f.Config, f.Task, f.Meta)
		}
		m, err := f.Model(context.Background())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkModel(t, name, m, tensors)
		checkConverted(t, f, m)
	}
}

func checkModel(t *testing.T, name string, m *runtime.Model, want []weights.Tensor) {
	t.Helper()
	got := m.Tensors()
	if len(got) != len(want) {
		t.Fatalf("%s: %d tensors, want %d", name, len(got), len(want))
	}
	for i := range want {
		if got[i].Name != want[i].Name || !bytes.Equal(got[i].Bytes, want[i].Bytes) {
			t.Errorf("%s: tensor %s differs", name, got[i].Name)
		}
	}
}

func TestWrongTensorsAreNamed(t *testing.T) {
	tensors := smallTensors(smallConfig())
	tensors = append(tensors[1:], weights.Of("value_head.weight", weights.F32, make([]float32, 4), 2, 2))
	for i := range tensors {
		if tensors[i].Name == "L_level.layers.1.mlp.down_proj.weight" {
			tensors[i].Shape = []int{256, 8}
		}
	}
	for name, data := range map[string][]byte{
		"checkpoint":        torchFile(t, "inner.", tensors),
		"model.safetensors": safeFile(t, tensors),
	} {
		dir := writeFolder(t, map[string][]byte{name: data, "all_config.yaml": []byte(smallYAML)})
		_, err := Open(dir, Options{})
		if !errors.Is(err, runtime.ErrTensors) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range []string{
			"missing:\n\tH_init [8]", "misshapen:\n\tL_level.layers.1.mlp.down_proj.weight is [256 8], want [8 256]", "extra:\n\tvalue_head.weight [2 2]",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in %v", name, want, err)
			}
		}
	}
}

func TestTensorsThatAreNoWeights(t *testing.T) {
	tensors := smallTensors(smallConfig())
	tensors[0] = weights.Of("H_init", weights.I32, make([]int32, 8), 8)
	dir := writeFolder(t, map[string][]byte{"m.safetensors": safeFile(t, tensors), "all_config.yaml": []byte(smallYAML)})
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Model(context.Background()); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "H_init is int32") {
		t.Errorf("Model: %v", err)
	}
	dst := filepath.Join(dir, "m.hrm")
	if err := Convert(context.Background(), dst, f, nil); !errors.Is(err, ErrFormat) {
		t.Errorf("Convert: %v", err)
	}
	if _, err := os.Stat(dst); err == nil {
		t.Error("a file was written")
	}
}

func TestTwoKeysOfOneName(t *testing.T) {
	x := weights.Of("H_init", weights.F32, []float32{1}, 1)
	y := x
	y.Name = "_orig_mod.H_init"
	path := filepath.Join(writeFolder(t, map[string][]byte{"x": torchFile(t, "", []weights.Tensor{x, y})}), "x")
	if _, err := Open(path, Options{}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), `are both "H_init"`) {
		t.Error(err)
	}
}

func TestDamagedTensorIsNoticed(t *testing.T) {
	data := torchFile(t, "", smallTensors(smallConfig()))
	at := bytes.Index(data, smallTensors(smallConfig())[2].Bytes)
	data[at+5] ^= 1
	dir := writeFolder(t, map[string][]byte{"checkpoint": data, "all_config.yaml": []byte(smallYAML)})
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Model(context.Background()); !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), "embed_tokens.embedding_weight") {
		t.Errorf("Model: %v", err)
	}
	if err := Convert(context.Background(), filepath.Join(dir, "m.hrm"), f, nil); !errors.Is(err, ErrChecksum) {
		t.Errorf("Convert: %v", err)
	}
}

func TestConvertStopsWithItsContext(t *testing.T) {
	dir := writeFolder(t, map[string][]byte{"checkpoint": torchFile(t, "", smallTensors(smallConfig())), "all_config.yaml": []byte(smallYAML)})
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Convert(ctx, filepath.Join(dir, "m.hrm"), f, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Convert: %v", err)
	}
	if _, err := f.Model(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Model: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestOpenErrors(t *testing.T) {
	good := torchFile(t, "", smallTensors(smallConfig()))
	cases := map[string]struct {
		files map[string][]byte
		err   error
		want  string
	}{
		"nothing":       {map[string][]byte{"all_config.yaml": []byte(smallYAML)}, ErrFormat, "no checkpoint, step_N, *.safetensors"},
		"no config":     {map[string][]byte{"checkpoint": good}, runtime.ErrConfig, "all_config.yaml"},
		"distributed":   {map[string][]byte{"__0_0.distcp": good, ".metadata": good}, ErrFormat, "dcp_to_torch_save"},
		"two":           {map[string][]byte{"a.safetensors": good, "b.safetensors": good}, ErrFormat, "a.safetensors, b.safetensors"},
		"empty":         {map[string][]byte{"checkpoint": nil}, ErrFormat, "an empty file"},
		"text":          {map[string][]byte{"checkpoint": []byte("weights, honest")}, ErrFormat, `it is text that begins "weights, honest"; want what torch.save writes`},
		"another class": {map[string][]byte{"checkpoint": good, "all_config.yaml": []byte("arch: {name: trm_singlez@TinyRecursiveReasoningModel_ACTV1_SingleZ}")}, runtime.ErrConfig, "known classes are"},
		"not YAML":      {map[string][]byte{"checkpoint": good, "all_config.yaml": []byte("arch: [")}, runtime.ErrConfig, "yaml"},
		"a list":        {map[string][]byte{"checkpoint": good, "all_config.yaml": []byte("arch: [1]")}, runtime.ErrConfig, "arch is no map"},
		"wrong type":    {map[string][]byte{"checkpoint": good, "all_config.yaml": []byte("arch: {hidden_size: wide}")}, runtime.ErrConfig, `hidden_size is the text "wide"`},
		"large YAML":    {map[string][]byte{"checkpoint": good, "all_config.yaml": bytes.Repeat([]byte("#\n"), 1<<20)}, runtime.ErrConfig, "more than"},
	}
	for name, c := range cases {
		f, err := Open(writeFolder(t, c.files), Options{})
		if f != nil || !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %v: %s", name, err, c.err, c.want)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "name that: run") {
		t.Errorf("in a folder below: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestCanonical(t *testing.T) {
	for key, want := range map[string]string{
		"_orig_mod.model.inner.H_init": "H_init",
		"model.inner.L_level.layers.0": "L_level.layers.0",
		"model._orig_mod.inner.x":      "x",
		"module.model.inner.x":         "x",
		"inner":                        "inner",
		"my_model.x":                   "my_model.x",
	} {
		if got := canonical(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

func TestWiden(t *testing.T) {
	for _, d := range []weights.DType{weights.F16, weights.BF16} {
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		x := weights.Of("x", d, all, 1<<16)
		want, err := x.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(writeFolder(t, map[string][]byte{"x.safetensors": safeFile(t, []weights.Tensor{x})}), "x.safetensors")
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		info, _ := file.Stat()
		c, err := readTensors(file, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.tensors[0].Float32()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := weights.View[float32](weights.Tensor{Spec: weights.Spec{DType: weights.F32}, Bytes: data})
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Fatalf("%v %04x: %v, want %v", d, i, got[i], want[i])
			}
		}
	}
}

func TestConfigs(t *testing.T) {
	small := smallConfig()
	change := func(f func(*runtime.Config)) runtime.Config { c := small; f(&c); return c }
	cases := map[string]struct {
		model runtime.Config
		arch  map[string]any
		o     Options
	}{
		"filled in by the trainer": {small, map[string]any{"seq_len": 81, "vocab_size": 11, "num_puzzle_identifiers": 3}, Options{}},
		"JSON numbers":             {small, map[string]any{"hidden_size": 8.0, "expansion": 4.0}, Options{}},
		"interpolated":             {change(func(c *runtime.Config) { c.PuzzleEmbDim = 8 }), map[string]any{"puzzle_emb_ndim": "${.hidden_size}"}, Options{}},
		"HRM with a stray length":  {small, map[string]any{"puzzle_emb_len": 16}, Options{}},
		"given length":             {change(func(c *runtime.Config) { c.SeqLen, c.VocabSize = 25, 7 }), nil, Options{SeqLen: 25}},
		"maze":                     {change(func(c *runtime.Config) { c.SeqLen, c.VocabSize = 900, 6 }), nil, Options{}},
		"arc":                      {change(func(c *runtime.Config) { c.SeqLen, c.VocabSize = 900, 12 }), nil, Options{}},
		"learned positions": {change(func(c *runtime.Config) {
			c.SeqLen, c.VocabSize, c.Positions = 30, 9, runtime.Learned
		}), map[string]any{"pos_encodings": "learned"}, Options{}},
		"no puzzle table": {change(func(c *runtime.Config) { c.PuzzleEmbDim, c.NumPuzzles = 0, 1 }), map[string]any{"puzzle_emb_ndim": 0}, Options{}},
		"other numbers": {change(func(c *runtime.Config) { c.NormEps, c.RopeTheta = 1e-6, 500 }),
			map[string]any{"rms_norm_eps": 1e-6, "rope_theta": 500}, Options{}},
		"trm": {change(func(c *runtime.Config) { c.Family, c.HLayers, c.PuzzleEmbLen = runtime.TRM, 0, 16 }),
			map[string]any{"H_layers": 0, "name": "recursive_reasoning.trm@TinyRecursiveReasoningModel_ACTV1"}, Options{}},
		"trm with mlp_t": {change(func(c *runtime.Config) {
			c.Family, c.HLayers, c.PuzzleEmbLen, c.Mixing, c.SeqLen, c.VocabSize = runtime.TRM, 0, 4, runtime.PositionMixing, 30, 9
		}), map[string]any{"H_layers": 0, "puzzle_emb_len": 4, "mlp_t": true}, Options{}},
	}
	for name, c := range cases {
		block, err := parseYAML([]byte(smallYAML))
		if err != nil {
			t.Fatal(err)
		}
		arch := block["arch"].(map[string]any)
		if name, _ := c.arch["name"].(string); name == "" {
			delete(arch, "name")
		}
		delete(arch, "puzzle_emb_ndim")
		for k, v := range c.arch {
			arch[k] = v
		}
		c.o.Config = map[string]any{"arch": arch}
		path := filepath.Join(writeFolder(t, map[string][]byte{"x": torchFile(t, "model.inner.", smallTensors(c.model))}), "x")
		f, err := Open(path, c.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.Close()
		if f.Config != c.model {
			t.Errorf("%s: %+v\nwant %+v", name, f.Config, c.model)
		}
	}
}

func TestUnknownSequenceLength(t *testing.T) {
	c := smallConfig()
	c.VocabSize = 9
	dir := writeFolder(t, map[string][]byte{"checkpoint": torchFile(t, "", smallTensors(c)), "all_config.yaml": []byte(smallYAML)})
	if _, err := Open(dir, Options{}); !errors.Is(err, runtime.ErrConfig) || !strings.Contains(err.Error(), "give the sequence length") {
		t.Error(err)
	}
}

// What PyYAML writes, and what it must not make us do.
func TestYAML(t *testing.T) {
	m, err := parseYAML([]byte("a: 1e-05\nb: 1.0e-05\nc: null\nd: true\ne: [x]\nf: &i [1]\ng: *i\n"))
	want := map[string]any{"a": 1e-5, "b": 1e-5, "c": nil, "d": true, "e": []any{"x"}, "f": []any{1}, "g": []any{1}}
	if err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%v, %v", m, err)
	}
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		ref := strings.TrimSuffix(strings.Repeat("*a"+string(rune('0'+i-1))+",", 10), ",")
		bomb += "a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + ref + "]\n"
	}
	if _, err := parseYAML([]byte(bomb)); !errors.Is(err, runtime.ErrConfig) || !strings.Contains(err.Error(), "excessive aliasing") {
		t.Errorf("alias bomb: %v", err)
	}
}
