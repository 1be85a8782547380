package gpu_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/golden"
)

func TestGoldenCases(t *testing.T) {
	d := open(t)
	for _, dir := range shared.Golden(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			c, err := golden.Open(dir)
			check(t, err)
			r, err := c.Verify(t.Context(), func(m *runtime.Model, _ golden.Trace) (runtime.Backend, error) { return gpu.New(d, m) })
			check(t, err)
			if err := r.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// smallModels are one model of each kind, with a halting head that halts.
func smallModels(t *testing.T) map[string]*runtime.Model {
	configs := map[string]runtime.Config{
		"hrm":  {Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 2, PuzzleEmbDim: 40, Hidden: 32, Heads: 2, HLayers: 1, LLayers: 2, Positions: runtime.Learned},
		"trm":  {Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 24, Heads: 4, LLayers: 2, Positions: runtime.Rope, Relations: "sudoku"},
		"conv": {Family: runtime.TRM, VocabSize: 6, SeqLen: 36, Hidden: 20, Heads: 1, LLayers: 2, Positions: runtime.NoPos, Mixing: runtime.NoMixing, Conv: 3},
		"candidates": {Family: runtime.TRM, VocabSize: 8, SeqLen: 36, Hidden: 20, Heads: 1, LLayers: 2, Positions: runtime.NoPos,
			Mixing: runtime.CandidateMixing, HaltPool: runtime.SoftMin},
		"mlp": {Family: runtime.TRM, VocabSize: 6, SeqLen: 50, PuzzleEmbLen: 2, Hidden: 20, Heads: 1, LLayers: 2, Positions: runtime.NoPos, Mixing: runtime.PositionMixing},
	}
	models := map[string]*runtime.Model{}
	for name, c := range configs {
		c.Expansion, c.HCycles, c.LCycles, c.HaltMaxSteps, c.NormEps, c.RopeTheta = 1, 2, 2, 4, 1e-5, 10000
		m, err := runtime.NewModel(c, 5)
		check(t, err)
		r := random(3)
		for i := range m.QHead.F32 {
			m.QHead.F32[i] = float32(r.NormFloat64()) / 4
		}
		m.QBias[0], m.QBias[1] = 0.1, -0.1
		models[name] = m
	}
	return models
}

func randomInputs(r *rand.Rand, c *runtime.Config, n int) []runtime.Input {
	in := make([]runtime.Input, n)
	for i := range in {
		in[i].Tokens = make([]int32, c.SeqLen)
		for j := range in[i].Tokens {
			in[i].Tokens[j] = int32(r.IntN(c.VocabSize))
		}
		if c.NumPuzzles > 0 {
			in[i].PuzzleID = int32(i % c.NumPuzzles)
		}
		in[i].Noise, in[i].Seed = 0.1, uint64(i)
	}
	return in
}

// varied gives every second puzzle a smaller grid, where the model takes any.
func varied(c *runtime.Config, in []runtime.Input) []runtime.Input {
	for i := 1; i < len(in) && c.AnyShape() && c.Relations == ""; i += 2 {
		in[i].Rows, in[i].Cols = 1+i%2, 1+i%(c.SeqLen/2)
		if c.Mixing == runtime.CandidateMixing {
			in[i].Rows, in[i].Cols = 4, 4
			for j := range in[i].Tokens {
				in[i].Tokens[j] %= runtime.FirstDigit + 4
			}
		}
		in[i].Tokens = in[i].Tokens[:in[i].Rows*in[i].Cols]
	}
	return in
}

// converted returns the model with the matrices of its levels and its head in
// another format, and the same numbers as float32 for the oracle.
func converted(t *testing.T, m *runtime.Model, f quantize.Format) (packed, plain *runtime.Model) {
	t.Helper()
	p, o := *m, *m
	convert := func(w, back *quantize.Matrix) {
		if w.Rows == 0 {
			return
		}
		v, err := quantize.Convert(*w, f)
		check(t, err)
		*w, *back = v, quantize.NewF32(v.Float32(), v.Rows, v.Cols)
	}
	layers := func(l []runtime.Layer) (a, b []runtime.Layer) {
		a, b = slices.Clone(l), slices.Clone(l)
		params := m.Config.Block()
		for i := range a {
			x, y := a[i].All(), b[i].All()
			for j, p := range params.All() {
				if p.Matrix {
					convert(x[j], y[j])
				}
			}
		}
		return a, b
	}
	p.HLevel, o.HLevel = layers(m.HLevel)
	p.LLevel, o.LLevel = layers(m.LLevel)
	convert(&p.LMHead, &o.LMHead)
	return &p, &o
}

// A segment in every format, on lanes in and out of order, against the CPU on
// the same numbers.
func TestSegmentAgreesWithCPU(t *testing.T) {
	d := open(t)
	formats := map[string][]quantize.Format{
		"hrm": {quantize.F32}, "trm": {quantize.F32, quantize.F16, quantize.BF16, quantize.I8}, "mlp": {quantize.F32, quantize.I8}, "candidates": {quantize.F32, quantize.F16, quantize.I8},
	}
	for name, m := range smallModels(t) {
		for _, f := range formats[name] {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				packed, plain := converted(t, m, f)
				onGPU, onCPU := both(t, d, packed, plain)
				agree(t, onGPU, onCPU)
			})
		}
	}
}

// both returns backends for the same numbers, until the test ends.
func both(t *testing.T, d *gpu.Device, packed, plain *runtime.Model) (onGPU, onCPU runtime.Backend) {
	t.Helper()
	g, err := gpu.New(d, packed)
	check(t, err)
	t.Cleanup(func() { g.Close() })
	c, err := cpu.New(plain, cpu.Options{})
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return g, c
}

func agree(t *testing.T, onGPU, onCPU runtime.Backend) {
	const lanes = 4
	g, err := onGPU.NewBatch(lanes, 0)
	check(t, err)
	defer g.Close()
	c, err := onCPU.NewBatch(lanes, 0)
	check(t, err)
	defer c.Close()
	for i, in := range randomInputs(random(8), onCPU.Config(), lanes) {
		check(t, g.Reset(i, in))
		check(t, c.Reset(i, in))
	}
	got, want := runtime.Output{WantLogits: true}, runtime.Output{WantLogits: true}
	for _, order := range [][]int{{0, 1, 2, 3}, {2, 0}, {3, 1}} {
		check(t, g.Step(t.Context(), order, &got))
		check(t, c.Step(t.Context(), order, &want))
		nearLogits(t, "logits", got.Logits, doubles(want.Logits))
		near(t, "q_halt", got.QHalt, doubles(want.QHalt))
		near(t, "q_continue", got.QContinue, doubles(want.QContinue))
		if !slices.Equal(got.Tokens, want.Tokens) {
			t.Errorf("lanes %v: other tokens", order)
		}
	}
	n := onCPU.Config().P() * onCPU.Config().Hidden
	gH, gL, cH, cL := zeros(n), zeros(n), zeros(n), zeros(n)
	for lane := range lanes {
		check(t, g.(runtime.StateReader).State(lane, gH, gL))
		check(t, c.(runtime.StateReader).State(lane, cH, cL))
		near(t, "zH", gH, doubles(cH))
		near(t, "zL", gL, doubles(cL))
	}
}

// Solve refills lanes as puzzles halt: the same answers after the same number
// of segments as on the CPU.
func TestSolve(t *testing.T) {
	d := open(t)
	for name, m := range smallModels(t) {
		t.Run(name, func(t *testing.T) {
			onGPU, onCPU := both(t, d, m, m)
			in := varied(&m.Config, randomInputs(random(9), &m.Config, 12))
			want, err := runtime.Solve(t.Context(), onCPU, in, runtime.Options{Lanes: 5})
			check(t, err)
			got, err := runtime.Solve(t.Context(), onGPU, in, runtime.Options{Lanes: 3})
			check(t, err)
			segments := map[int]int{}
			for i := range in {
				segments[want[i].Segments]++
				if !slices.Equal(got[i].Tokens, want[i].Tokens) || got[i].Segments != want[i].Segments {
					t.Errorf("puzzle %d: %d segments, want %d, or another answer", i, got[i].Segments, want[i].Segments)
				}
			}
			t.Log("puzzles by segments:", segments)
		})
	}
}

func TestBatchMisuse(t *testing.T) {
	d := open(t)
	b, err := gpu.New(d, smallModels(t)["hrm"])
	check(t, err)
	defer b.Close()
	if _, err := b.NewBatch(0, 0); err == nil {
		t.Error("a batch of no lanes")
	}
	t1, err := b.NewBatch(2, 0)
	check(t, err)
	defer t1.Close()
	in := randomInputs(random(1), b.Config(), 1)[0]
	check(t, t1.Reset(0, in))
	var out runtime.Output
	for _, lanes := range [][]int{{2}, {-1}, {0, 0}, {1}} {
		if err := t1.Step(t.Context(), lanes, &out); err == nil {
			t.Errorf("step of lanes %v", lanes)
		}
	}
	in.Tokens = in.Tokens[1:]
	if err := t1.Reset(0, in); !errors.Is(err, runtime.ErrInput) {
		t.Errorf("short puzzle: got %v, want ErrInput", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in = randomInputs(random(1), b.Config(), 1)[0]
	check(t, t1.Reset(0, in))
	if err := t1.Step(ctx, []int{0}, &out); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if err := t1.Step(t.Context(), []int{0}, &out); err == nil {
		t.Error("a lane is used after a failed step, without a Reset")
	}
}

// The number of dispatches depends on layers and cycles, not on sizes: these
// are those of the published sudoku model.
func TestDispatchesOfASegment(t *testing.T) {
	d := open(t)
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 16, Hidden: 16, Heads: 8, Expansion: 1,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	check(t, err)
	b, err := gpu.New(d, m)
	check(t, err)
	defer b.Close()
	bt, err := b.NewBatch(2, 0)
	check(t, err)
	defer bt.Close()
	check(t, bt.Reset(1, randomInputs(random(1), b.Config(), 1)[0]))
	var out runtime.Output
	before := d.Dispatches
	check(t, bt.Step(t.Context(), []int{1}, &out))
	if n := d.Dispatches - before; n != 179 {
		t.Errorf("%d dispatches in a segment, want 179 (and never more than 200)", n)
	}
}

// Sudokus with more digits than the model's own grid has, and one of its own beside them.
func TestSegmentOfLargerSudokus(t *testing.T) {
	d, m, r := open(t), smallModels(t)["candidates"], random(9)
	onGPU, onCPU := both(t, d, m, m)
	batches, outs := [2]runtime.Batch{}, [2]runtime.Output{{WantLogits: true}, {WantLogits: true}}
	sides := []int{10, 6, 9}
	for i, b := range []runtime.Backend{onGPU, onCPU} {
		batch, err := b.NewBatch(len(sides), 100)
		check(t, err)
		defer batch.Close()
		batches[i] = batch
	}
	for lane, side := range sides {
		in := runtime.Input{Tokens: make([]int32, side*side), Rows: side, Cols: side}
		for j := range in.Tokens {
			in.Tokens[j] = int32(r.IntN(runtime.FirstDigit + side))
		}
		for _, b := range batches {
			check(t, b.Reset(lane, in))
		}
	}
	for range 2 {
		for i, b := range batches {
			check(t, b.Step(t.Context(), []int{0, 1, 2}, &outs[i]))
		}
	}
	got, want := &outs[0], &outs[1]
	if got.Vocab != runtime.FirstDigit+10 || want.Vocab != got.Vocab {
		t.Fatalf("logits of %d and %d tokens, want 12", got.Vocab, want.Vocab)
	}
	for lane, side := range sides {
		n := side * side
		nearLogits(t, "logits", got.Logits[lane*got.Stride*got.Vocab:][:n*got.Vocab], doubles(want.Logits[lane*want.Stride*want.Vocab:][:n*want.Vocab]))
		if at := lane * got.Stride; !slices.Equal(got.Tokens[at:at+n], want.Tokens[at:at+n]) {
			t.Errorf("lane %d: other tokens", lane)
		}
	}
}
