package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// item is one puzzle of the input, or why there is none.
type item struct {
	puzzle.Puzzle
	where string // "puzzles.txt: line 3", "argument 2"; "" where err says it
	err   error
}

// because says where and why there is no answer; of text that is no puzzle also what the
// model solves, where the error does not.
func (it *item) because(err error, task puzzle.Task) string {
	text := err.Error()
	if it.where != "" {
		text = it.where + ": " + text
	}
	if errors.Is(err, puzzle.ErrFormat) && !strings.Contains(strings.ToLower(err.Error()), task.Name()) {
		text += "; the model solves " + task.Name()
	}
	if errors.Is(err, puzzle.ErrSize) {
		text += "; this model is for 9 x 9 alone: --model " + embedded.SudokuSizes + " takes any square grid with boxes, and so does a file of which hrm inspect says it"
	}
	return text
}

// inputSeq is puzzles as they are read.
type inputSeq = iter.Seq[item]

// inputs yields the puzzles of all arguments: each is a file, "-" for standard
// input, a puzzle itself or a row of one. Without arguments it reads standard
// input.
func inputs(args []string, stdin io.Reader, task puzzle.Task) inputSeq {
	if len(args) == 0 {
		args = []string{"-"}
	}
	return func(yield func(item) bool) {
		for i := 0; i < len(args); {
			items, n := next(i, args[i:], stdin, task)
			for it := range items {
				if !yield(it) {
					return
				}
			}
			i += n
		}
	}
}

// next yields the puzzles of the first arguments, and says how many they are. i
// is the number of the first.
func next(i int, args []string, stdin io.Reader, task puzzle.Task) (inputSeq, int) {
	arg, where := args[0], fmt.Sprintf("argument %d", i+1)
	if p, n, err := rows(args, task); n > 1 && (err == nil || errors.Is(err, puzzle.ErrSize)) {
		return only(item{Puzzle: p, err: err, where: fmt.Sprintf("arguments %d to %d", i+1, i+n)}), n
	}
	switch {
	case arg == "-":
		return read("standard input", stdin, task), 1
	case exists(arg):
		return files(args, task)
	case task == (puzzle.ARC{}) && fileLike.MatchString(arg) && !strings.ContainsAny(arg, "{["):
		return only(noFile(arg, task)), 1
	case task == (puzzle.ARC{}) || strings.Contains(arg, "\n") || utf8.RuneCountInString(arg) >= task.SeqLen():
		return read(where, strings.NewReader(arg), task), 1
	}
	p, err := puzzle.Parse(task, arg)
	if err == nil || errors.Is(err, puzzle.ErrSize) {
		return only(item{Puzzle: p, where: where, err: err}), 1
	}
	if _, n, e := rows(args, task); n > 1 {
		return only(item{where: fmt.Sprintf("arguments %d to %d", i+1, i+n), err: e}), n
	}
	_, missing := os.Stat(arg)
	if fileLike.MatchString(arg) {
		return only(noFile(arg, task)), 1
	}
	return only(item{where: where, err: fmt.Errorf("neither a file nor a puzzle: %w; %w", missing, err)}), 1
}

// noFile says of an argument that is meant to be a file that there is none.
func noFile(arg string, task puzzle.Task) item {
	_, err := os.Stat(arg)
	return item{where: arg, err: fmt.Errorf("%w; the model solves %s, and %s", errors.Unwrap(err), task.Name(), puzzle.Forms(task))}
}

// fileLike is an argument that is meant to be a file: it has a folder, or an ending
// of letters.
var fileLike = regexp.MustCompile(`^[^\n]*[/\\][^\n]*$|^[^\n]*\.[A-Za-z]{2,8}[0-9]?(\.gz|\.zip)?$`)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// rows reads the puzzle that a grid makes when it is pasted without quotes: its
// rows, or its cells, as several arguments.
func rows(args []string, task puzzle.Task) (p puzzle.Puzzle, n int, err error) {
	_, cols := task.Size()
	cells, most := 0, task.SeqLen()
	if side := utf8.RuneCountInString(args[0]); task.Name() == (puzzle.Sudokus{}).Name() && sudoku.HasBoxes(side) {
		cols, most = side, side*side // perhaps of another size
	}
	for n < len(args) && utf8.RuneCountInString(args[n]) <= cols && cells < most && (!exists(args[n]) || args[n] == ".") {
		cells += utf8.RuneCountInString(args[n])
		n++
	}
	if p, err = puzzle.Parse(task, strings.Join(args[:n], "\n")); err == nil || errors.Is(err, puzzle.ErrSize) && n > 1 {
		return p, n, err
	}
	if p, e := puzzle.Parse(task, strings.Join(args[:n], " ")); e == nil {
		return p, n, nil
	}
	if cells < task.SeqLen()/2 && !(sudoku.HasBoxes(n) && cells == n*n) {
		n = 0 // words
	}
	return p, n, err
}

// files yields the puzzles of a file or folder; tasks of ARC of all that follow
// each other, because solutions may lie in one and their questions in another.
func files(args []string, task puzzle.Task) (inputSeq, int) {
	if task != (puzzle.ARC{}) || puzzle.IsFolder(args[0]) {
		return readFile(args[0], func() (*puzzle.Reader, error) { return puzzle.Open(args[0], task) }), 1
	}
	n := 1
	for n < len(args) && args[n] != "-" && exists(args[n]) && !puzzle.IsFolder(args[n]) {
		n++
	}
	return readFile("", func() (*puzzle.Reader, error) {
		tasks, err := puzzle.OpenARC(args[:n]...)
		if err != nil {
			return nil, err
		}
		return tasks.Puzzles(), nil
	}), n
}

// readFile yields the puzzles of what open opens, whose errors name the file.
func readFile(where string, open func() (*puzzle.Reader, error)) inputSeq {
	return func(yield func(item) bool) {
		r, err := open()
		if err != nil {
			yield(item{err: err})
			return
		}
		defer r.Close()
		all(where, r)(yield)
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
	switch {
	case where == "":
		return p.Where
	case p.Where == "" || strings.HasPrefix(where, "argument"):
		return where
	}
	return where + ": " + p.Where
}

func only(it item) inputSeq {
	return func(yield func(item) bool) { yield(it) }
}
