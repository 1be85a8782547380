package cpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/reference"
)

// configs are small models that between them use every part.
func configs() map[string]runtime.Config {
	base := runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 25, NumPuzzles: 3, PuzzleEmbDim: 40, Hidden: 32, Heads: 4,
		Expansion: 4, HLayers: 1, LLayers: 2, HCycles: 2, LCycles: 2, Positions: runtime.Rope,
		HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 10000,
	}
	with := func(change func(*runtime.Config)) runtime.Config {
		c := base
		change(&c)
		return c
	}
	trm := func(c *runtime.Config) {
		c.Family, c.HLayers, c.LCycles, c.PuzzleEmbLen = runtime.TRM, 0, 3, 4
	}
	return map[string]runtime.Config{
		"hrm":               base,
		"noprefix":          with(func(c *runtime.Config) { c.PuzzleEmbDim, c.SeqLen = 0, 17 }),
		"learned":           with(func(c *runtime.Config) { c.Positions = runtime.Learned }),
		"oddHead":           with(func(c *runtime.Config) { c.Positions, c.Hidden, c.Heads = runtime.NoPos, 35, 5 }),
		"relations":         with(func(c *runtime.Config) { c.Relations, c.SeqLen = "sudoku", 81 }),
		"chunks":            with(func(c *runtime.Config) { c.SeqLen, c.Hidden, c.LLayers, c.LCycles, c.HCycles = 200, 16, 1, 1, 1 }),
		"prefixRelations":   with(func(c *runtime.Config) { c.Relations, c.SeqLen, c.PuzzleEmbDim, c.LLayers = "sudoku", 81, 90, 1 }),
		"noPrefixRelations": with(func(c *runtime.Config) { c.Relations, c.SeqLen, c.PuzzleEmbDim, c.LLayers = "sudoku", 81, 0, 1 }),
		"trm":               with(trm),
		"wide":              with(func(c *runtime.Config) { c.Hidden, c.Heads, c.PuzzleEmbDim, c.LLayers = 320, 5, 320, 1 }),
		"wideRelations": with(func(c *runtime.Config) {
			c.Hidden, c.Heads, c.Relations, c.Positions, c.SeqLen, c.LLayers, c.LCycles = 320, 10, "sudoku", runtime.NoPos, 81, 1, 1
		}),
		"mlpt":     with(func(c *runtime.Config) { trm(c); c.Mixing = runtime.PositionMixing }),
		"mlptHRM":  with(func(c *runtime.Config) { c.Mixing = runtime.PositionMixing }),
		"mlptWide": with(func(c *runtime.Config) { trm(c); c.Mixing, c.Hidden, c.SeqLen = runtime.PositionMixing, 96, 9 }),
		"candidates": with(func(c *runtime.Config) {
			trm(c)
			c.Mixing, c.Positions, c.HaltPool, c.PuzzleEmbDim, c.PuzzleEmbLen = runtime.CandidateMixing, runtime.NoPos, runtime.SoftMin, 0, 0
			c.SeqLen, c.InterSize = 81, 64
		}),
		"colours": with(func(c *runtime.Config) {
			trm(c)
			c.Mixing, c.Positions, c.HaltPool, c.Conv, c.PuzzleEmbLen = runtime.ColourMixing, runtime.NoPos, runtime.SoftMin, 3, 0
			c.PuzzleEmbDim, c.VocabSize, c.SeqLen, c.Cols, c.InterSize = runtime.ColourBlocks*c.Hidden, runtime.LegendPainted+9, 35, 5, 64
		}),
		"none": with(func(c *runtime.Config) { c.Mixing = runtime.NoMixing }),
		"conv": with(func(c *runtime.Config) {
			trm(c)
			c.Mixing, c.Conv, c.InterSize, c.PuzzleEmbDim, c.PuzzleEmbLen, c.SeqLen, c.Cols = runtime.NoMixing, 3, 160, 0, 0, 42, 7
		}),
		"softmin": with(func(c *runtime.Config) {
			trm(c)
			c.Mixing, c.Conv, c.InterSize, c.SeqLen, c.Cols, c.HaltPool = runtime.NoMixing, 3, 160, 42, 7, runtime.SoftMin
		}),
		"convHRM": with(func(c *runtime.Config) { c.Mixing, c.Conv = runtime.NoMixing, 5 }),
		"convAttention": with(func(c *runtime.Config) {
			trm(c)
			c.Conv, c.Positions, c.SeqLen, c.Cols = 3, runtime.Rope2D, 24, 8
		}),
		"convPositions": with(func(c *runtime.Config) { c.Mixing, c.Conv = runtime.PositionMixing, 3 }),
		"convWide": with(func(c *runtime.Config) {
			c.Conv, c.Hidden, c.Heads, c.PuzzleEmbDim, c.LLayers, c.Positions = 3, 320, 5, 320, 1, runtime.Rope2D
		}),
	}
}

// newModel returns a random model without zeros where NewModel leaves some.
func newModel(t testing.TB, c runtime.Config) *runtime.Model {
	t.Helper()
	m, err := runtime.NewModel(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 0))
	fill := func(v []float32) {
		for i := range v {
			v[i] = float32(rng.NormFloat64()) / 4
		}
	}
	fill(m.QHead.F32)
	fill(m.PuzzleEmb.F32)
	for _, level := range [][]runtime.Layer{m.HLevel, m.LLevel} {
		for i := range level {
			fill(level[i].RelationBias.F32)
		}
	}
	return m
}

// inputs returns n different puzzles.
func inputs(c *runtime.Config, n int) []runtime.Input {
	rng := rand.New(rand.NewPCG(9, 0))
	in := make([]runtime.Input, n)
	for i := range in {
		in[i] = runtime.Input{Tokens: make([]int32, c.SeqLen), PuzzleID: int32(i % c.NumPuzzles), Noise: float32(i) / 10, Seed: uint64(i)}
		for j := range in[i].Tokens {
			in[i].Tokens[j] = int32(rng.IntN(c.VocabSize))
			if c.Mixing == runtime.CandidateMixing {
				in[i].Tokens[j] %= int32(runtime.FirstDigit + c.Grid().Cols)
			}
		}
		if c.Mixing == runtime.ColourMixing {
			setColours(in[i].Tokens, rng)
		}
	}
	return in
}

func newBackend(t testing.TB, m *runtime.Model, o Options) *Backend {
	t.Helper()
	b, err := New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func largest(in []runtime.Input) (tokens int) {
	for i := range in {
		tokens = max(tokens, len(in[i].Tokens))
	}
	return tokens
}

// newBatch returns a batch that holds the puzzles, lane by lane.
func newBatch(t testing.TB, b *Backend, in []runtime.Input) *batch {
	t.Helper()
	t0, err := b.NewBatch(len(in), largest(in))
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if err := t0.Reset(i, in[i]); err != nil {
			t.Fatal(err)
		}
	}
	return t0.(*batch)
}

func runStep(t testing.TB, b runtime.Batch, lanes []int) *runtime.Output {
	t.Helper()
	out := &runtime.Output{WantLogits: true}
	if err := b.Step(context.Background(), lanes, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// eachImplementation runs a test with every set of kernels, with -short with that in
// use alone.
func eachImplementation(t *testing.T, test func(t *testing.T)) {
	best, _ := kernels.Implementation()
	defer kernels.Use(best)
	for _, name := range kernels.Implementations() {
		if testing.Short() && name != best {
			continue
		}
		if err := kernels.Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, test)
	}
}

// Two segments of three lanes against the oracle. The bounds are those of the
// reference cases: the recurrence amplifies what rounding left in the first.
func TestAgainstFloat64(t *testing.T) {
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c)
			want := expect(m, inputs(&c, 3))
			eachImplementation(t, func(t *testing.T) { compareWithOracle(t, m, want) })
		})
	}
}

// A maze has 901 positions.
func TestMazeAgainstFloat64(t *testing.T) {
	c := configs()["chunks"]
	c.SeqLen = 900
	m := newModel(t, c)
	in := inputs(&c, 1)
	logits := start(m, in[0]).Segment().Logits
	out := runStep(t, newBatch(t, newBackend(t, m, Options{}), in), []int{0})
	near(t, "logits", out.Logits, slices.Concat(logits...), 5e-5)
}

// start is the reference at the start of a puzzle, with the noise that it asks for.
func start(m *runtime.Model, in runtime.Input) *reference.Carry {
	carry := reference.New(m).Start(in)
	p, d := len(carry.Z[0]), m.Config.Hidden
	zH, zL := make([]float32, p*d), make([]float32, p*d)
	m.Start(in, zH, zL)
	for i := range p * d {
		carry.Z[runtime.H][i/d][i%d], carry.Z[runtime.L][i/d][i%d] = float64(zH[i]), float64(zL[i])
	}
	return carry
}

// expectation is what the reference says of a lane after a segment.
type expectation struct{ logits, q, zH, zL []float64 }

// expect runs two segments of each puzzle: [segment][lane].
func expect(m *runtime.Model, in []runtime.Input) (want [2][]expectation) {
	for i := range in {
		carry := start(m, in[i])
		for segment := range want {
			out := carry.Segment()
			want[segment] = append(want[segment], expectation{
				slices.Concat(out.Logits...), []float64{out.QHalt, out.QContinue},
				slices.Concat(carry.Z[runtime.H]...), slices.Concat(carry.Z[runtime.L]...),
			})
		}
	}
	return want
}

func compareWithOracle(t *testing.T, m *runtime.Model, want [2][]expectation) {
	compareWith(t, m, inputs(&m.Config, 3), want)
}

// compareWith runs two segments of three puzzles.
func compareWith(t *testing.T, m *runtime.Model, in []runtime.Input, want [2][]expectation) {
	c := &m.Config
	b := newBatch(t, newBackend(t, m, Options{Threads: 2}), in)
	for segment, bound := range []float64{5e-5, 1e-3} {
		lanes := []int{2, 0, 1}
		out := runStep(t, b, lanes)
		for k, lane := range lanes {
			w, n := want[segment][lane], len(in[lane].Tokens)
			logits, tokens := out.Logits[k*out.Stride*out.Vocab:][:n*out.Vocab], out.Tokens[k*out.Stride:][:n]
			w.logits = widen(w.logits, c.Vocabulary(n), out.Vocab)
			near(t, fmt.Sprintf("segment %d lane %d logits", segment+1, lane), logits, w.logits, bound)
			near(t, "q", []float32{out.QHalt[k], out.QContinue[k]}, w.q, bound)
			for i, token := range tokens {
				row := logits[i*out.Vocab:][:out.Vocab]
				if row[token] != slices.Max(row) {
					t.Errorf("token %d is %d, not the largest of %v", i, token, row)
				}
			}
			zH, zL := make([]float32, len(w.zH)), make([]float32, len(w.zL))
			if err := b.State(lane, zH, zL); err != nil {
				t.Fatal(err)
			}
			near(t, "zH", zH, w.zH, bound)
			near(t, "zL", zL, w.zL, bound)
		}
	}
}

// widen gives logits with columns for v tokens columns for wide, as those have that stand
// in a batch with larger grids.
func widen(logits []float64, v, wide int) (out []float64) {
	for i := 0; i < len(logits); i += v {
		out = append(out, logits[i:i+v]...)
		for range wide - v {
			out = append(out, runtime.NoLogit)
		}
	}
	return out
}

// Grids of three shapes in one batch, by a model of another one.
func TestAnyShapeAgainstFloat64(t *testing.T) {
	for name, c := range configs() {
		if !c.AnyShape() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c)
			in := shaped(&c)
			want := expect(m, in)
			eachImplementation(t, func(t *testing.T) { compareWith(t, m, in, want) })
		})
	}
}

// setColours makes of tokens a legend and cells of colours, outside and end markers.
func setColours(tokens []int32, rng *rand.Rand) {
	tokens[0] = runtime.LegendTurned + rng.Int32N(8)
	for i, colour := range rng.Perm(9) {
		tokens[1+i] = runtime.LegendPainted + int32(colour)
	}
	for i := range tokens[runtime.LegendLen:] {
		tokens[runtime.LegendLen+i] = rng.Int32N(runtime.FirstColour + runtime.NumColours)
	}
}

// shaped returns puzzles of three shapes; those of sudoku's relations have boxes.
func shaped(c *runtime.Config) []runtime.Input {
	shapes := []runtime.Shape{{Rows: 7, Cols: 5}, {Rows: 3, Cols: 4}, {Rows: 4, Cols: 12}}
	if c.Relations != "" || c.Mixing == runtime.CandidateMixing {
		shapes = []runtime.Shape{{Rows: 4, Cols: 4}, {Rows: 8, Cols: 8}, {Rows: 6, Cols: 6}}
	}
	if c.Mixing == runtime.CandidateMixing { // more digits than its own grid has
		shapes[1] = runtime.Shape{Rows: 10, Cols: 10}
	}
	if c.Mixing == runtime.ColourMixing { // below a legend
		shapes[1].Rows = 6
	}
	var in []runtime.Input
	for _, s := range shapes {
		one := *c
		one.SeqLen = s.Len()
		i := inputs(&one, 1)[0]
		i.Rows, i.Cols = s.Rows, s.Cols
		in = append(in, i)
	}
	return in
}

func TestShapeThatDoesNotFit(t *testing.T) {
	c := configs()["mlpt"]
	fixed := newBatch(t, newBackend(t, newModel(t, c), Options{}), inputs(&c, 1))
	for _, in := range []runtime.Input{
		{Tokens: make([]int32, 24)},
		{Tokens: make([]int32, 25), Rows: 1, Cols: 25},
		{Tokens: make([]int32, 36), Rows: 6, Cols: 6},
	} {
		if err := fixed.Reset(0, in); !errors.Is(err, runtime.ErrInput) {
			t.Errorf("%d tokens of %d x %d in a model of one shape: %v", len(in.Tokens), in.Rows, in.Cols, err)
		}
	}
	c = configs()["conv"]
	any := newBatch(t, newBackend(t, newModel(t, c), Options{}), inputs(&c, 1))
	for _, in := range []runtime.Input{
		{Tokens: make([]int32, 12), Rows: 3, Cols: 5},
		{Tokens: make([]int32, 12), Rows: -3, Cols: -4},
		{Tokens: nil, Rows: 0, Cols: 7},
		{Tokens: make([]int32, 43), Rows: 43, Cols: 1}, // more than the batch is made for
	} {
		if err := any.Reset(0, in); !errors.Is(err, runtime.ErrInput) {
			t.Errorf("%d tokens of %d x %d: %v", len(in.Tokens), in.Rows, in.Cols, err)
		}
	}
}

func near(t *testing.T, name string, got []float32, want []float64, bound float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", name, len(got), len(want))
	}
	worst := 0.0
	for i := range got {
		if diff := math.Abs(float64(got[i]) - want[i]); diff > worst || diff != diff {
			worst = diff
		}
	}
	if !(worst <= bound) {
		t.Errorf("%s: off by %.3g, bound %.3g", name, worst, bound)
	}
}

// The bits of a lane depend neither on threads nor on its neighbours.
func TestSameBitsForAnyThreadsAndLanes(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		for name, c := range configs() {
			t.Run(name, func(t *testing.T) {
				m := newModel(t, c)
				in := inputs(&m.Config, 3)
				want := segments(t, m, 1, coreCache, in[1:2])
				for _, threads := range []int{3, 16} {
					for _, cache := range []int{coreCache, 0} {
						got := segments(t, m, threads, cache, in)
						n := len(want)
						if !slices.Equal(got[n:2*n], want) {
							t.Errorf("%d threads, 3 lanes, cache %d: other bits than alone on one thread", threads, cache)
						}
					}
				}
			})
		}
	})
}

// segments returns every lane's carry after two segments.
func segments(t *testing.T, m *runtime.Model, threads, cache int, in []runtime.Input) (state []float32) {
	t.Helper()
	b := newBackend(t, m, Options{Threads: threads})
	b.cache = cache
	batch := newBatch(t, b, in)
	lanes := make([]int, len(in))
	for i := range lanes {
		lanes[i] = i
	}
	runStep(t, batch, lanes)
	runStep(t, batch, lanes)
	n := m.Config.P() * m.Config.Hidden
	for i := range in {
		zH, zL := make([]float32, n), make([]float32, n)
		if err := batch.State(i, zH, zL); err != nil {
			t.Fatal(err)
		}
		state = append(append(state, zH...), zL...)
	}
	return state
}

func TestStepAllocatesNothing(t *testing.T) {
	for name, c := range configs() {
		m := newModel(t, c)
		b := newBatch(t, newBackend(t, m, Options{Threads: 2}), inputs(&m.Config, 2))
		lanes, out := []int{0, 1}, &runtime.Output{WantLogits: true}
		run := func() {
			if err := b.Step(context.Background(), lanes, out); err != nil {
				t.Fatal(err)
			}
		}
		run()
		if n := testing.AllocsPerRun(5, run); n > 0 {
			t.Errorf("%s: a segment allocates %v times", name, n)
		}
	}
}

// Formats that are expanded to float32 at load: bfloat16, and any of the heads.
func TestFormats(t *testing.T) {
	m := newModel(t, configs()["hrm"])
	round(&m.LLevel[0].QKV, quantize.BF16)
	round(&m.LMHead, quantize.I8)
	compareWithOracle(t, m, expect(m, inputs(&m.Config, 3)))
}

// round stores a matrix in another format, crudely.
func round(w *quantize.Matrix, f quantize.Format) {
	n := len(w.F32)
	out := quantize.Matrix{Rows: w.Rows, Cols: w.Cols, Format: f}
	switch f {
	case quantize.BF16:
		out.Half = make([]uint16, n)
		for i, v := range w.F32 {
			out.Half[i] = uint16(math.Float32bits(v) >> 16)
		}
	case quantize.I8:
		out.I8, out.Scale = make([]int8, n), make([]float32, w.Rows)
		for i := range out.Scale {
			out.Scale[i] = 1.0 / 127
		}
		for i, v := range w.F32 {
			out.I8[i] = int8(max(-127, min(127, v*127)))
		}
	}
	*w = out
}

func TestModelThatDoesNotFit(t *testing.T) {
	for name, spoil := range map[string]func(*runtime.Model){
		"config": func(m *runtime.Model) { m.Config.Heads = 5 },
		"shape":  func(m *runtime.Model) { m.LLevel[1].O.Rows = 5 },
		"short":  func(m *runtime.Model) { m.LMHead.F32 = m.LMHead.F32[:7] },
		"layers": func(m *runtime.Model) { m.LLevel = m.LLevel[:1] },
		"bias":   func(m *runtime.Model) { m.QBias = nil },
		"hinit":  func(m *runtime.Model) { m.HInit = m.HInit[1:] },
		"table":  func(m *runtime.Model) { m.PuzzleEmb = quantize.Matrix{} },
		"format": func(m *runtime.Model) { m.QHead.Format = 99 },
		"scales": func(m *runtime.Model) { round(&m.QHead, quantize.I8); m.QHead.Scale = nil },
		"rel":    func(m *runtime.Model) { m.HLevel[0].RelationBias.F32 = m.HLevel[0].RelationBias.F32[1:] },
	} {
		m := newModel(t, configs()["relations"])
		spoil(m)
		if b, err := New(m, Options{}); err == nil {
			b.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMisuse(t *testing.T) {
	m := newModel(t, configs()["hrm"])
	b := newBackend(t, m, Options{Threads: 1})
	if _, err := b.NewBatch(0, 0); err == nil {
		t.Error("a batch of no lanes: no error")
	}
	in := inputs(&m.Config, 2)
	batch := newBatch(t, b, in)
	if err := batch.Reset(2, in[0]); err == nil {
		t.Error("Reset of lane 2 of 2: no error")
	}
	if err := batch.State(0, nil, nil); err == nil {
		t.Error("State into nothing: no error")
	}
	for _, lanes := range [][]int{{2}, {-1}, {0, 0}} {
		if err := batch.Step(context.Background(), lanes, &runtime.Output{}); err == nil {
			t.Errorf("Step %v: no error", lanes)
		}
	}
	in[0].Tokens[5] = 99
	if err := batch.Reset(0, in[0]); !errors.Is(err, runtime.ErrInput) {
		t.Errorf("a token of 99: %v", err)
	}
	if err := batch.Step(context.Background(), []int{0}, &runtime.Output{}); !errors.Is(err, errNotReset) {
		t.Errorf("Step of a lane whose Reset failed: %v", err)
	}
	runStep(t, batch, []int{1})
}

// The trace names every block once per lane and pass, and its last block is
// the carry.
func TestTrace(t *testing.T) {
	for name, c := range configs() {
		m := newModel(t, c)
		in := inputs(&m.Config, 2)
		seen := map[string][]float32{}
		b := newBackend(t, m, Options{Threads: 4, Trace: func(name string, lane int, data []float32) {
			key := fmt.Sprintf("%d/%s", lane, name)
			if seen[key] != nil {
				t.Errorf("%s: %s traced twice", name, key)
			}
			seen[key] = slices.Clone(data)
		}})
		batch := newBatch(t, b, in)
		runStep(t, batch, []int{0, 1})
		zH, zL := make([]float32, c.P()*c.Hidden), make([]float32, c.P()*c.Hidden)
		if err := batch.State(1, zH, zL); err != nil {
			t.Fatal(err)
		}
		last := fmt.Sprintf("1/layers/H_level.%d/call%d/block_out", c.HLayers-1, c.HCycles-1)
		if c.Family == runtime.TRM {
			last = fmt.Sprintf("1/layers/L_level.%d/call%d/block_out", c.LLayers-1, c.HCycles*(c.LCycles+1)-1)
		}
		if !slices.Equal(seen[last], zH) {
			t.Errorf("%s: %s is not zH", name, last)
		}
		if !slices.Equal(zH, oneSegment(t, m, in)) {
			t.Errorf("%s: other bits when traced", name)
		}
	}
}

// oneSegment returns zH of lane 1 after one segment without a trace.
func oneSegment(t *testing.T, m *runtime.Model, in []runtime.Input) []float32 {
	t.Helper()
	batch := newBatch(t, newBackend(t, m, Options{Threads: 2}), in)
	runStep(t, batch, []int{0, 1})
	n := m.Config.P() * m.Config.Hidden
	zH, zL := make([]float32, n), make([]float32, n)
	if err := batch.State(1, zH, zL); err != nil {
		t.Fatal(err)
	}
	return zH
}
