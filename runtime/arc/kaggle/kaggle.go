// Package kaggle writes answers to ARC tasks as the competition takes them.
package kaggle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Submission is the attempts at the tests of tasks, in the form in which Kaggle takes
// them:
//
//	{"<task>": [{"attempt_1": [[...]], "attempt_2": [[...]]}, ...], ...}
type Submission struct {
	names []string // in the order in which they came
	tests map[string][]attempts
}

// attempts are the two that ARC allows, as JSON.
type attempts struct {
	First  json.RawMessage `json:"attempt_1"`
	Second json.RawMessage `json:"attempt_2"`
}

// noAttempt stands for a test without an answer, for Kaggle wants one of every test.
var noAttempt = json.RawMessage("[[0]]")

// Add sets the attempts at a test, the best first. With one alone it counts twice, and
// without any, or with a grid without cells, there is a grid of one black cell.
func (s *Submission) Add(task string, test int, grids ...puzzle.ARCGrid) {
	if s.tests == nil {
		s.tests = map[string][]attempts{}
	}
	if _, known := s.tests[task]; !known {
		s.names = append(s.names, task)
	}
	for len(s.tests[task]) <= test {
		s.tests[task] = append(s.tests[task], attempts{noAttempt, noAttempt})
	}
	a := &s.tests[task][test]
	for i, g := range grids[:min(len(grids), arc.Attempts)] {
		text := noAttempt
		if len(g.Cells) > 0 {
			text = json.RawMessage(g.String())
		}
		if i == 0 {
			a.First = text
		}
		a.Second = text
	}
}

// Write writes the object, its keys in the order in which the tasks came.
func (s *Submission) Write(out io.Writer) error {
	if len(s.names) == 0 {
		return errors.New("the input holds no test of a task with a name, and so there is nothing to submit")
	}
	text := []byte("{")
	for i, name := range s.names {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(s.tests[name])
		if err != nil {
			return fmt.Errorf("task %q: %w", name, err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, key...), ':'), value...)
	}
	_, err := out.Write(append(text, "}\n"...))
	return err
}
