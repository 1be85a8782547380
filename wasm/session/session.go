// Package session is what every WebAssembly shape of hrm does with a model:
// it opens the bytes of a .hrm file and answers one puzzle at a time. It knows
// no host: wasm/browser and the plugins put their messages around it.
package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
)

// ErrTask is wrapped by the error about a model that solves another task than
// the one asked for, or one that nobody here can read or write.
var ErrTask = errors.New("a model for another task")

// Session is a model on its backend. One goroutine uses it at a time.
type Session struct {
	Model   *runtime.Model
	Backend runtime.Backend
	Task    puzzle.Task

	Parameters int // numbers that training made
}

// Open reads a .hrm file, of which data must not change as long as the session
// lives, and starts it on the processor. task is what the model must be for,
// "" for any. The error wraps one of package weights, runtime.ErrConfig,
// runtime.ErrTensors or ErrTask.
func Open(data []byte, task string) (*Session, error) {
	f, err := weights.Parse(data)
	if err != nil {
		return nil, err
	}
	m, err := runtime.Load(f)
	if err != nil {
		return nil, err
	}
	t, err := puzzle.ForModel(m.Task, m.TaskSpec, m.Config.SeqLen, m.Config.Cols, m.Config.VocabSize)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTask, err)
	}
	if task != "" && task != t.Name() {
		return nil, fmt.Errorf("%w: it solves %s, want %s", ErrTask, t.Name(), task)
	}
	b, err := cpu.New(m, cpu.Options{Threads: 1})
	if err != nil {
		return nil, err
	}
	s := &Session{Model: m, Backend: b, Task: t}
	for _, tensor := range f.Tensors() {
		if runtime.IsParameter(tensor.Name) {
			s.Parameters += tensor.Len()
		}
	}
	return s, nil
}

// Close ends the backend.
func (s *Session) Close() error { return s.Backend.Close() }

// Read reads one puzzle from text, see puzzle.Parse. rows and cols are those of a
// puzzle in one line; 0, 0 where its lines say it, or it is of the model's own size.
func (s *Session) Read(text string, rows, cols int) (puzzle.Puzzle, error) {
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

// Options say how long and how often to think about a puzzle.
type Options struct {
	MaxSegments int    // of an attempt; 0: the model's own
	Restarts    int    // further attempts for an answer that is not accepted
	NoCheck     bool   // the halting head decides about that, not the rules of the task
	Seed        uint64 // of further attempts
	PuzzleID    int32  // row of the model's puzzle table
	Rows, Cols  int    // of the puzzle's grid; 0, 0: the model's own
	OnStep      func(Step)
}

// Step is what one segment came to. Its slices are valid during the call.
type Step struct {
	runtime.Event
	Confidence []float32 // [S] the probability of each token of the answer so far
	Halting    float32   // how much the halting head wants to stop: above 0 it stops
	Guessed    []int     // cells that this attempt takes as given by a guess; none in the first
}

// Answer is a result with the verdict of the task's rules.
type Answer struct {
	runtime.Result
	Known bool  // there are rules to judge by: sudoku and maze
	Wrong error // why the answer is wrong, Known only
}

// Solve thinks about one puzzle. The error wraps runtime.ErrInput when the
// tokens do not fit the model, and the context's error when that ended.
func (s *Session) Solve(ctx context.Context, tokens []int32, o Options) (Answer, error) {
	task := (&puzzle.Puzzle{Rows: o.Rows, Cols: o.Cols}).Of(s.Task)
	a := Answer{Known: puzzle.Judges(task)}
	var guessed []int // of the attempt under way
	ro := runtime.Options{MaxSegments: o.MaxSegments, Restarts: o.Restarts, Lanes: 1, Seed: o.Seed}
	if t, ok := task.(puzzle.Retrier); ok {
		ro.Retry = func(tokens []int32, logits []float32, seed uint64) ([]int32, func([]int32, []float32)) {
			form, back := t.Retry(tokens, logits, seed)
			guessed = filled(tokens, form, back)
			return form, back
		}
	}
	if a.Known && !o.NoCheck {
		ro.Accept = func(_ int, output []int32) bool {
			return task.Check(tokens, puzzle.Answer(task, tokens, output)) == nil
		}
	}
	if o.OnStep != nil {
		ro.WantLogits = true
		probability := make([]float32, len(tokens))
		ro.OnSegment = func(e runtime.Event) {
			confidence(probability, e.Logits)
			o.OnStep(Step{e, probability, s.Model.Config.Preference(e.QHalt, e.QContinue), guessed})
		}
	}
	results, err := runtime.Solve(ctx, s.Backend, []runtime.Input{{Tokens: tokens, Rows: o.Rows, Cols: o.Cols, PuzzleID: o.PuzzleID}}, ro)
	if err != nil {
		return a, err
	}
	if a.Result = results[0]; a.Err != nil {
		return a, a.Err
	}
	a.Tokens = puzzle.Answer(task, tokens, a.Tokens)
	if a.Known {
		a.Wrong = task.Check(tokens, a.Tokens)
	}
	if a.Wrong != nil {
		if err := puzzle.Examine(task, tokens); err != nil {
			a.Wrong = fmt.Errorf("%w; the puzzle %w", a.Wrong, err)
		}
	}
	return a, nil
}

// filled returns the cells of a puzzle that another form of it fills.
func filled(tokens, form []int32, back func([]int32, []float32)) (cells []int) {
	whole := slices.Clone(form)
	back(whole, nil)
	for i, t := range whole {
		if t != tokens[i] {
			cells = append(cells, i)
		}
	}
	return cells
}

// confidence sets dst [S] to the probability of the most likely token of each
// position, from logits [S, vocabulary]:
//
//	dst = max softmax(logits) = 1 / sum exp(logits - max logits)
func confidence(dst, logits []float32) {
	vocab := len(logits) / len(dst)
	for i := range dst {
		row := logits[i*vocab : (i+1)*vocab]
		top, sum := float64(slices.Max(row)), 0.0
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		dst[i] = float32(1 / sum)
	}
}
