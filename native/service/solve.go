package service

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

const (
	mediaJSON  = "application/json"
	mediaLines = "application/x-ndjson"
	mediaSSE   = "text/event-stream"
	mediaForm  = "application/x-www-form-urlencoded" // what curl -d says without a word about it
)

// result is the record of a puzzle, with a code where it has no answer.
type result struct {
	record.Record
	Code string `json:"code,omitempty"`
}

// outcome is what came of one puzzle.
type outcome struct {
	index  int
	answer solver.Answer
	result result
}

// job is the puzzles of one request, which were let in.
type job struct {
	s       *Server
	m       *model
	solver  *solver.Solver
	place   *place
	ctx     context.Context
	cancel  context.CancelFunc
	note    *note
	results chan *outcome
	n       int
}

// solveV1 answers POST /v1/solve.
func (s *Server) solveV1(w http.ResponseWriter, r *http.Request) {
	var a ask
	if err := s.body(w, r, &a, formV1, mediaJSON); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.number(len(a.Puzzles), formV1); err != nil {
		s.fail(w, r, err)
		return
	}
	j, err := s.begin(r, a.Model, &a.settings, len(a.Puzzles))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer j.end()
	if write := streamOf(r); write != nil {
		j.stream(w, write, texts(a.Puzzles))
		return
	}
	results, err := j.all(texts(a.Puzzles))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"model": j.m.name, "results": results})
}

// solveOld answers POST /solve, as it was before there was a version.
func (s *Server) solveOld(w http.ResponseWriter, r *http.Request) {
	var old struct {
		Puzzles []jsontext.Value `json:"puzzles"`
	}
	if err := s.body(w, r, &old, formOld, mediaJSON, mediaForm, ""); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.number(len(old.Puzzles), formOld); err != nil {
		s.fail(w, r, err)
		return
	}
	j, err := s.begin(r, "", &settings{}, len(old.Puzzles))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer j.end()
	results, err := j.all(texts(old.Puzzles))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"results": results})
}

// begin lets a request's puzzles in. The job must be ended.
func (s *Server) begin(r *http.Request, name string, c *settings, puzzles int) (*job, error) {
	m, err := s.models.acquire(name)
	if err != nil {
		return nil, err
	}
	j := &job{s: s, m: m, n: puzzles, note: noteOf(r), results: make(chan *outcome, puzzles)}
	if j.solver, err = c.apply(m); err == nil {
		j.place, err = s.queue.admit(j.note.client, puzzles, s.within(c))
	}
	if err != nil {
		m.release()
		return nil, err
	}
	j.note.model, j.note.puzzles = m.name, puzzles
	within := s.within(c)
	j.ctx, j.cancel = context.WithTimeout(r.Context(), within-min(patience, within/10))
	return j, nil
}

// end frees the lanes of what has no answer yet.
func (j *job) end() { j.cancel() }

// start thinks about the puzzles, all of which are in the queue at once: that of the
// solver is fair between requests. Their outcomes come in the order in which they end.
func (j *job) start(puzzles []func(puzzle.Task) (puzzle.Puzzle, error), onLook func(int, *puzzle.Puzzle) func(solver.Look)) {
	var all sync.WaitGroup
	for i, read := range puzzles {
		all.Go(func() {
			began := time.Now()
			o := j.solve(i, read, onLook)
			defer j.place.leave(o.answer.Spent)
			j.m.meters.puzzle(j.outcome(o), o, time.Since(began))
			j.results <- o
		})
	}
	go func() {
		all.Wait()
		j.m.release()
	}()
}

func (j *job) solve(i int, read func(puzzle.Task) (puzzle.Puzzle, error), onLook func(int, *puzzle.Puzzle) func(solver.Look)) *outcome {
	o := &outcome{index: i}
	t := j.solver.Task
	p, err := read(t)
	if err != nil {
		o.answer.Err = err
	} else {
		so := j.solver.Options
		if onLook != nil {
			so.OnLook = onLook(i, &p)
		}
		o.answer = j.solver.With(so).SolvePuzzle(j.ctx, &p)
	}
	a := &o.answer
	late := a.TimedOut || errors.Is(a.Err, runtime.ErrStopped) && j.ctx.Err() != nil
	if late { // the best so far would depend on what else was solved
		o.result = j.late(i)
		if p.Question != nil {
			o.result.Question = p.Of(t).Decode(p.Question)
		}
		return o
	}
	o.result.Record = record.New(t, a)
	if errors.Is(a.Err, runtime.ErrStopped) { // the model is gone: what it said until then is no answer
		o.result.Record = record.Record{Error: a.Err.Error()}
	}
	o.result.Index = i
	if a.Err != nil {
		o.result.Code = codeOf(a.Err)
		if err != nil {
			o.result.Code = codeMalformed
		}
	}
	return o
}

// late is the result of a puzzle that was not answered in time.
func (j *job) late(i int) result {
	return result{record.Record{Index: i, Error: "out of time"}, codeOutOfTime}
}

// outcome is a word for what came of a puzzle, for the metrics.
func (j *job) outcome(o *outcome) string {
	switch {
	case o.result.Code == codeOutOfTime && errors.Is(j.ctx.Err(), context.Canceled):
		return "left"
	case o.result.Code != "":
		return o.result.Code
	case o.answer.Known && o.answer.Valid:
		return "solved"
	case o.answer.Known:
		return "wrong"
	}
	return "answered"
}

// patience is how long before its time is over a request ends its puzzles, and then
// waits for segments under way.
const patience = 100 * time.Millisecond

// next returns the next outcome, or none when the time of the request is over.
func (j *job) next() (*outcome, bool) {
	select {
	case o := <-j.results:
		return j.count(o), true
	case <-j.ctx.Done():
	}
	select {
	case o := <-j.results:
		return j.count(o), true
	case <-time.After(patience):
		return nil, false
	}
}

func (j *job) count(o *outcome) *outcome {
	if o.answer.Valid {
		j.note.solved++
	}
	return o
}

// all solves the puzzles and returns their results in order.
func (j *job) all(puzzles []func(puzzle.Task) (puzzle.Puzzle, error)) ([]result, error) {
	j.start(puzzles, nil)
	results := make([]result, j.n)
	for i := range results {
		results[i] = j.late(i)
	}
	for range results {
		o, ok := j.next()
		if !ok {
			break
		}
		if o.result.Code == codeUnavailable {
			return nil, &Error{http.StatusServiceUnavailable, codeUnavailable, o.result.Error, time.Second}
		}
		results[o.index] = o.result
	}
	return results, nil
}

// texts returns the readers of puzzles in JSON.
func texts[T ~[]byte](values []T) []func(puzzle.Task) (puzzle.Puzzle, error) {
	var list []func(puzzle.Task) (puzzle.Puzzle, error)
	for _, v := range values {
		list = append(list, func(t puzzle.Task) (puzzle.Puzzle, error) { return puzzle.ParseJSON(t, v) })
	}
	return list
}
