package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// A grid in other colours, of which the legend tells, has the same logits in that order,
// at every segment. As in TestCandidatesAreEquivariant the model is a mild one.
func TestColoursAreEquivariant(t *testing.T) {
	c := configs()["colours"]
	m := newModel(t, c)
	for i := range m.LLevel {
		l := &m.LLevel[i]
		for _, w := range []*quantize.Matrix{&l.Row, &l.Column, &l.Whole, &l.Cell, &l.Turns, &l.Conv, &l.Down} {
			scale(w.F32, 0.2)
		}
	}
	question := inputs(&c, 1)[0]
	other := question
	other.Tokens = append([]int32(nil), question.Tokens...)
	rng := rand.New(rand.NewPCG(2, 1))
	moved := make([]int, c.VocabSize) // tokens of cells, by what stands for them in the other form
	for i := range moved {
		moved[i] = i
	}
	for k, to := range rng.Perm(9) {
		moved[runtime.FirstColour+2+k] = runtime.FirstColour + 2 + to
	}
	for i, token := range question.Tokens {
		switch {
		case i >= runtime.LegendLen:
			other.Tokens[i] = int32(moved[token])
		case i > 0:
			colour := int(token) - runtime.LegendPainted
			other.Tokens[i] = int32(runtime.LegendPainted + moved[runtime.FirstColour+2+colour] - runtime.FirstColour - 2)
		}
	}
	in := []runtime.Input{question, other}
	eachImplementation(t, func(t *testing.T) {
		b := newBatch(t, newBackend(t, m, Options{Threads: 2}), in)
		worst, last := 0.0, float32(0)
		for segment := range 8 {
			out := runStep(t, b, []int{0, 1})
			own, painted := out.Logits[:c.SeqLen*c.VocabSize], out.Logits[c.SeqLen*c.VocabSize:]
			for i, v := range own {
				worst = max(worst, math.Abs(float64(v-painted[i/c.VocabSize*c.VocabSize+moved[i%c.VocabSize]])))
			}
			worst = max(worst, math.Abs(float64(out.QHalt[0]-out.QHalt[1])))
			if now := own[c.SeqLen*c.VocabSize-c.VocabSize+2]; now == last {
				t.Error("the state does not change")
			} else {
				last = now
			}
			if t.Logf("segment %d: %.2g", segment+1, worst); !(worst <= 1e-5) {
				t.Errorf("segment %d: off by %.2g, want at most 1e-5", segment+1, worst)
			}
		}
	})
}
