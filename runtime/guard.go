package runtime

import (
	"fmt"
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
	params := m.Config.Block()
	for _, layers := range [][]Layer{m.HLevel, m.LLevel} {
		for i := range layers {
			weights := layers[i].All()
			for j, p := range params.All() {
				if !p.Matrix {
					*weights[j] = weights[j].Clone()
				}
			}
		}
	}
}

func (m *Model) manyPuzzles() bool { return m.Config.NumPuzzles > 1 }

// guarded tells whether a row of the puzzle table is to be read within Guard.
func (m *Model) guarded() bool {
	return m.Guard != nil && m.Config.PuzzleEmbDim > 0 && m.manyPuzzles()
}

// checkPuzzle reports a row of the puzzle table that no puzzle can begin with.
func (m *Model) checkPuzzle(id int32) error {
	if m.Config.PuzzleEmbDim > 0 && !m.PuzzleEmb.FiniteRow(int(id)) {
		return fmt.Errorf("%w: row %d of the puzzle table %s is NaN or infinite", ErrInput, id, puzzleTable)
	}
	return nil
}

// embedPuzzle copies a puzzle's row of the table, if there is one.
func (m *Model) embedPuzzle(id int32, x []float32) error {
	if m.guarded() {
		return m.Guard(func() error { return m.copyPuzzle(id, x) })
	}
	return m.copyPuzzle(id, x)
}

func (m *Model) copyPuzzle(id int32, x []float32) error {
	if m.Config.PuzzleEmbDim > 0 {
		m.PuzzleEmb.Row(x[:m.Config.PuzzleEmbDim], int(id))
	}
	return nil
}
