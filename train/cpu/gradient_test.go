package cpu

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/reference"
	"github.com/hrmgo/hrm/train"
)

// differentiated are runs of every kind of sublayer in both families, whose every pass
// is differentiated, so that the gradient is the true one. HRM's q_continue follows
// another segment, and its loss here is TRM's: see trmLoss.
func differentiated() map[string]train.Spec {
	base := small(runtime.TRM, 1).Spec
	base.Config.HCycles, base.Config.LCycles, base.Config.LLayers = 1, 2, 2
	with := func(change func(s *train.Spec)) train.Spec {
		s := base
		change(&s)
		return s
	}
	conv := func(s *train.Spec) {
		s.Config.Mixing, s.Config.Conv, s.Config.SeqLen, s.Config.Cols = runtime.NoMixing, 3, 30, 5
	}
	candidates := func(s *train.Spec) {
		c := &s.Config
		c.Mixing, c.Positions, c.HaltPool, c.PuzzleEmbDim, c.PuzzleEmbLen, c.VocabSize, c.SeqLen = runtime.CandidateMixing, runtime.NoPos, runtime.SoftMin, 0, 0, 9, 36
	}
	colours := func(s *train.Spec) {
		c := &s.Config
		c.Mixing, c.Positions, c.HaltPool, c.Conv, c.PuzzleEmbLen = runtime.ColourMixing, runtime.NoPos, runtime.SoftMin, 3, 0
		c.PuzzleEmbDim, c.VocabSize, c.SeqLen, c.Cols = runtime.ColourBlocks*c.Hidden, runtime.LegendPainted+9, 20, 4
	}
	return map[string]train.Spec{
		"colours":    with(colours),
		"rope":       base,
		"rope2d":     with(func(s *train.Spec) { s.Config.Positions, s.Config.SeqLen, s.Config.Cols = runtime.Rope2D, 30, 5 }),
		"learned":    with(func(s *train.Spec) { s.Config.Positions, s.Loss = runtime.Learned, train.Softmax }),
		"smooth":     with(func(s *train.Spec) { s.Smooth = 0.1 }),
		"relations":  with(func(s *train.Spec) { s.Config.Relations, s.Config.SeqLen, s.Lanes = "sudoku", 81, 2 }),
		"mlp_t":      with(func(s *train.Spec) { s.Config.Mixing = runtime.PositionMixing }),
		"candidates": with(candidates),
		"none":       with(func(s *train.Spec) { s.Config.Mixing = runtime.NoMixing }),
		"conv":       with(conv),
		"conv without a prefix": with(func(s *train.Spec) {
			conv(s)
			s.Config.PuzzleEmbDim, s.Config.PuzzleEmbLen, s.Config.InterSize = 0, 0, 96
		}),
		"softmin":            with(func(s *train.Spec) { conv(s); s.Config.HaltPool = runtime.SoftMin }),
		"conv and attention": with(func(s *train.Spec) { conv(s); s.Config.Mixing = runtime.AttentionMixing }),
		"conv and mlp_t":     with(func(s *train.Spec) { conv(s); s.Config.Mixing = runtime.PositionMixing }),
	}
}

// shapedExamples are examples of three shapes where the model takes any.
func shapedExamples(s *train.Spec) *train.StepIn {
	in := &train.StepIn{Step: 1, Segment: make([]int32, s.Lanes)}
	c, rng, late := &s.Config, rand.New(rand.NewPCG(4, 2)), rand.New(rand.NewPCG(4, 3))
	shapes := []runtime.Shape{c.Grid()}
	candidates := c.Mixing == runtime.CandidateMixing
	switch {
	case candidates:
		shapes = append(shapes, runtime.Shape{Rows: 4, Cols: 4})
	case c.Mixing == runtime.ColourMixing:
		shapes = append(shapes, runtime.Shape{Rows: 6, Cols: 3}, runtime.Shape{Rows: 14, Cols: 1})
	case c.AnyShape() && c.Relations == "":
		shapes = append(shapes, runtime.Shape{Rows: 2, Cols: 3}, runtime.Shape{Rows: 5, Cols: 1})
	}
	for lane := range s.Lanes {
		in.Segment[lane] = 1
		g := shapes[lane%len(shapes)]
		r := train.Refill{Lane: lane, Input: runtime.Input{Rows: g.Rows, Cols: g.Cols, PuzzleID: int32(lane % max(1, c.NumPuzzles))}}
		for range g.Len() {
			label := int32(rng.IntN(c.VocabSize))
			if rng.IntN(4) == 0 {
				label = train.IgnoreLabel
			}
			token := int32(rng.IntN(c.VocabSize))
			switch {
			case candidates: // tokens and labels that the grid has
				token %= int32(runtime.FirstDigit + g.Cols)
				if label != train.IgnoreLabel {
					label = runtime.FirstDigit + label%int32(g.Cols)
				}
			case c.Mixing == runtime.ColourMixing:
				token, label = colourExample(len(r.Labels), c.Legend(g), token, label)
			case s.Config.HaltPool == runtime.SoftMin && late.IntN(3) == 0: // this is the first segment
				label = train.LabelFrom(label, 1+late.IntN(2))
			}
			r.Input.Tokens, r.Labels = append(r.Input.Tokens, token), append(r.Labels, label)
		}
		in.Refill = append(in.Refill, r)
	}
	return in
}

// colourExample makes of random numbers those of a token of a legend, or below one.
func colourExample(i, legend int, token, label int32) (int32, int32) {
	switch {
	case i == 0:
		return runtime.LegendTurned + token%8, train.IgnoreLabel
	case i < runtime.LegendLen:
		return runtime.LegendPainted + int32(i*2)%9, train.IgnoreLabel
	case i < legend:
		return 0, train.IgnoreLabel
	case label != train.IgnoreLabel:
		label = runtime.FirstColour + label%runtime.NumColours
	}
	return token % (runtime.FirstColour + runtime.NumColours), label
}

// gradientBound is what sums in float32 round away, relative to the whole gradient:
// twice what was seen with AVX-512.
const gradientBound = 1e-6

// For every tensor, the slope of the loss of the float64 reference along the gradient
// of the device is the gradient's norm.
func TestGradientAgainstFloat64(t *testing.T) {
	for name, spec := range differentiated() {
		t.Run(name, func(t *testing.T) {
			start := train.NewState(&spec, 1)
			rng := rand.New(rand.NewPCG(5, 5))
			for i := range start.Params { // no tensor at a special value
				start.Params[i] += 0.05 * float32(rng.NormFloat64())
			}
			in, l := shapedExamples(&spec), train.NewLayout(&spec.Config)
			d, dense := open(t, spec), make([]float32, l.Size)
			var out train.StepOut
			if err := errors.Join(d.Load(start), d.Step(t.Context(), in, &out), d.Gradient(dense, nil)); err != nil {
				t.Fatal(err)
			}
			m := reference.New(start.Model(&spec, false))
			if got, want := totalLoss(&spec, &out), referenceLoss(m, &spec, in); math.Abs(got-want) > 1e-6*want {
				t.Errorf("loss %v, want %v", got, want)
			}
			tensors := referenceTensors(m)
			for i := range l.Tensors {
				tensor := l.Tensors[i].Name
				g := l.View(dense, tensor)
				norm := math.Sqrt(sumSquares(g))
				slope := slopeAlong(tensors[tensor], g, func() float64 { return referenceLoss(m, &spec, in) })
				if !(norm > 1e-4) || !(math.Abs(slope-norm) <= gradientBound*out.GradNorm) {
					t.Errorf("%s: slope %v along a gradient of norm %v (off by %.2g)", tensor, slope, norm, math.Abs(slope-norm)/norm)
				}
			}
		})
	}
}

// Every implementation of the kernels gives the gradient of plain Go but for rounding:
// 4e-7 to 8e-7 of it, and up to 2.6e-6 where random weights mix positions.
func TestGradientOfEveryImplementation(t *testing.T) {
	best, _ := kernels.Implementation()
	defer kernels.Use(best)
	for name, spec := range differentiated() {
		var want []float32
		for _, kind := range kernels.Implementations() { // plain Go first
			if err := kernels.Use(kind); err != nil {
				t.Fatal(err)
			}
			d, got := open(t, spec), make([]float32, train.NewLayout(&spec.Config).Size)
			var out train.StepOut
			if err := errors.Join(d.Load(train.NewState(&spec, 1)), d.Step(t.Context(), shapedExamples(&spec), &out), d.Gradient(got, nil)); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
				continue
			}
			var off float64
			for i, w := range want {
				off += float64(got[i]-w) * float64(got[i]-w)
			}
			if off := math.Sqrt(off) / out.GradNorm; !(off <= 1e-5) {
				t.Errorf("%s: %s is off by %.2g", name, kind, off)
			}
		}
	}
}

// referenceLoss is the loss of a step's examples whose gradient a device follows.
func referenceLoss(m *reference.Model, s *train.Spec, in *train.StepIn) (sum float64) {
	for _, r := range in.Refill {
		out := m.Start(r.Input).Segment()
		sum += out.Loss(r.Labels, r.Input.Tokens, in.Segment[r.Lane], s.Loss == train.Softmax, s.Smooth)
	}
	return sum / float64(s.BatchSize())
}

// slopeAlong is the derivative of f, which reads w, along g/|g|, by differences of
// fourth order.
func slopeAlong(w [][]float64, g []float32, f func() float64) float64 {
	norm := math.Sqrt(sumSquares(g))
	move := func(by float64) {
		for i, v := range g {
			w[i/len(w[0])][i%len(w[0])] += by * float64(v) / norm
		}
	}
	const h = 1e-6 // stablemax has a second derivative that jumps, and float64 has the digits
	at := func(by float64) float64 {
		move(by)
		defer move(-by)
		return f()
	}
	return (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
}

// referenceTensors are the weights by the names of files.
func referenceTensors(m *reference.Model) map[string][][]float64 {
	all := map[string][][]float64{
		"embed_tokens.embedding_weight": m.EmbedTokens, "embed_pos.embedding_weight": m.EmbedPos,
		"lm_head.weight": m.LMHead, "q_head.weight": m.QHead, "q_head.bias": {m.QBias},
	}
	params := m.Config.Block()
	for _, level := range m.Config.Networks() {
		for i := range m.Levels[level] {
			weights := m.Levels[level][i].All()
			for j, p := range params.All() {
				all[runtime.LayerName(level, i)+p.Name] = *weights[j]
			}
		}
	}
	return all
}
