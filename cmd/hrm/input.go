package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// item is one puzzle of the input, or why there is none.
type item struct {
	puzzle.Puzzle
	where string // "puzzles.txt: line 3", "argument 2"
	form  *form  // ARC with votes: which form of which test input this is
	err   error
}

// inputSeq is puzzles as they are read.
type inputSeq = iter.Seq[item]

// inputs yields the puzzles of all arguments: each is a file, "-" for standard
// input, or a puzzle itself. Without arguments it reads standard input.
func inputs(args []string, stdin io.Reader, task puzzle.Task) inputSeq {
	if len(args) == 0 {
		args = []string{"-"}
	}
	return func(yield func(item) bool) {
		for i, arg := range args {
			for it := range argument(i, arg, stdin, task) {
				if !yield(it) {
					return
				}
			}
		}
	}
}

// argument yields the puzzles of one argument.
func argument(i int, arg string, stdin io.Reader, task puzzle.Task) inputSeq {
	if arg == "-" {
		return read("standard input", stdin, task)
	}
	if _, err := os.Stat(arg); err == nil {
		return readFile(arg, task)
	}
	where := fmt.Sprintf("argument %d", i+1)
	_, bad := puzzle.Parse(task, arg)
	if bad != nil && len(arg) < task.SeqLen()/2 && strings.ContainsAny(arg, "./\\") && strings.Trim(arg, "0123456789.") != "" {
		_, err := os.Stat(arg)
		return only(item{where: where, err: fmt.Errorf("neither a file nor a puzzle: %w", err)})
	}
	return read(where, strings.NewReader(arg), task)
}

// readFile yields the puzzles of a file, or of a folder of the reference's.
func readFile(path string, task puzzle.Task) inputSeq {
	return func(yield func(item) bool) {
		r, err := puzzle.Open(path, task)
		if err != nil {
			yield(item{where: path, err: err})
			return
		}
		defer r.Close()
		for it := range all(path, r) {
			if it.Name == "" && strings.HasSuffix(path, ".json") { // one ARC task, which its file names
				it.Name = strings.TrimSuffix(filepath.Base(path), ".json")
			}
			if !yield(it) {
				return
			}
		}
	}
}

// read yields the puzzles of r.
func read(where string, r io.Reader, task puzzle.Task) inputSeq {
	pr, err := puzzle.NewReader(r, task)
	if err != nil {
		return only(item{where: where, err: err})
	}
	return all(where, pr)
}

// all yields what is left in a reader. A bad puzzle is an item with its error,
// and the next one follows.
func all(where string, r *puzzle.Reader) inputSeq {
	return func(yield func(item) bool) {
		for {
			p, err := r.Next()
			if err == io.EOF {
				return
			}
			var bad *puzzle.Error
			if !yield(item{Puzzle: p, where: place(where, p), err: err}) || err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

// place adds a puzzle's own position to its file's name.
func place(where string, p puzzle.Puzzle) string {
	if p.Where == "" || strings.HasPrefix(where, "argument") {
		return where
	}
	return where + ": " + p.Where
}

func only(it item) inputSeq {
	return func(yield func(item) bool) { yield(it) }
}
