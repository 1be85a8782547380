package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// relatedSpec is a TRM of two shared layers with TRM's gradient and attention
// that is told rows, columns and boxes: what CPU training is tuned for.
func relatedSpec(hidden, lanes int, bf16 bool) train.Spec {
	return train.Spec{
		Config: runtime.Config{
			Family: runtime.TRM, VocabSize: 11, SeqLen: 81, PuzzleEmbLen: 1, Hidden: hidden, Heads: hidden / 32,
			Expansion: 4, LLayers: 2, HCycles: 2, LCycles: 4, Positions: runtime.Rope, Relations: "sudoku",
			HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
		},
		Lanes: lanes, Loss: train.Stablemax, BF16: bf16,
		Optim: train.Optim{Algorithm: train.AdamAtan2, Beta1: 0.9, Beta2: 0.95, WeightDecay: 0.1, EMA: 0.999},
	}
}

// firstStep fills every lane.
func firstStep(spec *train.Spec) *train.StepIn {
	in := &train.StepIn{Step: 1, LR: 1e-4, LastStep: make([]bool, spec.Lanes)}
	for lane := range spec.Lanes {
		tokens, labels := make([]int32, 81), make([]int32, 81)
		for i := range tokens {
			tokens[i], labels[i] = int32((i*7+lane)%10+1), int32((i*5+lane)%9+2)
		}
		in.Refill = append(in.Refill, train.Refill{Lane: lane, Input: runtime.Input{Tokens: tokens}, Labels: labels})
	}
	return in
}

// gradientOf returns the gradient of the last of some steps, from a carry but
// for the first.
func gradientOf(t *testing.T, spec train.Spec, threads, steps int) ([]float32, train.StepOut) {
	t.Helper()
	d, err := Open(spec, Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Load(train.NewState(&spec, 1)); err != nil {
		t.Fatal(err)
	}
	in := firstStep(&spec)
	var out train.StepOut
	for range steps {
		if err := d.Step(t.Context(), in, &out); err != nil {
			t.Fatal(err)
		}
		in.Refill = nil
		in.Step++
	}
	dense := make([]float32, d.layout.Size)
	if err := d.Gradient(dense, nil); err != nil {
		t.Fatal(err)
	}
	return dense, out
}

// The gradient with BF16 products points where that in float32 points: factors
// are off by at most 2^-9 each, through twenty layers.
func TestBF16Gradient(t *testing.T) {
	rope := relatedSpec(64, 3, false)
	mixing, deep := rope, rope
	mixing.Config.MLPT, mixing.Config.Positions, mixing.Config.Relations = true, runtime.NoPos, ""
	deep.Config.Family, deep.Config.LLayers, deep.Config.HLayers, deep.Config.Relations = runtime.HRM, 3, 3, ""
	for _, c := range []struct {
		name   string
		spec   train.Spec
		steps  int
		cosine float64
	}{
		{"attention", rope, 2, 0.999},
		{"HRM of three layers", deep, 1, 0.999},
		{"mixing of positions", mixing, 1, 0.99}, // random ones amplify: a second step from there has other losses
	} {
		t.Run(c.name, func(t *testing.T) { compareBF16(t, c.spec, c.steps, c.cosine) })
	}
}

func compareBF16(t *testing.T, spec train.Spec, steps int, least float64) {
	want, wantOut := gradientOf(t, spec, 0, steps)
	spec.BF16 = true
	got, gotOut := gradientOf(t, spec, 0, steps)
	var dot, gg, ww float64
	for i, w := range want {
		dot += float64(w) * float64(got[i])
		gg += float64(got[i]) * float64(got[i])
		ww += float64(w) * float64(w)
	}
	cosine := dot / math.Sqrt(gg*ww)
	t.Logf("cosine %.6f, norms %.5g and %.5g", cosine, math.Sqrt(gg), math.Sqrt(ww))
	if !(cosine > least) || math.Abs(gg/ww-1) > 0.02 {
		t.Errorf("the BF16 gradient has cosine %v and norm %v, float32 %v", cosine, math.Sqrt(gg), math.Sqrt(ww))
	}
	for i, l := range wantOut.LM {
		if math.Abs(float64(gotOut.LM[i]-l)) > 0.01 {
			t.Errorf("lane %d: loss %v, in float32 %v", i, gotOut.LM[i], l)
		}
	}
}

func TestBF16ThreadsChangeNothing(t *testing.T) {
	spec := relatedSpec(64, 7, true)
	one, _ := gradientOf(t, spec, 1, 2)
	three, _ := gradientOf(t, spec, 3, 2)
	if !slices.Equal(one, three) {
		t.Error("gradients of one and of three threads differ")
	}
}
