package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
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
	if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
		return readFile(arg, task)
	}
	where := fmt.Sprintf("argument %d", i+1)
	if len(arg) < task.SeqLen()/2 && strings.ContainsAny(arg, "./\\") && strings.Trim(arg, "0123456789.") != "" {
		_, err := os.Stat(arg)
		return only(item{where: where, err: fmt.Errorf("neither a file nor a puzzle: %w", err)})
	}
	return read(where, strings.NewReader(arg), task)
}

func readFile(path string, task puzzle.Task) inputSeq {
	return func(yield func(item) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(item{where: path, err: err})
			return
		}
		defer f.Close()
		read(path, f, task)(yield)
	}
}

// read yields the puzzles of r. A bad one is an item with its error, and the
// next puzzle follows.
func read(where string, r io.Reader, task puzzle.Task) inputSeq {
	return func(yield func(item) bool) {
		pr, err := puzzle.NewReader(r, task)
		if err != nil {
			yield(item{where: where, err: err})
			return
		}
		for {
			p, err := pr.Next()
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
