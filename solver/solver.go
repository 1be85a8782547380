// Package solver answers puzzles with a model. Everything that solves, the command,
// the service, the browser's module and the plugins, does it through a Solver, with
// the same defaults. Package hrm opens one by name.
package solver

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
)

var (
	// ErrTask is wrapped by the error about a model that solves another task than
	// the one asked for, or one that nobody here can read or write.
	ErrTask = errors.New("a model for another task")
	// ErrClosed is wrapped by the errors of a Solver that was closed.
	ErrClosed = errors.New("the solver is closed")
)

// Solver is a model on its backend. Any number of goroutines may use it: their
// puzzles think together, in the lanes of one batch.
type Solver struct {
	*engine
	Options Options // of every puzzle; With changes them
}

// New returns a solver for the puzzles of a task on a backend, which Close closes.
// lanes is how many puzzles think at once; 0: runtime.DefaultLanes.
func New(b runtime.Backend, t puzzle.Task, lanes int) *Solver {
	if lanes == 0 {
		lanes = runtime.DefaultLanes
	}
	e := &engine{Backend: b, Task: t, lanes: lanes, more: make(chan struct{}, 1)}
	e.named()
	e.life, e.end = context.WithCancel(context.Background())
	return &Solver{engine: e}
}

// TaskOf returns the task that a model solves: of sudokus with candidates those of all
// sizes. The error wraps ErrTask.
func TaskOf(m *runtime.Model) (puzzle.Task, error) {
	var t puzzle.Task
	var err error
	if grid := m.Config.Grid(); m.Config.Mixing == runtime.CandidateMixing && m.Task == (puzzle.Sudokus{}).Name() {
		t, err = puzzle.Sized(puzzle.Sudokus{}, grid.Rows, grid.Cols)
	} else {
		t, err = puzzle.ForModel(m.Task, m.TaskSpec, m.Config.SeqLen, m.Config.Cols, m.Config.VocabSize)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	return t, nil
}

// Parse reads a .hrm file, of which data must not change as long as the solver
// lives, and starts it on the processor with so many threads, 0: all. task is what the model must be
// for, "" for any. The error wraps one of package weights, runtime.ErrConfig,
// runtime.ErrTensors or ErrTask.
func Parse(data []byte, task string, threads int) (*Solver, *runtime.Model, error) {
	f, err := weights.Parse(data)
	if err != nil {
		return nil, nil, err
	}
	m, err := runtime.Load(f)
	if err != nil {
		return nil, nil, err
	}
	s, err := Start(m, task, threads)
	return s, m, err
}

// Start starts a model on the processor, as Parse does.
func Start(m *runtime.Model, task string, threads int) (*Solver, error) {
	t, err := TaskOf(m)
	if err != nil {
		return nil, err
	}
	if task != "" && task != t.Name() {
		return nil, fmt.Errorf("%w: it solves %s, want %s", ErrTask, t.Name(), task)
	}
	b, err := cpu.New(m, cpu.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	s := New(b, t, 0)
	if err := s.knowFrom(m); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// With returns the same solver with other options.
func (s *Solver) With(o Options) *Solver { return &Solver{s.engine, o} }

// Read reads one puzzle from text, see puzzle.Parse. rows and cols are those of a
// puzzle in one line; 0, 0 where its lines say it, or it is of the model's own size.
func (s *Solver) Read(text string, rows, cols int) (puzzle.Puzzle, error) {
	t, err := puzzle.Sized(s.Task, rows, cols)
	if err != nil {
		return puzzle.Puzzle{}, err
	}
	p, err := puzzle.Parse(t, text)
	switch {
	case err != nil || rows == 0 && cols == 0:
	case p.Rows == 0:
		p.Rows, p.Cols = rows, cols
	case p.Rows != rows || p.Cols != cols:
		err = fmt.Errorf("%w: the text has %d x %d cells, not %d x %d", puzzle.ErrFormat, p.Rows, p.Cols, rows, cols)
	}
	return p, err
}

// Solve answers the puzzle of a text, in any form that hrm solve reads. The error says
// why there is no answer: it wraps puzzle.ErrFormat where the text is no puzzle,
// puzzle.ErrUnsolvable where that has no answer or several, runtime.ErrInput where it does
// not fit the model, and the context's error when that ended; then the answer is the best
// so far, and Unfinished. That an answer is wrong is no error: see Answer.Valid.
func (s *Solver) Solve(ctx context.Context, text string) (Answer, error) {
	p, err := s.Read(text, 0, 0)
	if err != nil {
		return Answer{Result: runtime.Result{Err: err}}, err
	}
	a := s.SolvePuzzle(ctx, &p)
	return a, a.Err
}

// SolveAll answers puzzles as they are read, many at once, and yields the answers in
// the order of the texts, each with the error that Solve would return.
func (s *Solver) SolveAll(ctx context.Context, texts iter.Seq[string]) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		for _, a := range Each(ctx, texts, 2*s.lanes, func(text string) Answer {
			a, _ := s.Solve(ctx, text)
			return a
		}) {
			if !yield(a, a.Err) {
				return
			}
		}
	}
}

// Looks thinks about the puzzle of a text and yields every segment as it comes; the
// last look has the answer. A look's slices are valid until the next. The error, which
// ends it, is that of Solve. Leaving the loop ends the puzzle.
func (s *Solver) Looks(ctx context.Context, text string) iter.Seq2[Look, error] {
	return func(yield func(Look, error) bool) {
		p, err := s.Read(text, 0, 0)
		if err != nil {
			yield(Look{}, err)
			return
		}
		s.LooksAt(ctx, &p)(yield)
	}
}
