package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Load reads a data set: a file of CSV, plain or gzip, with questions and
// answers; or a folder as the references write it, of which the half train is
// taken where there are two. A nil task is recognised. A bad record is an
// error: training data is either right or not used.
func Load(ctx context.Context, path string, task puzzle.Task) (*Set, error) {
	s, err := load(ctx, path, task)
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", path, err)
	}
	return s, nil
}

func load(ctx context.Context, path string, task puzzle.Task) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return loadFolder(ctx, path, task)
	}
	return Read(ctx, f, task)
}

func loadFolder(ctx context.Context, path string, task puzzle.Task) (*Set, error) {
	if _, err := os.Stat(filepath.Join(path, "train", "dataset.json")); err == nil {
		path = filepath.Join(path, "train")
	}
	f, err := puzzle.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if task != nil && (task.SeqLen() != f.SeqLen || task.Vocab() != f.Vocab) {
		return nil, fmt.Errorf("%w: %d tokens below %d, %s has %d below %d", ErrData, f.SeqLen, f.Vocab,
			task.Name(), task.SeqLen(), task.Vocab())
	}
	s := &Set{SeqLen: f.SeqLen, Vocab: f.Vocab, groups: f.Groups}
	if task == nil {
		task = f.Task
	}
	if task != nil {
		s = NewSet(task)
		s.groups = f.Groups
	}
	s.NumPuzzles = f.NumPuzzles
	return s, s.addFolder(ctx, f)
}

func (s *Set) addFolder(ctx context.Context, f *puzzle.Folder) error {
	s.inputs = make([]uint8, 0, f.Len()*s.SeqLen)
	s.labels = make([]uint8, 0, f.Len()*s.SeqLen)
	for i := range f.Len() {
		if i%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p, err := f.Puzzle(i)
		if err != nil {
			return err
		}
		if err := s.Add(p); err != nil {
			return err
		}
		s.ids = append(s.ids, p.ID)
	}
	if s.Len() == 0 {
		return fmt.Errorf("%w: no examples", ErrData)
	}
	return nil
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
