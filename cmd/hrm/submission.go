package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// submission collects the attempts at the tests of ARC tasks, in the form in which
// Kaggle takes them.
type submission struct {
	names []string // in the order of the input
	tests map[string][]attempts
}

// attempts are the two that ARC allows, as JSON.
type attempts struct {
	First  json.RawMessage `json:"attempt_1"`
	Second json.RawMessage `json:"attempt_2"`
}

func newSubmission(t puzzle.Task) (*submission, error) {
	if t != (puzzle.ARC{}) {
		return nil, fmt.Errorf("--submission is for ARC, and the model solves %s", t.Name())
	}
	return &submission{tests: map[string][]attempts{}}, nil
}

// noAttempt stands for a test without an answer, for Kaggle wants one of every test.
var noAttempt = json.RawMessage("[[0]]")

// attempt is an answer as JSON.
func attempt(tokens []int32) json.RawMessage {
	if grid := puzzle.Crop(tokens, 0, 0); len(grid.Cells) > 0 {
		return json.RawMessage(grid.String())
	}
	return noAttempt
}

// printer returns a printer that collects, and tells of errors.
func (s *submission) printer(errOut io.Writer) printer {
	return func(o *outcome, _ native.Verdict) {
		a := attempts{noAttempt, noAttempt}
		if o.result.Err != nil {
			fmt.Fprintln(errOut, "hrm:", o.because(o.result.Err))
		} else {
			a.First = attempt(o.result.Tokens)
			if a.Second = a.First; o.second != nil {
				a.Second = attempt(o.second)
			}
		}
		if o.Name != "" {
			s.add(o.Name, o.Index, a)
		}
	}
}

func (s *submission) add(name string, test int, a attempts) {
	if _, known := s.tests[name]; !known {
		s.names = append(s.names, name)
	}
	for len(s.tests[name]) <= test {
		s.tests[name] = append(s.tests[name], attempts{noAttempt, noAttempt})
	}
	s.tests[name][test] = a
}

// write writes the object, its keys in the order of the input.
func (s *submission) write(out io.Writer) error {
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
