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
	answer, _ := m.follow(question, output)
	return answer
}

// Spreads implements Spreader: with Directions.
func (m Maze) Spreads() bool { return m.Directions }

// Complete implements Spreader: the steps lead from S to G.
func (m Maze) Complete(question, output []int32) bool {
	_, complete := m.follow(question, output)
	return complete
}

// follow marks the cells to which the steps lead from S, and reports whether they lead
// to G.
func (m Maze) follow(question, output []int32) (answer []int32, complete bool) {
	answer = slices.Clone(question)
	w := MazeWave{Dist: output, rows: m.Rows, cols: m.Cols}
	for cell := slices.Index(question, MazeStart); cell >= 0; {
		step := output[cell] - MazeDown
		if step < 0 || step > 3 {
			break
		}
		if cell = w.neighbours(cell)[step]; cell < 0 || answer[cell] != MazeOpen {
			complete = cell >= 0 && answer[cell] == MazeGoal
			break
		}
		answer[cell] = MazePath
	}
	return answer, complete
}
