package solver

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ErrDiffers is the verdict on an answer that is not the one that came with
// the puzzle.
var ErrDiffers = errors.New("differs from the answer in the input")

// Answer is what came of a puzzle. Segments are those of the attempt that answered,
// TotalSegments those of all Attempts.
type Answer struct {
	runtime.Result
	Puzzle puzzle.Puzzle // as it was read
	Text   string        // the answer as one line

	Known bool  // whether anybody can tell if it is right: by the rules, or by an answer in the input
	Valid bool  // it is, Known only
	Why   error // it is not

	FirstValid bool // the first attempt, one pass of the model without a guess, had a valid answer, Known only
	Unfinished bool // the context ended before the puzzle did: the answer is the best so far

	Vote *arc.Result // of an ARC test that was asked about in many forms: the two attempts
}

// Look is what one segment came to.
type Look struct {
	runtime.Event
	Confidence []float32 // [S] the probability of each token of the answer so far
	Halting    float32   // how much the halting head wants to stop: above 0 it stops
	Guessed    []int     // cells that this attempt takes as given by a guess; none in the first
	Answer     *Answer   // with the last look
}

// Sure returns the mean of the confidence.
func (l *Look) Sure() float32 {
	var sum float32
	for _, c := range l.Confidence {
		sum += c
	}
	return sum / float32(max(1, len(l.Confidence)))
}

// Judge checks the answers to a puzzle, of which one must be right: by the rules
// of the task, where they tell, and otherwise against the answer that came with
// the puzzle, if one did; known is false where neither can. why is nil for a right one.
func Judge(t puzzle.Task, p *puzzle.Puzzle, answers ...[]int32) (known bool, why error) {
	rules := puzzle.Judges(t)
	for i, answer := range answers {
		var err error
		if rules {
			err = t.Check(p.Question, answer)
		} else if p.Answer != nil && !puzzle.Same(t, p.Answer, answer) {
			err = ErrDiffers
		}
		if i == 0 || err == nil {
			why = err
		}
	}
	return rules || p.Answer != nil, why
}

// Accepts lets the rules of the task decide about a model's output.
func Accepts(t puzzle.Task, question, output []int32) bool {
	return t.Check(question, puzzle.Answer(t, question, output)) == nil
}

// Input returns a puzzle as a model takes it.
func Input(p *puzzle.Puzzle) runtime.Input {
	return runtime.Input{Tokens: p.Question, Rows: p.Rows, Cols: p.Cols, PuzzleID: p.ID}
}

// SolvePuzzle answers a puzzle. Answer.Err is the error of Solve.
func (s *Solver) SolvePuzzle(ctx context.Context, p *puzzle.Puzzle) Answer {
	if s.votes(p) {
		return s.vote(ctx, p)
	}
	return s.solve(ctx, p, s.Options.OnLook, func(in runtime.Input, o runtime.Options) runtime.Result {
		done := make(chan runtime.Result, 1)
		withdraw := s.submit(s.party(), runtime.Request{Input: in, Context: ctx, Options: &o, Done: func(r runtime.Result) { done <- r }})
		select {
		case r := <-done:
			return r
		case <-ctx.Done():
			withdraw(context.Cause(ctx))
			return <-done
		}
	})
}

// LooksAt is Looks for a puzzle. It thinks in the caller's goroutine, in a lane of its
// own.
func (s *Solver) LooksAt(ctx context.Context, p *puzzle.Puzzle) iter.Seq2[Look, error] {
	return func(yield func(Look, error) bool) {
		if s.votes(p) {
			form, err := s.ownForm(p)
			if err != nil {
				yield(Look{Answer: &Answer{Puzzle: *p, Result: runtime.Result{Err: err}}}, err)
				return
			}
			p = form
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var last *Look // an attempt's, which waits until it is known whether it is the last
		left := false
		show := func(l *Look, err error) {
			if l != nil && !left && !yield(*l, err) {
				left = true
				cancel()
			}
		}
		a := s.solve(ctx, p, func(l Look) {
			show(last, nil)
			if last = nil; l.Done {
				last = l.clone()
			} else {
				show(&l, nil)
			}
		}, func(in runtime.Input, o runtime.Options) runtime.Result {
			o.Lanes, o.MaxTokens = 1, s.maxTokens()
			results, _ := runtime.Solve(ctx, s.Backend, []runtime.Input{in}, o)
			return results[0]
		})
		if last == nil && a.Err != nil {
			last = &Look{}
		}
		if last != nil {
			last.Answer = &a
		}
		show(last, a.Err)
	}
}

func (l *Look) clone() *Look {
	c := *l
	c.Tokens, c.Logits = slices.Clone(l.Tokens), slices.Clone(l.Logits)
	c.Confidence, c.Guessed = slices.Clone(l.Confidence), slices.Clone(l.Guessed)
	return &c
}

// solve lets think, which thinks about what fits the model, answer a puzzle.
func (s *Solver) solve(ctx context.Context, p *puzzle.Puzzle, onLook func(Look), think func(runtime.Input, runtime.Options) runtime.Result) Answer {
	t := p.Of(s.Task)
	in := Input(p)
	a := Answer{Puzzle: *p}
	if a.Err = s.which(p); a.Err != nil {
		return a
	}
	if a.Err = s.admit(ctx, t, in); a.Err != nil {
		return a
	}
	o := s.Options.options(t)
	guessed := [][]int{nil} // of each attempt
	if r, ok := t.(puzzle.Retrier); ok {
		o.Retry = func(tokens []int32, logits []float32, seed uint64) ([]int32, func([]int32, []float32)) {
			form, back := r.Retry(tokens, logits, seed)
			if onLook != nil {
				guessed = append(guessed, filled(tokens, form, back))
			}
			return form, back
		}
	}
	if spreader := puzzle.Spreads(t); spreader != nil {
		o.Latch = func(_ int, kept, output []int32) bool { return spreader.Keep(p.Question, kept, output) }
	}
	if puzzle.Judges(t) && !s.Options.NoCheck {
		o.Accept = func(_ int, output []int32) bool { return Accepts(t, p.Question, output) }
	}
	if onLook != nil {
		o.WantLogits = true
		probability := make([]float32, len(in.Tokens))
		o.OnSegment = func(e runtime.Event) {
			confidence(probability, e.Logits)
			l := Look{Event: e, Confidence: probability, Halting: s.Backend.Config().Preference(e.QHalt, e.QContinue)}
			if e.Attempt < len(guessed) {
				l.Guessed = guessed[e.Attempt]
			}
			onLook(l)
		}
	}
	a.Result = think(in, o)
	s.read(t, &a)
	return a
}

// admit returns why a puzzle is not thought about. Finding out may take a second, so
// that one is examined at a time.
func (s *Solver) admit(ctx context.Context, t puzzle.Task, in runtime.Input) error {
	c := s.Backend.Config()
	if n := len(in.Tokens); n > s.maxTokens() {
		return fmt.Errorf("%w: %d cells, at most %d are taken here", runtime.ErrInput, n, s.maxTokens())
	}
	if err := c.Check(in); err != nil || s.Options.Anyway || len(in.Tokens) != t.SeqLen() {
		return err
	}
	return s.examine(ctx, s.party(), func() error { return puzzle.Examine(t, in.Tokens) })
}

func (s *Solver) maxTokens() int {
	c := s.Backend.Config()
	switch {
	case s.Options.MaxTokens > 0:
		return s.Options.MaxTokens
	case c.AnyShape():
		return max(c.SeqLen, runtime.DefaultMaxTokens)
	}
	return c.SeqLen
}

// read reads the answer from what the model said, and judges it.
func (s *Solver) read(t puzzle.Task, a *Answer) {
	if a.Tokens == nil {
		return
	}
	q := a.Puzzle.Question
	a.Unfinished = errors.Is(a.Err, runtime.ErrStopped)
	a.First.Tokens = puzzle.Answer(t, q, a.First.Tokens)
	a.Judge(t, puzzle.Answer(t, q, a.Tokens))
	if a.Attempts > 1 {
		_, why := Judge(t, &a.Puzzle, a.First.Tokens)
		a.FirstValid = a.Known && why == nil
	}
	if a.Why != nil && s.Options.Anyway {
		if err := puzzle.Examine(t, q); err != nil {
			a.Why = fmt.Errorf("%w; the puzzle %w", a.Why, err)
		}
	}
}

// Judge makes the first of some answers, of which one must be right, the answer, and
// judges it.
func (a *Answer) Judge(t puzzle.Task, answers ...[]int32) {
	a.Tokens, a.Text = answers[0], t.Decode(answers[0])
	a.Known, a.Why = Judge(t, &a.Puzzle, answers...)
	a.Valid = a.Known && a.Why == nil
	a.FirstValid = a.Valid
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
