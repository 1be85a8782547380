package reference_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/reference"
)

// The equation of candidates is equivariant: a sudoku with its bands, stacks, rows,
// columns and digits in another order, and transposed, has the same logits in that
// order, at every segment.
func TestCandidatesAreEquivariant(t *testing.T) {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 16, Heads: 1, InterSize: 32, Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 2,
		Positions: runtime.NoPos, Mixing: runtime.CandidateMixing, HaltPool: runtime.SoftMin, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 1e4,
	}, 3)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 3))
	for i := range m.QHead.F32 {
		m.QHead.F32[i] = float32(rng.NormFloat64())
	}
	s, r := puzzle.RandomSymmetry(rng), reference.New(m)
	question, other := make([]int32, 81), make([]int32, 81)
	for i := range question {
		question[i] = rng.Int32N(11)
	}
	s.Apply(other, question)
	a, b := r.Start(runtime.Input{Tokens: question}), r.Start(runtime.Input{Tokens: other})
	first := a.Segment()
	b.Segment()
	for segment := 2; segment <= 16; segment++ {
		x, y := a.Segment(), b.Segment()
		worst, moved := math.Abs(x.QHalt-y.QHalt), 0.0
		for cell, row := range y.Logits {
			for token, logit := range x.Logits[s.From[cell]] {
				worst = max(worst, math.Abs(logit-row[s.Token[token]]))
				moved = max(moved, math.Abs(logit-first.Logits[s.From[cell]][token]))
			}
		}
		if !(worst <= 1e-5) || !(moved > 1e-2) {
			t.Errorf("segment %d: off by %.2g, want at most 1e-5; %.2g since the first", segment, worst, moved)
		}
	}
}
