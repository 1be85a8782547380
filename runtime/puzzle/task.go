package puzzle

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// What a task may do beside Task is asked for by type assertion, as package io does.

// Sizer is a task whose puzzles come in sizes.
type Sizer interface {
	Task
	// Sized returns the same task for puzzles of another size.
	Sized(rows, cols int) (Task, error)
}

// Describer is a task of which a model's file says more than the name, under
// task_spec: a map of strings, booleans and whole numbers.
type Describer interface {
	Task
	// Describe returns the task that a description makes of this one.
	Describe(spec map[string]any) (Task, error)
	// Spec returns the description, nil when the name says all.
	Spec() map[string]any
}

// Teacher is a task whose models do not say the answer but something from which
// it is read.
type Teacher interface {
	Task
	// Labels returns what a model is taught to say about a question. The answer
	// may be nil where the rules give it.
	Labels(question, answer []int32) ([]int32, error)
	// Answer reads the answer from a model's output.
	Answer(question, output []int32) []int32
	// Taught says in a sentence what that is, for whoever gets the model; "" where it
	// is the answer after all.
	Taught() string
}

// Augmenter is a task whose puzzles have other forms that are as hard.
type Augmenter interface {
	Task
	// Augment turns a question and its answer [S] into a random one of them, in
	// place. Nothing is allocated. Tokens below 0, as unscored labels are, stay.
	Augment(rng *rand.Rand, question, answer []int32)
}

// Recogniser is a task whose puzzles can be told from others'.
type Recogniser interface {
	Task
	// Recognises reports a line of text that is a row or a grid of this task and
	// hardly of another.
	Recognises(line string) bool
}

// Blanks is a task whose questions have blank cells, which the answer fills.
type Blanks interface {
	Task
	BlankToken() int32 // of a blank cell, 0 where there is none after all
}

// BlankToken returns the token of a blank cell, 0 of a task without.
func BlankToken(t Task) int32 {
	if b, ok := t.(Blanks); ok {
		return b.BlankToken()
	}
	return 0
}

// Judge is a task whose rules may tell a right answer from a wrong one.
type Judge interface {
	Task
	// Judges reports that they do: Check is all that there is to say. Of other
	// tasks Check knows the form of an answer alone.
	Judges() bool
}

// Judges reports whether the rules of a task tell right answers from wrong ones.
func Judges(t Task) bool {
	j, ok := t.(Judge)
	return ok && j.Judges()
}

// Comparer is a task in which different tokens may be the same answer.
type Comparer interface {
	Task
	Same(a, b []int32) bool
}

// Same reports whether two answers are the same.
func Same(t Task, a, b []int32) bool {
	if c, ok := t.(Comparer); ok {
		return c.Same(a, b)
	}
	return slices.Equal(a, b)
}

// Retrier is a task of which a model that has failed can be asked again in another
// form, with guesses: its further attempts are a search, and worth many.
type Retrier interface {
	Task
	// Retry is a runtime.Retry.
	Retry(tokens []int32, logits []float32, seed uint64) (form []int32, back func(answer []int32, logits []float32))
}

// Spreader is a task whose answer may spread over the grid as a wave does. Models of it
// are taught that a position keeps its own token until the answer can have reached it
// (train.LabelFrom), and what it says then may stay: see runtime.Options.Latch.
type Spreader interface {
	Task
	// Spreads tells whether it does so for this model.
	Spreads() bool
	// Keep turns what a model says now in place into what is kept of it from here on, with
	// what was kept so far (nil: nothing), and tells whether the answer is final. It
	// allocates nothing.
	Keep(question, kept, output []int32) (final bool)
}

// Spreads returns a task as a Spreader, nil where its answers do not spread.
func Spreads(t Task) Spreader {
	if s, ok := t.(Spreader); ok && s.Spreads() {
		return s
	}
	return nil
}

// Solver is a task that a program solves, with one answer of those that Check takes
// as the label: what data holds, and what is said to be exact.
type Solver interface {
	Task
	// Solve returns that answer and how hard the puzzle is. An error wraps ErrFormat.
	Solve(question []int32) (answer []int32, rating int, err error)
}

// Pathfinder is a task whose answers are paths.
type Pathfinder interface {
	Task
	// Path returns the steps of an answer that Check takes, or takes but for its
	// length, and whether no path is shorter; 0 of any other.
	Path(question, answer []int32) (steps int, shortest bool)
	// Route returns the cells of an answer's path from the start to the goal, without
	// the two; nil where it does not connect them.
	Route(question, answer []int32) []int
}

// Sized returns a task for puzzles of a size; 0, 0 is the task's own.
func Sized(t Task, rows, cols int) (Task, error) {
	if r, c := t.Size(); rows == 0 && cols == 0 || r == rows && c == cols {
		return t, nil
	}
	if s, ok := t.(Sizer); ok {
		return s.Sized(rows, cols)
	}
	r, c := t.Size()
	return nil, fmt.Errorf("%w: a %s of %d x %d, want %d x %d", ErrFormat, t.Name(), rows, cols, r, c)
}

// Of returns the task for the size of the puzzle, whose reader has checked it, and of
// Sudokus for its digits.
func (p *Puzzle) Of(t Task) Task {
	sized, err := Sized(t, p.Rows, p.Cols)
	if err != nil {
		return t
	}
	if s, ok := sized.(Sudokus); ok {
		s.Digits = p.Digits
		return s
	}
	return sized
}

// Answer reads the answer to a question from a model's output: the output itself
// but for a Teacher.
func Answer(t Task, question, output []int32) []int32 {
	if teacher, ok := t.(Teacher); ok {
		return teacher.Answer(question, output)
	}
	return output
}

// Labels returns what a model is taught to say about a question: the answer but
// for a Teacher.
func Labels(t Task, question, answer []int32) ([]int32, error) {
	if teacher, ok := t.(Teacher); ok {
		return teacher.Labels(question, answer)
	}
	return answer, nil
}

// Spec returns the description of a task that has one, else nil.
func Spec(t Task) map[string]any {
	if d, ok := t.(Describer); ok {
		return d.Spec()
	}
	return nil
}

// New returns the task of a name as a description completes it; an empty one
// leaves it as it is in Tasks.
func New(name string, spec map[string]any) (Task, error) {
	t, err := ByName(name)
	if err != nil || len(spec) == 0 {
		return t, err
	}
	d, ok := t.(Describer)
	if !ok {
		return nil, fmt.Errorf("%w: %s needs no description, got %s", ErrSpec, name, strings.Join(slices.Sorted(maps.Keys(spec)), ", "))
	}
	if t, err = d.Describe(spec); err != nil {
		return nil, fmt.Errorf("task %s: %w", name, err)
	}
	return t, nil
}

// ForModel returns the task that a model solves of so many tokens, in a grid with
// so many columns (0: as the task has them, or a square) and of so many values: the
// one that its file names and describes, or where that names none the one of these
// sizes.
func ForModel(name string, spec map[string]any, tokens, cols, vocab int) (Task, error) {
	if name == "" {
		for _, t := range Tasks {
			if t.SeqLen() == tokens && t.Vocab() == vocab {
				return t, nil
			}
		}
		return nil, fmt.Errorf("%w: the model names none, and none has %d tokens of a vocabulary of %d", ErrUnknown, tokens, vocab)
	}
	t, err := New(name, spec)
	if err != nil {
		return nil, err
	}
	if t.SeqLen() != tokens || cols > 0 {
		if cols == 0 {
			cols = cmp.Or(side(tokens), tokens)
		}
		if t, err = Sized(t, tokens/max(cols, 1), cols); err != nil {
			return nil, err
		}
	}
	if t.SeqLen() != tokens || t.Vocab() != vocab {
		return nil, fmt.Errorf("%w: %s has %d tokens of a vocabulary of %d, the model %d of %d", ErrSpec, name, t.SeqLen(), t.Vocab(), tokens, vocab)
	}
	return t, nil
}

// SpecOf returns the description that a command line gives: keys and values.
func SpecOf(texts map[string]string) map[string]any {
	of := map[string]any{}
	for k, v := range texts {
		of[k] = v
	}
	return of
}

// spec reads a description key by key and keeps the first error.
type spec struct {
	of   map[string]any
	seen []string
	err  error
}

// int returns the whole number at a key, what is missing where there is none.
func (s *spec) int(key string, missing, least, most int) int {
	s.seen = append(s.seen, key)
	v, ok := s.of[key]
	if !ok {
		return missing
	}
	n, whole := wholeNumber(v)
	if s.err == nil && (!whole || n < int64(least) || n > int64(most)) {
		s.err = fmt.Errorf("%w: %s is %v, want a whole number from %d to %d", ErrSpec, key, v, least, most)
	}
	return int(n)
}

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case string: // of a command line
		i, err := strconv.ParseInt(n, 10, 32)
		return i, err == nil
	case int:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(n), n < 1<<62
	}
	return 0, false
}

// string returns the text at a key, what is missing where there is none.
func (s *spec) string(key, missing string) string {
	s.seen = append(s.seen, key)
	v, ok := s.of[key]
	if !ok {
		return missing
	}
	text, isText := v.(string)
	if s.err == nil && !isText {
		s.err = fmt.Errorf("%w: %s is %v (%T), want text", ErrSpec, key, v, v)
	}
	return text
}

// end reports the first error, or a key that nobody asked for.
func (s *spec) end() error {
	for _, key := range slices.Sorted(maps.Keys(s.of)) {
		if s.err == nil && !slices.Contains(s.seen, key) {
			s.err = fmt.Errorf("%w: unknown key %q, want %s", ErrSpec, key, strings.Join(s.seen, ", "))
		}
	}
	return s.err
}
