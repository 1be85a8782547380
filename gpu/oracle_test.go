package gpu_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/reference"
)

// kindConfigs are every kind of sublayer in both families.
func kindConfigs() map[string]runtime.Config {
	hrm := runtime.Config{
		Family: runtime.HRM, VocabSize: 7, SeqLen: 20, Cols: 5, NumPuzzles: 3, PuzzleEmbDim: 20, Hidden: 16, Heads: 2, InterSize: 32,
		Expansion: 1, HLayers: 1, LLayers: 2, HCycles: 1, LCycles: 2, Positions: runtime.Rope2D, HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 10000,
	}
	trm := hrm
	trm.Family, trm.HLayers, trm.PuzzleEmbDim, trm.NumPuzzles, trm.Hidden = runtime.TRM, 0, 0, 0, 24
	kinds := map[string]func(c *runtime.Config){
		"attention":      func(*runtime.Config) {},
		"mlp_t":          func(c *runtime.Config) { c.Mixing, c.Positions = runtime.PositionMixing, runtime.Learned },
		"conv":           func(c *runtime.Config) { c.Mixing, c.Conv = runtime.NoMixing, 3 },
		"none":           func(c *runtime.Config) { c.Mixing = runtime.NoMixing },
		"softmin":        func(c *runtime.Config) { c.Mixing, c.Conv, c.HaltPool = runtime.NoMixing, 3, runtime.SoftMin },
		"conv attention": func(c *runtime.Config) { c.Conv, c.Positions = 5, runtime.Rope },
		"candidates": func(c *runtime.Config) {
			c.Mixing, c.HaltPool, c.Positions, c.SeqLen, c.Cols, c.VocabSize = runtime.CandidateMixing, runtime.SoftMin, runtime.NoPos, 81, 9, 18
		},
		"conv mlp_t": func(c *runtime.Config) { c.Mixing, c.Positions, c.Conv = runtime.PositionMixing, runtime.NoPos, 3 },
	}
	all := map[string]runtime.Config{}
	for _, base := range []runtime.Config{hrm, trm} {
		for name, change := range kinds {
			c := base
			change(&c)
			if c.HaltPool == runtime.SoftMin && c.Family == runtime.HRM {
				continue
			}
			all[string(c.Family)+" "+name] = c
		}
	}
	relations := hrm
	relations.Relations, relations.SeqLen, relations.Cols, relations.Positions = "sudoku", 36, 6, runtime.Rope
	all["relations"] = relations
	return all
}

// A batch holds puzzles of three shapes, larger and smaller than the model's own, or
// where the weights know the number of positions three of that; a step with all of
// them, in any order, computes what the reference does, in float32 and with int8
// matrices.
func TestEveryKindAgainstFloat64(t *testing.T) {
	d := open(t)
	for name, c := range kindConfigs() {
		for _, f := range []quantize.Format{quantize.F32, quantize.I8} {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				m, err := runtime.NewModel(c, 5)
				check(t, err)
				r := random(3)
				m.QHead.F32, m.QBias = normal(r, 2*c.Hidden), []float32{0.5, -0.5}
				if c.PuzzleEmbDim > 0 {
					m.PuzzleEmb.F32 = normal(r, len(m.PuzzleEmb.F32))
				}
				packed, _ := converted(t, m, f)
				compareWithReference(t, d, packed, shapedInputs(&c))
			})
		}
	}
}

// shapedInputs are puzzles of three shapes, and one of the first again.
func shapedInputs(c *runtime.Config) (in []runtime.Input) {
	shapes := []runtime.Shape{{Rows: 3, Cols: 4}, {Rows: 6, Cols: 7}, {Rows: 1, Cols: 9}, {Rows: 3, Cols: 4}}
	switch {
	case !c.AnyShape():
		shapes = []runtime.Shape{c.Grid(), c.Grid(), c.Grid(), c.Grid()}
	case c.Relations != "":
		shapes = []runtime.Shape{{Rows: 4, Cols: 4}, {Rows: 8, Cols: 8}, {Rows: 6, Cols: 6}, {Rows: 4, Cols: 4}}
	case c.Mixing == runtime.CandidateMixing:
		shapes = []runtime.Shape{{Rows: 9, Cols: 9}, {Rows: 16, Cols: 16}, {Rows: 6, Cols: 6}, {Rows: 4, Cols: 4}}
	}
	r := random(17)
	for i, s := range shapes {
		one := *c
		one.SeqLen = s.Len()
		if c.Mixing == runtime.CandidateMixing {
			one.VocabSize = runtime.FirstDigit + s.Cols
		}
		x := randomInputs(r, &one, i+1)[i]
		x.Noise, x.Rows, x.Cols = 0, s.Rows, s.Cols
		in = append(in, x)
	}
	return in
}

func compareWithReference(t *testing.T, d *gpu.Device, m *runtime.Model, in []runtime.Input) {
	c := &m.Config
	b, err := gpu.New(d, m)
	check(t, err)
	defer b.Close()
	tokens := 0
	for i := range in {
		tokens = max(tokens, len(in[i].Tokens))
	}
	batch, err := b.NewBatch(len(in)-1, tokens)
	check(t, err)
	defer batch.Close()
	oracle := reference.New(m)
	carry := make([]*reference.Carry, len(in)-1)
	reset := func(lane, puzzle int) {
		check(t, batch.Reset(lane, in[puzzle]))
		carry[lane] = oracle.Start(in[puzzle])
	}
	for lane := range carry {
		reset(lane, lane)
	}
	out := runtime.Output{WantLogits: true}
	for step, lanes := range [][]int{{0, 1, 2}, {2, 0}, {1, 2, 0}} {
		if step == 2 {
			reset(1, 3) // the largest makes room for a smaller one
		}
		check(t, batch.Step(t.Context(), lanes, &out))
		for k, lane := range lanes {
			want := carry[lane].Segment()
			n := len(want.Logits)
			logits := out.Logits[k*out.Stride*c.VocabSize:][:n*c.VocabSize]
			nearLogits(t, fmt.Sprintf("step %d, lane %d: logits", step, lane), logits, slices.Concat(want.Logits...))
			near(t, "q", []float32{out.QHalt[k], out.QContinue[k]}, []float64{want.QHalt, want.QContinue})
			for i, token := range out.Tokens[k*out.Stride:][:n] {
				if row := logits[i*c.VocabSize:][:c.VocabSize]; int(token) != argmax(row) {
					t.Fatalf("step %d, lane %d: token %d is %d, not the likeliest of %v", step, lane, i, token, row)
				}
			}
			size := len(carry[lane].Z[runtime.H]) * c.Hidden
			zH, zL := zeros(size), zeros(size)
			check(t, batch.(runtime.StateReader).State(lane, zH, zL))
			near(t, "zH", zH, slices.Concat(carry[lane].Z[runtime.H]...))
			near(t, "zL", zL, slices.Concat(carry[lane].Z[runtime.L]...))
		}
	}
}

// nearLogits compares those that are not runtime.NoLogit, beside which all others are
// nothing, and wants that where it should be.
func nearLogits(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	var some []float32
	var wanted []float64
	for i, w := range want {
		if (got[i] == runtime.NoLogit) != (w == runtime.NoLogit) {
			t.Fatalf("%s: number %d is %v, want %v", what, i, got[i], w)
		}
		if w != runtime.NoLogit {
			some, wanted = append(some, got[i]), append(wanted, w)
		}
	}
	near(t, what, some, wanted)
}

func TestShapeThatDoesNotFit(t *testing.T) {
	d := open(t)
	for name, want := range map[string][]runtime.Input{
		"trm conv": {
			{Tokens: make([]int32, 12), Rows: 3, Cols: 5},
			{Tokens: make([]int32, 12), Rows: -3, Cols: -4},
			{Tokens: make([]int32, 13), Rows: 13, Cols: 1}, // more than the batch is made for
		},
		"trm mlp_t": {
			{Tokens: make([]int32, 12), Rows: 3, Cols: 4},
			{Tokens: make([]int32, 20), Rows: 5, Cols: 4},
		},
	} {
		m, err := runtime.NewModel(kindConfigs()[name], 5)
		check(t, err)
		b, err := gpu.New(d, m)
		check(t, err)
		batch, err := b.NewBatch(2, 12)
		check(t, err)
		for _, in := range want {
			if err := batch.Reset(0, in); !errors.Is(err, runtime.ErrInput) {
				t.Errorf("%s: %d tokens of %d x %d: %v", name, len(in.Tokens), in.Rows, in.Cols, err)
			}
		}
		check(t, errors.Join(batch.Close(), b.Close()))
	}
	m, err := runtime.NewModel(kindConfigs()["trm conv"], 5)
	check(t, err)
	b, err := gpu.New(d, m)
	check(t, err)
	defer b.Close()
	for _, tokens := range []int{-1, 1 << 30, math.MaxInt} {
		if batch, err := b.NewBatch(1, tokens); err == nil {
			t.Errorf("a batch of %d tokens", tokens)
			batch.Close()
		} else if tokens > 0 && (!errors.Is(err, gpu.ErrLimit) || !strings.Contains(err.Error(), fmt.Sprint(tokens))) {
			t.Errorf("a batch of %d tokens: got %v, want ErrLimit", tokens, err)
		}
	}
}
