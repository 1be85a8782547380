package runtime

import (
	"slices"

	"github.com/hrmgo/hrm/quantize"
)

// Read calls a function that reads the model's matrices in its own goroutine,
// within Guard where that is set.
func (m *Model) Read(read func() error) error {
	if m.Guard == nil {
		return read()
	}
	return m.Guard(read)
}

// Own copies into memory of its own what a backend reads while it solves: all but
// the matrices of the levels, which it copies itself, and a puzzle table of several
// rows.
func (m *Model) Own() {
	small := []*quantize.Matrix{&m.EmbedTokens, &m.EmbedPos, &m.LMHead, &m.QHead}
	if !m.manyPuzzles() {
		small = append(small, &m.PuzzleEmb)
	}
	for _, w := range small {
		*w = w.Clone()
	}
	m.QBias, m.HInit, m.LInit = slices.Clone(m.QBias), slices.Clone(m.HInit), slices.Clone(m.LInit)
	for _, layers := range [][]Layer{m.HLevel, m.LLevel} {
		for i := range layers {
			layers[i].RelationBias = slices.Clone(layers[i].RelationBias)
		}
	}
}

func (m *Model) manyPuzzles() bool { return m.Config.NumPuzzles > 1 }

// embedPuzzle copies a puzzle's row of the table, if there is one.
func (m *Model) embedPuzzle(id int32, x []float32) error {
	switch {
	case m.Config.PuzzleEmbDim == 0:
	case m.Guard == nil || !m.manyPuzzles():
		m.PuzzleEmb.Row(x[:m.Config.PuzzleEmbDim], int(id))
	default:
		return m.Guard(func() error {
			m.PuzzleEmb.Row(x[:m.Config.PuzzleEmbDim], int(id))
			return nil
		})
	}
	return nil
}
