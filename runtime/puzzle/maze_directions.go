package puzzle

import "slices"

// Labels returns what a model is taught to say about a maze. Without Directions
// that is the answer. With them it is, found by breadth-first search from G, for
// every open cell that reaches G and for S the step to the first of Down, Left,
// Right and Up that is one nearer to G; an open cell that does not reach G stays
// open, and walls and G are themselves. The answer that came with the puzzle may
// be nil then.
func (m Maze) Labels(question, answer []int32) ([]int32, error) {
	if !m.Directions {
		return answer, nil
	}
	_, goal, err := m.ends(question)
	if err != nil {
		return nil, err
	}
	w, labels := NewMazeWave(m), make([]int32, m.SeqLen())
	w.From(question, goal)
	w.Label(question, labels)
	return labels, nil
}

// Answer reads a model's output: the question with the cells marked to which
// the steps lead, one after the other, from S. It ends where they lead nowhere.
// Without Directions the output is the answer.
func (m Maze) Answer(question, output []int32) []int32 {
	if !m.Directions {
		return output
	}
	answer := slices.Clone(question)
	w := MazeWave{Dist: output, rows: m.Rows, cols: m.Cols}
	for cell := slices.Index(question, MazeStart); cell >= 0; {
		step := output[cell] - MazeDown
		if step < 0 || step > 3 {
			break
		}
		if cell = w.neighbours(cell)[step]; cell < 0 || answer[cell] != MazeOpen {
			break
		}
		answer[cell] = MazePath
	}
	return answer
}
