package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Load reads a data set from a file: CSV, plain or gzip, with questions and
// answers. A nil task is recognised. A bad record is an error: training data
// is either right or not used.
func Load(ctx context.Context, path string, task puzzle.Task) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("data set: %w", err)
	}
	defer func() { _ = f.Close() }()
	s, err := Read(ctx, f, task)
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", path, err)
	}
	return s, nil
}

// Read reads a data set as Load does.
func Read(ctx context.Context, in io.Reader, task puzzle.Task) (*Set, error) {
	r, err := puzzle.NewReader(in, task)
	if err != nil {
		return nil, err
	}
	if r.Task() == nil {
		return nil, fmt.Errorf("%w: empty", ErrData)
	}
	s := NewSet(r.Task())
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := s.Add(p); err != nil {
			return nil, err
		}
	}
	if s.Len() == 0 {
		return nil, fmt.Errorf("%w: no examples", ErrData)
	}
	return s, nil
}
