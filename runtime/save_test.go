package runtime

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime/weights"
)

func tinyConfig(change ...func(*Config)) Config {
	c := Config{
		Family: HRM, VocabSize: 5, SeqLen: 7, NumPuzzles: 3, PuzzleEmbDim: 6, Hidden: 4, Heads: 2, Expansion: 2.5,
		HLayers: 1, LLayers: 2, HCycles: 2, LCycles: 3, Positions: Rope, HaltMaxSteps: 8, NormEps: 1e-5, RopeTheta: 1e4,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func tinyConfigs() map[string]Config {
	return map[string]Config{
		"hrm":     tinyConfig(),
		"learned": tinyConfig(func(c *Config) { c.Positions, c.PuzzleEmbDim = Learned, 0 }),
		"trm":     tinyConfig(func(c *Config) { c.Family, c.HLayers, c.PuzzleEmbLen = TRM, 0, 4 }),
		"mlp_t":   tinyConfig(func(c *Config) { c.Family, c.Mixing, c.Positions = TRM, PositionMixing, NoPos }),
		"relations": tinyConfig(func(c *Config) {
			c.Relations, c.SeqLen = "sudoku", 81
		}),
	}
}

// numbered returns a model whose tensors hold 1, 2, 3, ... in file order.
func numbered(t testing.TB, c Config) *Model {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	m := newModel(c)
	m.Task, m.Meta = "sudoku", map[string]string{"license": "none"}
	next := float32(0)
	for _, s := range m.slots() {
		n := 1
		for _, d := range s.Shape {
			n *= d
		}
		w := make([]float32, n)
		for i := range w {
			next++
			w[i] = next
		}
		if s.vector != nil {
			*s.vector = w
		} else {
			*s.matrix = quantize.NewF32(w, s.Shape[0], s.Shape[1])
		}
	}
	return m
}

func TestSaveLoad(t *testing.T) {
	for name, c := range tinyConfigs() {
		m := numbered(t, c)
		path := filepath.Join(t.TempDir(), "m.hrm")
		if err := m.Save(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, err := weights.ReadFile(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Load(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%s: loaded model differs", name)
		}
	}
}

// halves replaces every matrix by one of another format with arbitrary bits.
func TestSaveLoadFormats(t *testing.T) {
	for _, format := range []quantize.Format{quantize.F16, quantize.BF16, quantize.I8} {
		m := numbered(t, tinyConfig())
		for _, s := range m.slots() {
			if s.matrix == nil {
				continue
			}
			w := quantize.Matrix{Rows: s.Shape[0], Cols: s.Shape[1], Format: format}
			n := w.Rows * w.Cols
			if format == quantize.I8 {
				w.I8, w.Scale = make([]int8, n), make([]float32, w.Rows)
				w.I8[n-1], w.Scale[w.Rows-1] = -7, 0.5
			} else {
				w.Half = make([]uint16, n)
				w.Half[n-1] = 0x3c01
			}
			*s.matrix = w
		}
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		f, err := weights.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Load(f)
		if err != nil {
			t.Fatalf("%v: %v", format, err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%v: loaded model differs", format)
		}
	}
}

func TestConfigMap(t *testing.T) {
	for name, c := range tinyConfigs() {
		got, err := ParseConfig(c.Map())
		if err != nil || got != c {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c)
		}
	}
}

// A rule of its own decides for either family, and a model without one is
// written as before.
func TestHaltRule(t *testing.T) {
	for _, c := range []struct {
		family Family
		rule   HaltRule
		halts  []bool // at q_halt, q_continue of 1, 2; of -1, -2; of 1, -1; of -1, 1
	}{
		{HRM, FamilyRule, []bool{false, true, true, false}},
		{HRM, HaltOverContinue, []bool{false, true, true, false}},
		{HRM, HaltPositive, []bool{true, false, true, false}},
		{TRM, FamilyRule, []bool{true, false, true, false}},
		{TRM, HaltPositive, []bool{true, false, true, false}},
		{TRM, HaltOverContinue, []bool{false, true, true, false}},
	} {
		config := tinyConfigs()["trm"]
		config.HaltRule = c.rule
		if c.family == HRM {
			config = tinyConfig()
			config.HaltRule = c.rule
		}
		m := config.Map()
		if _, written := m["halt_rule"]; written != (c.rule != FamilyRule) {
			t.Errorf("%s: the map is %v", c.family, m)
		}
		got, err := ParseConfig(m)
		if err != nil || got != config {
			t.Errorf("%s, rule %q: %+v, %v", c.family, c.rule, got, err)
		}
		for i, q := range [][2]float32{{1, 2}, {-1, -2}, {1, -1}, {-1, 1}} {
			if got.Halts(q[0], q[1]) != c.halts[i] || (got.Preference(q[0], q[1]) > 0) != c.halts[i] {
				t.Errorf("%s, rule %q, q %v: halts is %v, preference %v, want %v", c.family, c.rule, q, got.Halts(q[0], q[1]), got.Preference(q[0], q[1]), c.halts[i])
			}
		}
	}
}

func TestParseConfigErrors(t *testing.T) {
	cases := map[string]struct {
		key  string
		v    any
		want string
	}{
		"unknown key":     {"H_layer", 1, `unknown key "H_layer"`},
		"wrong type":      {"hidden_size", "4", `hidden_size is the text "4", want a whole number`},
		"fraction":        {"L_layers", 1.5, "L_layers is 1.5, want a whole number"},
		"infinite":        {"L_layers", math.Inf(1), "L_layers is +Inf"},
		"huge":            {"L_cycles", uint64(math.MaxUint64), "L_cycles is"},
		"not a bool":      {"mlp_t", 1, "mlp_t is 1, want true or false"},
		"contradiction":   {"mlp_t", true, "mlp_t is true, but mixing is attention"},
		"not a string":    {"pos_encodings", true, "pos_encodings is true, want a string"},
		"not a number":    {"expansion", "4", "expansion is"},
		"nil":             {"num_heads", nil, "num_heads is"},
		"out of range":    {"vocab_size", 0, "vocab_size is 0, want 1 to"},
		"no such family":  {"family", "gpt", `family is "gpt"`},
		"rows and heads":  {"num_heads", 3, "no multiple of num_heads 3"},
		"NaN":             {"rms_norm_eps", math.NaN(), "rms_norm_eps is NaN"},
		"table too wide":  {"puzzle_emb_ndim", 1 << 21, "puzzle_emb_ndim is 2097152"},
		"no width":        {"expansion", 0.1, "the SwiGLU has no width"},
		"a list":          {"num_heads", []any{1}, "num_heads is a list, want a whole number"},
		"a map":           {"L_layers", map[string]any{}, "L_layers is a map, want a whole number"},
		"another pool":    {"halt_pool", "mean", `halt_pool is "mean", want "softmin" or nothing`},
		"another rule":    {"halt_rule", "q_halt", `halt_rule is "q_halt", want "q_halt > 0", "q_halt > q_continue" or nothing`},
		"relations where": {"relations", "chess", `relations is "chess"`},
	}
	for name, c := range cases {
		m := (&Config{}).Map()
		tiny := tinyConfig()
		for k, v := range tiny.Map() {
			m[k] = v
		}
		m[c.key] = c.v
		if _, err := ParseConfig(m); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	tiny := tinyConfig()
	m := tiny.Map()
	delete(m, "vocab_size")
	if _, err := ParseConfig(m); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "no vocab_size") {
		t.Errorf("missing key: %v", err)
	}
}

// mapSource is a TensorSource for tests.
type mapSource map[string]weights.Tensor

func (m mapSource) Names() []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
}

func (m mapSource) Tensor(name string) (weights.Tensor, bool) {
	t, ok := m[name]
	return t, ok
}

func sourceOf(m *Model) mapSource {
	src := mapSource{}
	for _, t := range m.Tensors() {
		src[t.Name] = t
	}
	return src
}

func TestEachWrongTensorIsNamed(t *testing.T) {
	c := tinyConfig()
	src := sourceOf(numbered(t, c))
	delete(src, "H_init")
	delete(src, "L_level.layers.1.mlp.down_proj.weight")
	src["q_head.bias"] = weights.Of("q_head.bias", weights.F32, make([]float32, 3), 3)
	src["rotary"] = weights.Of("rotary", weights.F32, make([]float32, 2), 2)
	src["train/step"] = weights.Of("train/step", weights.U64, []uint64{1})
	_, err := FromTensors(c, src)
	if !errors.Is(err, ErrTensors) {
		t.Fatal(err)
	}
	for _, want := range []string{
		"missing:\n\tH_init [4]\n\tL_level.layers.1.mlp.down_proj.weight [4 256]\n",
		"misshapen:\n\tq_head.bias is [3], want [2]\n",
		"extra:\n\trotary [2]",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "train/") {
		t.Errorf("training state is named: %v", err)
	}
}

func TestWrongDTypeIsNamed(t *testing.T) {
	c := tinyConfig()
	for _, name := range []string{"H_init", "lm_head.weight"} {
		src := sourceOf(numbered(t, c))
		old := src[name]
		src[name] = weights.Of(name, weights.I32, make([]int32, old.Len()), old.Shape...)
		if _, err := FromTensors(c, src); !errors.Is(err, ErrTensors) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The parameter counts that model.md's table gives, without the puzzle table.
func TestTensorShapesOfPublishedModels(t *testing.T) {
	full := Config{
		Family: HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8, Expansion: 4,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 1e4,
	}
	for vocab, want := range map[int]int{11: 27_275_266, 6: 27_270_146, 12: 27_276_290} {
		c := full
		c.VocabSize = vocab
		n := 0
		for _, s := range c.TensorShapes() {
			// H_init and L_init are not trained, and not counted
			if s.Name == "puzzle_emb.weights" || strings.HasSuffix(s.Name, "_init") {
				continue
			}
			size := 1
			for _, d := range s.Shape {
				size *= d
			}
			n += size
		}
		if n != want {
			t.Errorf("vocabulary %d: %d parameters, want %d", vocab, n, want)
		}
	}
}

func TestTooLargeForTheMachine(t *testing.T) {
	c := tinyConfig(func(c *Config) { c.NumPuzzles, c.PuzzleEmbDim, c.Hidden = maxTable, 1<<16, 1<<16 })
	err := c.Validate()
	if wantErr := math.MaxInt == math.MaxInt32; (err != nil) != wantErr {
		t.Error(fmt.Sprint(err))
	}
}
