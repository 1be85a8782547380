package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// saveEvery is the time between two saves of a table under way.
const saveEvery = 30 * time.Second

// table is a file of puzzles under way: CSV with the columns source, question,
// answer and rating (of grids that are no squares rows and cols too), compressed when its name ends in .gz. The file is always
// whole, so work that was stopped can go on from it.
type table struct {
	target *command.Target
	task   puzzle.Task
	rows   []puzzle.Puzzle
	bad    int // puzzles that could not be read
	saved  time.Time
	begun  func() // called when there is something to save
}

// openTable starts a table, or with resume goes on with the one in the file.
func openTable(ctx context.Context, target *command.Target, task puzzle.Task, resume bool) (*table, error) {
	t := &table{target: target, task: task, saved: time.Now(), begun: func() { command.Finish(ctx) }}
	path := target.Path
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return t, nil
	case err != nil:
		return nil, err
	case !resume:
		return nil, fmt.Errorf("%s is there already: give --resume to go on with it, or another --out", path)
	}
	err = readPuzzles(ctx, path, task, func(p puzzle.Puzzle) error {
		t.rows = append(t.rows, p)
		return nil
	}, nil)
	return t, err
}

// add appends a puzzle, and saves the table now and then.
func (t *table) add(p puzzle.Puzzle) error {
	t.rows = append(t.rows, p)
	t.begun()
	if time.Since(t.saved) < saveEvery {
		return nil
	}
	return t.save()
}

// save writes the whole file.
func (t *table) save() error {
	var b bytes.Buffer
	if err := t.encode(&b); err != nil {
		return err
	}
	t.saved = time.Now()
	return writeFile(t.target.Path, b.Bytes())
}

func (t *table) encode(b *bytes.Buffer) error {
	if !strings.HasSuffix(t.target.String(), ".gz") {
		return t.encodeCSV(b)
	}
	z := gzip.NewWriter(b)
	if err := t.encodeCSV(z); err != nil {
		return err
	}
	return z.Close()
}

func (t *table) encodeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"source", "question", "answer", "rating"}
	rows, cols := t.task.Size()
	if rows != cols { // a line of cells does not say
		head = append(head, "rows", "cols")
	}
	_ = out.Write(head) // Flush reports errors
	for _, p := range t.rows {
		rating := ""
		if p.Rating >= 0 {
			rating = strconv.Itoa(p.Rating)
		}
		record := []string{p.Source, t.task.Decode(p.Question), t.task.Decode(p.Answer), rating}
		if rows != cols {
			record = append(record, strconv.Itoa(rows), strconv.Itoa(cols))
		}
		_ = out.Write(record)
	}
	out.Flush()
	return out.Error()
}

// readPuzzles calls each for every puzzle of a file, or of a folder as the
// references write it. A bad puzzle ends it, or is told to bad, which is not nil,
// and the next follows.
func readPuzzles(ctx context.Context, path string, task puzzle.Task, each func(puzzle.Puzzle) error, bad func(error)) error {
	r, err := puzzle.Open(path, task)
	if err != nil {
		return err
	}
	defer r.Close()
	for ctx.Err() == nil {
		p, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = each(p)
		}
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s: %w", path, err)
		if bad == nil || !errors.Is(err, puzzle.ErrFormat) {
			return err
		}
		bad(err)
	}
	return ctx.Err()
}
