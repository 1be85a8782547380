package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/kernels"
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
	in := &train.StepIn{Step: 1, LR: 1e-4, Segment: make([]int32, spec.Lanes)}
	for lane := range spec.Lanes {
		c := &spec.Config
		tokens, labels := make([]int32, c.SeqLen), make([]int32, c.SeqLen)
		for i := range tokens { // of a sudoku 1 to 10 and 2 to 10
			tokens[i], labels[i] = int32((i*7+lane)%(c.VocabSize-1)+1), int32((i*5+lane)%(c.VocabSize-2)+2)
			if c.Mixing == runtime.ColourMixing {
				tokens[i], labels[i] = colourExample(i, c.Legend(c.Grid()), tokens[i], labels[i])
			}
		}
		in.Refill = append(in.Refill, train.Refill{Lane: lane, Input: runtime.Input{Tokens: tokens}, Labels: labels})
	}
	return in
}

// gradientOf returns the gradient of the last of some steps, from a carry but
// for the first.
func gradientOf(t *testing.T, spec train.Spec, threads, steps int, seed uint64) ([]float32, train.StepOut) {
	t.Helper()
	d, err := Open(spec, Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Load(train.NewState(&spec, seed)); err != nil {
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

// The gradient with BF16 products is that in float32 and noise: factors are off
// by at most 2^-8 each, and what twenty layers make of it depends on the model.
// Of the gradients of 60 random models it was 1 to 16 % with attention and 7 to
// 10 % with mixing of positions; the squared norm of a single one was off by up
// to 8 %, and any other order of a sum draws that anew. So medians over some models
// are held to those of AVX512_BF16, which are those of plain Go that rounds to
// the nearest (mixing: noise of 8.1 % both, squared norms 0.9986 and 0.9985 +-
// 0.001), and half more. Numbers cut off instead of rounded have three to five
// times the noise, norms 1.4 to 5 % too small and losses that differ by 0.008.
func TestBF16Gradient(t *testing.T) {
	if !kernels.HasBF16() {
		t.Skip("without instructions for BF16 there is nothing to compare")
	}
	rope := relatedSpec(64, 3, false)
	mixing, deep := rope, rope
	mixing.Config.Mixing, mixing.Config.Positions, mixing.Config.Relations = runtime.PositionMixing, runtime.NoPos, ""
	deep.Config.Family, deep.Config.LLayers, deep.Config.HLayers, deep.Config.Relations = runtime.HRM, 3, 3, ""
	candidates := mixing
	c := &candidates.Config
	c.Mixing, c.HaltPool, c.PuzzleEmbLen, c.Hidden, c.Heads, c.InterSize = runtime.CandidateMixing, runtime.SoftMin, 0, 32, 1, 64
	c.HCycles, c.LCycles = 1, 3
	colours := candidates
	c = &colours.Config
	c.Mixing, c.VocabSize, c.SeqLen, c.Cols, c.Conv = runtime.ColourMixing, runtime.LegendPainted+9, 35, 5, 3
	c.PuzzleEmbDim, c.NumPuzzles = runtime.ColourBlocks*c.Hidden, 3
	for _, c := range []struct {
		name  string
		spec  train.Spec
		steps int
		noise float64
	}{
		{"attention", rope, 2, 0.03},
		{"HRM of three layers", deep, 1, 0.03},
		{"mixing of positions", mixing, 1, 0.08}, // a second step has other losses
		{"candidates", candidates, 1, 0.03},
		{"colours", colours, 1, 0.03},
	} {
		t.Run(c.name, func(t *testing.T) { compareBF16(t, c.spec, c.steps, c.noise) })
	}
}

// compareBF16 compares the gradients of some random models.
func compareBF16(t *testing.T, spec train.Spec, steps int, noise float64) {
	const models = 9
	var errors, norms, losses []float64
	for seed := range uint64(models) {
		spec.BF16 = false
		want, wantOut := gradientOf(t, spec, 0, steps, seed)
		spec.BF16 = true
		got, gotOut := gradientOf(t, spec, 0, steps, seed)
		var gg, ww, ee float64
		for i, w := range want {
			g, w := float64(got[i]), float64(w)
			gg, ww, ee = gg+g*g, ww+w*w, ee+(g-w)*(g-w)
		}
		errors, norms = append(errors, math.Sqrt(ee/ww)), append(norms, math.Sqrt(gg/ww))
		for i, l := range wantOut.LM {
			losses = append(losses, math.Abs(float64(gotOut.LM[i]-l)))
		}
	}
	t.Logf("relative errors %.3f, norms %.4f of those in float32", errors, norms)
	if e := median(errors); !(e < 1.5*noise) {
		t.Errorf("the gradient is off by %.3f, want about %v", e, noise)
	}
	if n := median(norms); !(math.Abs(n-1) < 0.01) { // it was off by 0.002 at most
		t.Errorf("the gradient's norm is %.4f of that in float32", n)
	}
	if l := median(losses); !(l < 0.004) { // 0.0012 to 0.0017
		t.Errorf("losses differ by %.4f", l)
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func TestBF16ThreadsChangeNothing(t *testing.T) {
	spec := relatedSpec(64, 7, true)
	one, _ := gradientOf(t, spec, 1, 2, 1)
	three, _ := gradientOf(t, spec, 3, 2, 1)
	if !slices.Equal(one, three) {
		t.Error("gradients of one and of three threads differ")
	}
}
