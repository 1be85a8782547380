// Package guest is the plugin behind its exports: it keeps a solver and
// answers the messages of package abi. The mains in wasm/plugin, wasm/extism
// and wasm/wasi put the calls of their hosts around it.
package guest

import (
	"context"
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/wasm/abi"
)

// Guest answers requests. The zero value uses the embedded model until a
// request opens another. One goroutine uses it at a time.
type Guest struct {
	solver *solver.Solver
	model  *runtime.Model
}

// Call answers an encoded request with an encoded reply, whatever it is given.
// The guest keeps request when it holds a model.
func (g *Guest) Call(request []byte) []byte {
	reply := &abi.Reply{}
	if r, err := abi.DecodeRequest(request); err != nil {
		reply.Error = &abi.Error{Kind: abi.KindMessage, Message: err.Error()}
	} else {
		reply = g.Do(r)
	}
	data := reply.Encode()
	if len(data) <= abi.MaxReply {
		return data
	}
	err := fmt.Errorf("a reply of %d bytes, want at most %d: ask for fewer puzzles", len(data), abi.MaxReply)
	return (&abi.Reply{Error: failed(err)}).Encode()
}

// Do answers a request.
func (g *Guest) Do(r *abi.Request) *abi.Reply {
	var reply abi.Reply
	defer reply.Since(r.Version)
	if r.Version > abi.Newest {
		reply.Error = &abi.Error{Kind: abi.KindMessage,
			Message: fmt.Sprintf("a message of version %d, want %d to %d", r.Version, abi.Version, abi.Newest)}
		return &reply
	}
	switch r.Op {
	case abi.OpOpen:
		if reply.Error = g.open(r.Model, r.Task); reply.Error == nil {
			reply.Info, reply.Error = g.Info()
		}
	case abi.OpInfo:
		reply.Info, reply.Error = g.Info()
	case abi.OpSolve:
		reply.Results, reply.Error = g.Solve(r.Puzzles, r.Options)
	default:
		reply.Error = &abi.Error{Kind: abi.KindMessage,
			Message: fmt.Sprintf("unknown op %q, want %s, %s or %s", r.Op, abi.OpOpen, abi.OpInfo, abi.OpSolve)}
	}
	return &reply
}

// open replaces the model, or leaves it where the new one is no good.
func (g *Guest) open(model []byte, task string) *abi.Error {
	if len(model) == 0 {
		if model = embedded.For(task); model == nil {
			return &abi.Error{Kind: abi.KindModel, Message: fmt.Sprintf("no embedded model solves %q", task)}
		}
		task = "" // it is the model's name
	}
	s, m, err := solver.Parse(model, task, 1)
	if err != nil {
		return &abi.Error{Kind: abi.KindModel, Message: err.Error()}
	}
	if g.solver != nil {
		_ = g.solver.Close()
	}
	g.solver, g.model = s, m
	return nil
}

// use opens the embedded model when there is none yet.
func (g *Guest) use() *abi.Error {
	if g.solver != nil {
		return nil
	}
	return g.open(nil, "")
}

// Info describes the model in use.
func (g *Guest) Info() (*abi.Info, *abi.Error) {
	if err := g.use(); err != nil {
		return nil, err
	}
	c := &g.model.Config
	grid := c.Grid()
	return &abi.Info{
		Task: g.solver.Task.Name(), Backend: g.solver.Backend.Name(), SeqLen: c.SeqLen, Vocab: c.VocabSize,
		Rows: grid.Rows, Cols: grid.Cols, AnyShape: c.AnyShape(), MaxSegments: c.HaltMaxSteps, Meta: g.model.Meta,
	}, nil
}

// with returns the solver with the options of a request.
func (g *Guest) with(o abi.Options) *solver.Solver {
	return g.solver.With(solver.Options{Attempts: o.Attempts, MaxSegments: o.MaxSegments, NoCheck: o.NoCheck, Anyway: o.Anyway, Seed: o.Seed})
}

// Solve answers the puzzles one after the other. A bad puzzle is an error in
// its own result.
func (g *Guest) Solve(puzzles []abi.Puzzle, o abi.Options) ([]abi.Result, *abi.Error) {
	if err := g.use(); err != nil {
		return nil, err
	}
	if o.MaxSegments < 0 || o.Attempts < 0 {
		return nil, &abi.Error{Kind: abi.KindOptions,
			Message: fmt.Sprintf("max_segments is %d and attempts %d, want 0 or more", o.MaxSegments, o.Attempts)}
	}
	var results []abi.Result
	for i := range puzzles {
		results = append(results, g.solve(&puzzles[i], o))
	}
	return results, nil
}

func (g *Guest) solve(p *abi.Puzzle, o abi.Options) abi.Result {
	q, err := puzzle.Puzzle{Question: p.Tokens, Rows: p.Rows, Cols: p.Cols}, error(nil)
	if p.Tokens == nil {
		q, err = g.solver.Read(p.Text, p.Rows, p.Cols)
	}
	q.ID = p.ID
	var a solver.Answer
	if err == nil {
		a = g.with(o).SolvePuzzle(context.Background(), &q)
		err = a.Err
	}
	switch {
	case errors.Is(err, puzzle.ErrUnsolvable):
		return abi.Result{Error: &abi.Error{Kind: abi.KindNoAnswer, Message: err.Error()}}
	case errors.Is(err, puzzle.ErrFormat), errors.Is(err, runtime.ErrInput):
		return abi.Result{Error: &abi.Error{Kind: abi.KindPuzzle, Message: err.Error()}}
	case err != nil:
		return abi.Result{Error: failed(err)}
	}
	grid := g.model.Config.Shape(solver.Input(&q))
	r := abi.Result{
		Answer: a.Text, Tokens: a.Tokens, Rows: grid.Rows, Cols: grid.Cols, Known: a.Known,
		Segments: a.Segments, Halted: a.Halted, QHalt: a.QHalt, QContinue: a.QContinue,
		Attempts: a.Attempts, TotalSegments: a.TotalSegments, FirstSegments: a.First.Segments, FirstValid: a.FirstValid, TimedOut: a.TimedOut,
	}
	if a.Why != nil {
		r.Reason = a.Why.Error()
	}
	return r
}

func failed(err error) *abi.Error { return &abi.Error{Kind: abi.KindFailed, Message: err.Error()} }
