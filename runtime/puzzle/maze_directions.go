package puzzle

import (
	"fmt"
	"slices"
)

// Describe implements Describer: rows and cols are the model's own size, labels
// is "directions" or, as in published models, "path".
func (m Maze) Describe(of map[string]any) (Task, error) {
	s := spec{of: of}
	m.Rows, m.Cols = s.int("rows", m.Rows, 2, MaxMazeSide), s.int("cols", m.Cols, 2, MaxMazeSide)
	switch labels := s.string("labels", "path"); labels {
	case "directions":
		m.Directions = true
	case "path":
		m.Directions = false
	default:
		s.err = fmt.Errorf("%w: labels is %q, want directions or path", ErrSpec, labels)
	}
	return m, s.end()
}

// Spec implements Describer. The size is in the model's configuration.
func (m Maze) Spec() map[string]any {
	if !m.Directions {
		return nil
	}
	return map[string]any{"labels": "directions"}
}

// Labels implements Teacher. It returns what a model is taught to say about a maze. Without Directions
// that is the answer. With them it is, found by breadth-first search from G, for
// every open cell that reaches G and for S the step to the first of Down, Left,
// Right and Up that is one nearer to G; an open cell that does not reach G stays
// open, and walls and G are themselves. The answer that came with the puzzle may
// be nil then.
func (m Maze) Labels(question, answer []int32) ([]int32, error) {
	if !m.Directions {
		return answer, nil
	}
	if len(question) != m.SeqLen() {
		return nil, fmt.Errorf("%w: %d cells, want %d", ErrFormat, len(question), m.SeqLen())
	}
	_, goal, err := m.ends(question)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	w, labels := NewMazeWave(m), make([]int32, m.SeqLen())
	w.From(question, goal)
	w.Label(question, labels)
	return labels, nil
}

// Taught implements Teacher.
func (m Maze) Taught() string {
	if !m.Directions {
		return ""
	}
	return "the next step to the goal from every cell, found by breadth-first search; the path is read off by following the steps from the start"
}

// Answer implements Teacher. It reads a model's output: the question with the cells marked to which
// the steps lead, one after the other, from S. It ends where they lead nowhere.
// Without Directions the output is the answer.
func (m Maze) Answer(question, output []int32) []int32 {
	if !m.Directions {
		return output
	}
	answer := slices.Clone(question)
	w := MazeWave{Dist: output, rows: m.Rows, cols: m.Cols}
	for cell := slices.Index(question, MazeStart); cell >= 0 && isStep(output[cell]); {
		if cell = w.neighbours(cell)[output[cell]-MazeDown]; cell < 0 || answer[cell] != MazeOpen {
			break
		}
		answer[cell] = MazePath
	}
	return answer
}

// Spreads implements Spreader: with Directions.
func (m Maze) Spreads() bool { return m.Directions }

// Keep implements Spreader: a step stays once it leads to the goal, or to a step that
// stays; other cells are as in the maze. So all that is kept leads to the goal, and the
// answer is final when that of S is.
func (m Maze) Keep(question, kept, output []int32) (final bool) {
	w := MazeWave{Dist: output, rows: m.Rows, cols: m.Cols}
	for cell, own := range question {
		switch said := output[cell]; {
		case kept != nil && isStep(kept[cell]):
			output[cell] = kept[cell]
		case isStep(said) && (own == MazeOpen || own == MazeStart):
			output[cell] = -said // undecided
		default:
			output[cell] = own
		}
	}
	for cell := range output {
		if output[cell] < 0 {
			w.decide(cell, question)
		}
		final = final || question[cell] == MazeStart && isStep(output[cell])
	}
	return final
}

// decide follows the undecided steps from a cell until they come to what stays, and stay,
// or do not, and are as in the maze. Those on the way are told by visited.
func (w *MazeWave) decide(cell int, question []int32) {
	const visited = 1 << 8
	output, end := w.Dist, cell
	for end >= 0 && output[end] < 0 && output[end] > -visited {
		step := -output[end]
		output[end] -= visited
		end = w.neighbours(end)[step-MazeDown]
	}
	stays := end >= 0 && (question[end] == MazeGoal || isStep(output[end]))
	for cell >= 0 && output[cell] <= -visited {
		step := -output[cell] - visited
		if output[cell] = question[cell]; stays {
			output[cell] = step
		}
		cell = w.neighbours(cell)[step-MazeDown]
	}
}

func isStep(token int32) bool { return token >= MazeDown && token <= MazeDown+3 }
