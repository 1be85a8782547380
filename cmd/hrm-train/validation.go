package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
	"github.com/hrmgo/hrm/train/data"
)

// validation is a set of puzzles that a run is measured on.
type validation struct {
	name string // of the file, in reports
	path string
	set  *data.Set
}

// openValidation reads the files of a configuration's task.
func openValidation(ctx context.Context, c *config.Config, paths []string) (sets []validation, err error) {
	names := setNames(paths)
	for i, path := range paths {
		set, err := loadSet(ctx, c, path)
		if err != nil {
			return nil, err
		}
		sets = append(sets, validation{names[i], path, set})
	}
	return sets, nil
}

// setNames are the files' names without endings, with their folders where they are
// alike.
func setNames(paths []string) []string {
	names, times := make([]string, len(paths)), map[string]int{}
	for i, path := range paths {
		names[i] = trimEndings(filepath.Base(path))
		times[names[i]]++
	}
	for i, path := range paths {
		if times[names[i]] > 1 {
			names[i] = trimEndings(filepath.ToSlash(path))
		}
	}
	return names
}

func trimEndings(name string) string {
	name = strings.TrimSuffix(name, ".gz")
	for _, ending := range []string{".csv", ".tsv", ".txt", ".json", ".jsonl"} {
		if short, found := strings.CutSuffix(name, ending); found && short != "" {
			return short
		}
	}
	return name
}

// measure solves each set, or limit puzzles of it, and tells each record.
func measure(ctx context.Context, m *runtime.Model, threads, limit int, loss train.Loss, sets []validation, tell func(curve.Record)) (records []curve.Record, err error) {
	for _, v := range sets {
		s, err := evaluate(ctx, m, threads, v.set, limit, loss, runtime.Options{})
		if err != nil {
			return nil, err
		}
		r := s.record()
		r.Set = v.name
		tell(r)
		records = append(records, r)
	}
	return records, nil
}
