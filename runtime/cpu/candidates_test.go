package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// sudokuConfig is a model of candidates for 9 x 9 cells.
func sudokuConfig() runtime.Config {
	c := configs()["candidates"]
	c.HCycles, c.LCycles, c.HaltMaxSteps = 1, 3, 16
	return c
}

// A sudoku with its bands, stacks, rows, columns and digits in another order, and
// transposed or not, has the same logits in that order, at every segment. Sums of nine
// in another order round otherwise, and a random model of full strength doubles that
// with every segment or two; this one changes its state by a quarter.
func TestCandidatesAreEquivariant(t *testing.T) {
	c := sudokuConfig()
	m := newModel(t, c)
	for i := range m.LLevel {
		for _, w := range []*quantize.Matrix{&m.LLevel[i].Lines, &m.LLevel[i].Box, &m.LLevel[i].Cell, &m.LLevel[i].Down} {
			scale(w.F32, 0.25)
		}
	}
	const lanes = 4
	in, symmetries := make([]runtime.Input, lanes), make([]puzzle.Symmetry, lanes)
	rng := rand.New(rand.NewPCG(2, 1))
	question := inputs(&c, 1)[0].Tokens
	for i := range in {
		symmetries[i] = puzzle.RandomSymmetry(rng)
		if i == 0 {
			symmetries[i] = puzzle.Identity()
		}
		in[i].Tokens = make([]int32, c.SeqLen)
		symmetries[i].Apply(in[i].Tokens, question)
	}
	eachImplementation(t, func(t *testing.T) {
		b, all := newBatch(t, newBackend(t, m, Options{Threads: 2}), in), []int{0, 1, 2, 3}
		want, worst := make([]float32, c.SeqLen*c.VocabSize), 0.0
		for segment := range 16 {
			out := runStep(t, b, all)
			for i := range in {
				symmetries[i].ApplyLogits(want, out.Logits[:len(want)])
				for j, v := range out.Logits[i*len(want):][:len(want)] {
					worst = max(worst, math.Abs(float64(v-want[j])))
				}
				worst = max(worst, math.Abs(float64(out.QHalt[i]-out.QHalt[0])))
			}
			if t.Logf("segment %d: %.2g", segment+1, worst); !(worst <= 1e-5) {
				t.Errorf("segment %d: off by %.2g, want at most 1e-5", segment+1, worst)
			}
		}
	})
}

func scale(y []float32, by float32) {
	for i := range y {
		y[i] *= by
	}
}
