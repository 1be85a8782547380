package main

import (
	"fmt"
	"io"

	"github.com/hrmgo/hrm/runtime/arc/kaggle"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// submission collects the attempts at the tests of ARC tasks.
type submission struct{ kaggle.Submission }

func newSubmission(t puzzle.Task) (*submission, error) {
	if _, ok := t.(puzzle.ARC); !ok {
		return nil, fmt.Errorf("--submission is for ARC, and the model solves %s", t.Name())
	}
	return &submission{}, nil
}

// printer returns a printer that collects, and tells of errors.
func (s *submission) printer(errOut io.Writer) printer {
	return func(o *outcome) {
		var grids []puzzle.ARCGrid
		if o.result.Err != nil {
			fmt.Fprintln(errOut, "hrm:", o.because(o.result.Err, puzzle.ARC{}))
		} else {
			if grids = append(grids, puzzle.Crop(o.result.Tokens, 0, 0)); o.result.Vote != nil {
				grids = o.result.Vote.Grids()
			}
		}
		if o.Name != "" {
			s.Add(o.Name, o.Index, grids...)
		}
	}
}
