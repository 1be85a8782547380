package webgpu

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/gpu/gputest"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/cpu"
	"github.com/hrmgo/hrm/train/traintest"
)

// open returns a training device on the system's adapter, or skips.
func open(t testing.TB, s train.Spec) (train.Device, error) {
	t.Helper()
	return Open(gputest.Open(t), s)
}

func TestGolden(t *testing.T) {
	d := gputest.Open(t)
	traintest.Golden(t, func(s train.Spec) (train.Device, error) { return Open(d, s) })
}

// lockstepCases are small models that between them use every part of a step, those of
// any shape on lanes of several.
func lockstepCases() map[string]train.Spec {
	trm := runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 32, Heads: 2, Expansion: 1, LLayers: 1, HCycles: 2, LCycles: 2,
		Positions: runtime.Rope, Relations: "sudoku", HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 10000,
	}
	hrm := runtime.Config{
		Family: runtime.HRM, VocabSize: 5, SeqLen: 10, NumPuzzles: 3, PuzzleEmbDim: 24, Hidden: 16, Heads: 2, Expansion: 1,
		HLayers: 1, LLayers: 2, HCycles: 2, LCycles: 2, Positions: runtime.Learned, HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 10000,
	}
	conv := trm // alone
	conv.Mixing, conv.Relations, conv.Conv, conv.SeqLen, conv.Cols, conv.LLayers = runtime.NoMixing, "", 3, 42, 7, 2
	three := hrm // sublayers of a layer
	three.Positions, three.Conv, three.SeqLen, three.Cols = runtime.Rope2D, 5, 24, 8
	positions := trm
	positions.Mixing, positions.Relations, positions.Conv, positions.SeqLen, positions.PuzzleEmbLen = runtime.PositionMixing, "", 3, 16, 1
	optim := train.Optim{Algorithm: train.AdamAtan2, Beta1: 0.9, Beta2: 0.95, WeightDecay: 0.5, PuzzleWeightDecay: 0.1}
	continues := trm // learns q_continue as HRM does
	continues.HaltRule = runtime.HaltOverContinue
	softMin := conv
	softMin.HaltPool = runtime.SoftMin
	candidates := trm
	candidates.Mixing, candidates.Relations, candidates.Positions, candidates.HaltPool = runtime.CandidateMixing, "", runtime.NoPos, runtime.SoftMin
	candidates.LLayers, candidates.InterSize = 2, 32
	odd := candidates // channels one by one
	odd.Hidden, odd.Heads, odd.SeqLen = 10, 1, 36
	return map[string]train.Spec{
		"candidates":     {Config: candidates, Lanes: 4, Loss: train.Softmax, Optim: train.Optim{Algorithm: train.Muon, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, EMA: 0.9}},
		"candidates odd": {Config: odd, Lanes: 3, Batch: 5, Loss: train.Stablemax, Optim: optim},
		"continues":      {Config: continues, Lanes: 3, Loss: train.Stablemax, Optim: optim},
		"softmin":        {Config: softMin, Lanes: 4, Loss: train.Softmax, Optim: optim},
		"conv":           {Config: conv, Lanes: 4, Loss: train.Stablemax, Optim: optim},
		"three":          {Config: three, Lanes: 4, Loss: train.Softmax, Optim: optim},
		"positions":      {Config: positions, Lanes: 2, Loss: train.Softmax, Optim: optim},
		"muon":           {Config: hrm, Lanes: 3, Loss: train.Softmax, Optim: train.Optim{Algorithm: train.Muon, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, EMA: 0.9, ClipNorm: 0.5}},
		"trm":            {Config: trm, Lanes: 3, Loss: train.Stablemax, Optim: train.Optim{Algorithm: train.AdamW, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, EMA: 0.9, ClipNorm: 0.5}},
		"hrm":            {Config: hrm, Lanes: 5, Batch: 8, Loss: train.Softmax, Optim: train.Optim{Algorithm: train.AdamAtan2, Beta1: 0.9, Beta2: 0.95, WeightDecay: 0.5, PuzzleWeightDecay: 0.1}},
	}
}

func TestAgreesWithCPU(t *testing.T) {
	for name, spec := range lockstepCases() {
		t.Run(name, func(t *testing.T) { lockstep(t, spec, 10) })
	}
}

// lockstep trains on both devices with the same inputs and compares what the
// host sees of every step, and all of the state after the last.
func lockstep(t *testing.T, spec train.Spec, steps int64) {
	onGPU, err := open(t, spec)
	check(t, err)
	defer onGPU.Close()
	onCPU, err := cpu.Open(spec, cpu.Options{})
	check(t, err)
	defer onCPU.Close()
	r := rand.New(rand.NewPCG(1, 2))
	start := train.NewState(&spec, 7)
	wake(r, &spec, start)
	check(t, onGPU.Load(start))
	check(t, onCPU.Load(start))

	var got, want train.StepOut
	for step := int64(1); step <= steps; step++ {
		in := stepIn(r, &spec, step)
		check(t, onGPU.Step(t.Context(), in, &got))
		check(t, onCPU.Step(t.Context(), in, &want))
		for lane := range spec.Lanes {
			same(t, step, "lm", float64(got.LM[lane]), float64(want.LM[lane]))
			same(t, step, "q_halt", float64(got.QHalt[lane]), float64(want.QHalt[lane]))
			same(t, step, "q_continue", float64(got.QContinue[lane]), float64(want.QContinue[lane]))
			same(t, step, "target", float64(got.QTarget[lane]), float64(want.QTarget[lane]))
			if got.Correct[lane] != want.Correct[lane] || got.Labelled[lane] != want.Labelled[lane] {
				t.Errorf("step %d: lane %d has %d of %d right, want %d of %d", step, lane, got.Correct[lane], got.Labelled[lane], want.Correct[lane], want.Labelled[lane])
			}
		}
		same(t, step, "gradient norm", got.GradNorm, want.GradNorm)
		if step == 1 {
			sameGradients(t, &spec, onGPU, onCPU)
		}
		if step == steps/2 {
			reload(t, &spec, onGPU)
		}
	}
	var gs, cs train.State
	check(t, onGPU.Save(&gs))
	check(t, onCPU.Save(&cs))
	sameNumbers(t, "params", gs.Params, cs.Params, agreement)
	sameNumbers(t, "moving average", gs.EMA, cs.EMA, agreement)
	sameNumbers(t, "puzzle table", gs.Puzzle, cs.Puzzle, agreement)
	for lane := range spec.Lanes { // what lies behind a smaller puzzle is nothing
		c := &spec.Config
		at, n := lane*c.P()*c.Hidden, c.PositionsOf(gs.Shape(c, lane))*c.Hidden
		sameNumbers(t, "zH", gs.ZH[at:at+n], cs.ZH[at:at+n], carryAgreement)
	}
	if !slices.Equal(gs.Shapes, cs.Shapes) || !slices.Equal(gs.Tokens, cs.Tokens) || !slices.Equal(gs.Labels, cs.Labels) || !slices.Equal(gs.PuzzleIDs, cs.PuzzleIDs) {
		t.Error("the devices hold different puzzles")
	}
}

// reload saves and loads the state of a device, with no numbers where a lane has no
// positions: they must reach nobody.
func reload(t *testing.T, spec *train.Spec, d train.Device) {
	t.Helper()
	var s train.State
	check(t, d.Save(&s))
	c := &spec.Config
	for lane := range spec.Lanes {
		row, n := lane*c.P()*c.Hidden, c.PositionsOf(s.Shape(c, lane))*c.Hidden
		for i := row + n; i < row+c.P()*c.Hidden; i++ {
			s.ZH[i], s.ZL[i] = float32(math.NaN()), float32(math.NaN())
		}
	}
	check(t, d.Load(&s))
}

// sameGradients compares the gradient of every tensor, relative to its largest number.
func sameGradients(t *testing.T, spec *train.Spec, onGPU, onCPU train.Device) {
	t.Helper()
	l := train.NewLayout(&spec.Config)
	got, want := make([]float32, l.Size), make([]float32, l.Size)
	check(t, onGPU.Gradient(got, nil))
	check(t, onCPU.Gradient(want, nil))
	for _, tensor := range l.Tensors {
		w := l.View(want, tensor.Name)
		size := max(float64(slices.Max(w)), -float64(slices.Min(w)))
		if size == 0 {
			t.Errorf("gradient of %s is zero", tensor.Name)
		}
		sameNumbers(t, "gradient of "+tensor.Name, l.View(got, tensor.Name), w, agreement*size)
	}
}

// shapes are those of the lanes' puzzles.
func shapes(c *runtime.Config) []runtime.Shape {
	if !c.AnyShape() || c.Relations != "" { // train.CheckExample takes one
		return []runtime.Shape{{}}
	}
	if c.ByCandidate() {
		return []runtime.Shape{{}, {Rows: 4, Cols: 4}, {Rows: 6, Cols: 6}}
	}
	return []runtime.Shape{{}, {Rows: 2, Cols: 3}, {Rows: c.SeqLen / 3, Cols: 3}, {Rows: 1, Cols: 5}}
}

// wake gives the halting head weights. At its usual start, all zero, the
// gradient of q_continue is a rounding error, of which atan2 makes a full step.
func wake(r *rand.Rand, spec *train.Spec, s *train.State) {
	w := train.NewLayout(&spec.Config).Weights(s.Params)
	for i := range w.QHead {
		w.QHead[i] = float32(r.NormFloat64()) / 4
	}
	copy(w.QBias, []float32{-1, 1})
}

// stepIn refills all lanes at first and one lane at every step after. The rate
// warms up, as in every preset: the first steps of Adam follow signs alone.
func stepIn(r *rand.Rand, spec *train.Spec, step int64) *train.StepIn {
	c := &spec.Config
	in := &train.StepIn{Step: step, LR: 5e-5 * float64(step), PuzzleLR: 1e-3, Segment: make([]int32, spec.Lanes)}
	for lane := range spec.Lanes {
		in.Segment[lane] = int32(1 + r.IntN(c.HaltMaxSteps))
		if step > 1 && lane != int(step)%spec.Lanes {
			continue
		}
		all := shapes(c)
		s := all[r.IntN(len(all))]
		f := train.Refill{Lane: lane, Input: runtime.Input{Rows: s.Rows, Cols: s.Cols}}
		n := c.Shape(f.Input).Len()
		f.Input.Tokens, f.Labels = make([]int32, n), make([]int32, n)
		if c.NumPuzzles > 0 {
			f.Input.PuzzleID = int32(r.IntN(c.NumPuzzles))
		}
		for i := range f.Labels {
			if c.ByCandidate() {
				f.Input.Tokens[i], f.Labels[i] = digit(r, c.Shape(f.Input).Cols)
				continue
			}
			f.Input.Tokens[i], f.Labels[i] = int32(r.IntN(c.VocabSize)), int32(r.IntN(c.VocabSize))
			if r.IntN(8) == 0 {
				f.Labels[i] = train.IgnoreLabel
			} else if r.IntN(4) == 0 {
				f.Labels[i] = train.LabelFrom(f.Labels[i], 1+r.IntN(c.HaltMaxSteps))
			} else if r.IntN(8) == 0 {
				f.Labels[i] = train.LabelFrom(train.IgnoreLabel, 1+r.IntN(c.HaltMaxSteps))
			}
		}
		in.Refill = append(in.Refill, f)
	}
	return in
}

// digit is a token of a sudoku with n digits, and a label that candidates can say.
func digit(r *rand.Rand, n int) (token, label int32) {
	token, label = int32(r.IntN(runtime.FirstDigit+n)), int32(runtime.FirstDigit+r.IntN(n))
	if r.IntN(8) == 0 {
		label = train.IgnoreLabel
	}
	return token, label
}

const (
	agreement = 1e-4
	// The carry of a lane multiplies rounding errors at every pass; over some
	// segments the reference itself keeps 1e-3 with another BLAS.
	carryAgreement = 1e-3
)

func same(t *testing.T, step int64, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= agreement*max(1, math.Abs(want))) {
		t.Errorf("step %d: %s is %v, want %v", step, what, got, want)
	}
}

func sameNumbers(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	worst := 0.0
	for i, w := range want {
		worst = max(worst, math.Abs(float64(got[i])-float64(w)))
	}
	if !(worst <= tol) {
		t.Errorf("%s is off by %v", what, worst)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCancelledStep(t *testing.T) {
	spec := lockstepCases()["hrm"]
	d, err := open(t, spec)
	check(t, err)
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out train.StepOut
	if err := d.Step(ctx, stepIn(rand.New(rand.NewPCG(3, 4)), &spec, 1), &out); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	start := train.NewState(&spec, 7)
	check(t, d.Load(start))
	check(t, d.Step(t.Context(), stepIn(rand.New(rand.NewPCG(3, 4)), &spec, 1), &out))
}

func TestBadStepIsRefused(t *testing.T) {
	spec := lockstepCases()["hrm"]
	d, err := open(t, spec)
	check(t, err)
	defer d.Close()
	var out train.StepOut
	if err := d.Step(t.Context(), &train.StepIn{Step: 1, Segment: make([]int32, 1)}, &out); !errors.Is(err, train.ErrState) {
		t.Errorf("too few lanes: got %v, want ErrState", err)
	}
	in := stepIn(rand.New(rand.NewPCG(3, 4)), &spec, 1)
	in.Refill[0].Lane = spec.Lanes
	if err := d.Step(t.Context(), in, &out); !errors.Is(err, train.ErrState) {
		t.Errorf("lane out of range: got %v, want ErrState", err)
	}
	if err := d.Load(&train.State{}); !errors.Is(err, train.ErrState) {
		t.Errorf("empty state: got %v, want ErrState", err)
	}
}
