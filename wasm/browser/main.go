//go:build js && wasm

// Command browser is hrm for JavaScript hosts. Package wasm/npm starts one in
// each of its workers and talks to it through a port, an object under the
// global name that is its only argument. The port brings
//
//	ready()          called when the methods below are there
//	rest(resume)     calls resume after the host has handled its events
//
// and gets
//
//	open(bytes, options, done)          options: task, device
//	solve(puzzle, options, step, done)  options: maxSegments, restarts, check, anyway, timeLimit, seed, votes, puzzleId, rows, cols
//	stop()                              makes solve end with "aborted"
//	exit()                              ends the program
//
// where done(error, value) is called once, and step, if it is a function, after
// every segment. An error is {code, message}; see failure for the codes. The
// host waits for done before it calls open or solve again.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall/js"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/solver"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "hrm: want one argument, the global name of the port; package @hrmgo/hrm starts this program")
		os.Exit(2)
	}
	p := &port{object: js.Global().Get(os.Args[1]), resumed: make(chan struct{}), stop: func() {}}
	p.resume = js.FuncOf(func(js.Value, []js.Value) any { p.resumed <- struct{}{}; return nil })
	exit := make(chan struct{})
	p.method("open", p.open)
	p.method("solve", p.solve)
	p.object.Set("stop", js.FuncOf(func(js.Value, []js.Value) any { p.stop(); return nil }))
	p.object.Set("exit", js.FuncOf(func(js.Value, []js.Value) any { close(exit); return nil }))
	p.object.Call("ready")
	<-exit
}

// port is the host's object, and the model that it opened.
type port struct {
	object  js.Value
	model   *model // nil before open
	stop    context.CancelFunc
	resume  js.Func // what rest waits for
	resumed chan struct{}
}

// model is what was opened.
type model struct {
	*solver.Solver
	Model      *runtime.Model
	parameters int // numbers that training made
}

// method adds a method whose last argument is told the result. It runs in a
// goroutine: a JavaScript callback must not block.
func (p *port) method(name string, f func(args []js.Value) (js.Value, error)) {
	p.object.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any {
		last := len(args) - 1
		go func() {
			v, err := f(args[:last])
			if err != nil {
				args[last].Invoke(failure(err), js.Null())
				return
			}
			args[last].Invoke(js.Null(), v)
		}()
		return nil
	}))
}

// rest lets the host handle its events, such as a message that calls stop.
func (p *port) rest() {
	p.object.Call("rest", p.resume)
	<-p.resumed
}

// maxModel bounds the model's file, of which a copy lies in the memory of the
// module, at most 4 GB of it.
const maxModel = 1 << 30

// open(bytes, options) answers with a description of the model.
func (p *port) open(args []js.Value) (js.Value, error) {
	if p.model != nil {
		return js.Null(), errors.New("a model is open")
	}
	n := args[0].Length()
	if n > maxModel {
		return js.Null(), fmt.Errorf("%w: %d bytes, at most %d can be opened here", errModel, n, maxModel)
	}
	data := make([]byte, n)
	js.CopyBytesToGo(data, args[0])
	f, err := weights.Parse(data)
	if err != nil {
		return js.Null(), err
	}
	m := &model{}
	if m.Model, err = runtime.Load(f); err != nil {
		return js.Null(), err
	}
	for _, t := range f.Tensors() {
		if runtime.IsParameter(t.Name) {
			m.parameters += t.Len()
		}
	}
	if m.Solver, err = solver.Start(m.Model, text(args[1], "task"), 1); err != nil {
		return js.Null(), err
	}
	d, err := chooseDevice(context.Background(), m, text(args[1], "device"))
	if err != nil {
		m.Close()
		return js.Null(), err
	}
	p.model = m
	return description(m, d), nil
}

// solve(puzzle, options, step) answers with the solution.
func (p *port) solve(args []js.Value) (js.Value, error) {
	if p.model == nil {
		return js.Null(), errors.New("no model is open")
	}
	o, at, err := options(args[1])
	if err != nil {
		return js.Null(), err
	}
	q, err := p.puzzle(args[0], at.Rows, at.Cols)
	if err != nil {
		return js.Null(), err
	}
	q.ID = at.ID
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.stop = cancel
	o.OnLook = func(l solver.Look) {
		if step := args[2]; step.Type() == js.TypeFunction {
			step.Invoke(stepObject(q.Of(p.model.Task), &l))
		}
		p.rest()
	}
	a := p.model.With(o).SolvePuzzle(ctx, &q)
	if a.Err != nil {
		return js.Null(), a.Err
	}
	return answerObject(p.model, &a), nil
}

// puzzle reads a puzzle, a string or a Uint8Array of tokens.
func (p *port) puzzle(v js.Value, rows, cols int) (puzzle.Puzzle, error) {
	if v.Type() == js.TypeString {
		return p.model.Read(v.String(), rows, cols)
	}
	bytes := make([]byte, v.Length())
	js.CopyBytesToGo(bytes, v)
	tokens := make([]int32, len(bytes))
	for i, b := range bytes {
		tokens[i] = int32(b)
	}
	return puzzle.Puzzle{Question: tokens, Rows: rows, Cols: cols}, nil
}
