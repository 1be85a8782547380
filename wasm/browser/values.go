//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall/js"
	"time"
	"unsafe"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/solver"
)

var (
	errModel  = errors.New("the model cannot be opened")
	errOption = errors.New("invalid option")
	errDevice = errors.New("no such device")
)

// codes are those of the package's HRMError, each with the errors that it stands for.
var codes = []struct {
	code string
	errs []error
}{
	{"aborted", []error{context.Canceled}},
	{"task", []error{solver.ErrTask}},
	{"puzzle", []error{puzzle.ErrFormat, runtime.ErrInput, arc.ErrUnknown, solver.ErrWhich}},
	{"unsolvable", []error{puzzle.ErrUnsolvable}},
	{"option", []error{errOption}},
	{"device", []error{errDevice}},
	{"model", []error{
		errModel, weights.ErrFormat, weights.ErrTruncated, weights.ErrVersion, weights.ErrTensor, weights.ErrLayout, weights.ErrHash,
		runtime.ErrConfig, runtime.ErrTensors,
	}},
}

// failure is {code, message} of an error; what no code stands for is "internal".
func failure(err error) js.Value {
	code := "internal"
	for _, c := range codes {
		if slices.ContainsFunc(c.errs, func(e error) bool { return errors.Is(err, e) }) {
			code = c.code
			break
		}
	}
	return js.ValueOf(map[string]any{"code": code, "message": err.Error()})
}

// text returns a string property, "" where there is none.
func text(o js.Value, name string) string {
	if v := o.Get(name); v.Type() == js.TypeString {
		return v.String()
	}
	return ""
}

// whole returns a property that is a whole number from 0 to limit, or the
// default where there is none.
func whole(o js.Value, name string, limit, missing float64) (float64, error) {
	v := o.Get(name)
	if v.IsUndefined() || v.IsNull() {
		return missing, nil
	}
	if v.Type() != js.TypeNumber {
		return 0, fmt.Errorf("%w: %s is a %v, want a number", errOption, name, v.Type())
	}
	if f := v.Float(); f >= 0 && f <= limit && f == math.Trunc(f) {
		return f, nil
	}
	return 0, fmt.Errorf("%w: %s is %v, want a whole number from 0 to %v", errOption, name, v.Float(), limit)
}

// options returns those of a solver and the rows, columns and ID of the puzzle.
func options(v js.Value) (o solver.Options, at puzzle.Puzzle, err error) {
	limit := float64(0)
	for _, f := range []struct {
		name           string
		limit, missing float64
		set            func(float64)
	}{
		{"maxSegments", 1 << 20, 0, func(x float64) { o.MaxSegments = int(x) }},
		{"restarts", 1 << 20, -1, func(x float64) { o.Attempts = int(x) + 1 }}, // 0 attempts: the task's default
		{"timeLimit", 1 << 40, 0, func(x float64) { limit = x }},
		{"seed", 1 << 53, 0, func(x float64) { o.Seed = uint64(x) }},
		{"votes", 1 << 16, 0, func(x float64) { o.Votes = int(x) }},
		{"puzzleId", 1 << 30, 0, func(x float64) { at.ID = int32(x) }},
		{"rows", 1 << 16, 0, func(x float64) { at.Rows = int(x) }},
		{"cols", 1 << 16, 0, func(x float64) { at.Cols = int(x) }},
	} {
		x, err := whole(v, f.name, f.limit, f.missing)
		if err != nil {
			return o, at, err
		}
		f.set(x)
	}
	o.TimeLimit = time.Duration(limit) * time.Millisecond
	if given := v.Get("timeLimit"); limit == 0 && given.Type() == js.TypeNumber {
		o.TimeLimit = -1
	}
	check, err := yes(v, "check", true)
	if err == nil {
		o.Anyway, err = yes(v, "anyway", false)
	}
	o.NoCheck = !check
	return o, at, err
}

// yes returns a property that is true or false, or the default where there is none.
func yes(o js.Value, name string, missing bool) (bool, error) {
	switch v := o.Get(name); v.Type() {
	case js.TypeUndefined, js.TypeNull:
		return missing, nil
	case js.TypeBoolean:
		return v.Bool(), nil
	default:
		return false, fmt.Errorf("%w: %s is a %v, want true or false", errOption, name, v.Type())
	}
}

// description is what a host is told about a model.
func description(s *model, d device) js.Value {
	c := &s.Model.Config
	grid := c.Grid()
	meta := map[string]any{}
	for k, v := range s.Model.Meta {
		meta[k] = v
	}
	_, nine := s.Task.(puzzle.Sudoku) // takes 9 x 9 alone, whatever the weights could
	names, _ := s.Model.Puzzles()     // opening has read them
	known := make([]any, 0, len(names))
	for _, name := range names {
		if name != "<blank>" {
			known = append(known, name)
		}
	}
	return js.ValueOf(map[string]any{
		"task": s.Task.Name(), "puzzles": known, "tokens": c.SeqLen, "vocabulary": c.VocabSize,
		"rows": grid.Rows, "cols": grid.Cols, "anyShape": c.AnyShape() && !nine,
		"family": string(c.Family), "hidden": c.Hidden, "maxSegments": c.HaltMaxSteps, "parameters": s.parameters, "meta": meta,
		"device": map[string]any{"kind": d.kind, "name": s.Backend.Name(), "reason": d.why},
	})
}

func stepObject(t puzzle.Task, l *solver.Look) js.Value {
	guessed := make([]any, len(l.Guessed))
	for i, cell := range l.Guessed {
		guessed[i] = cell
	}
	return js.ValueOf(map[string]any{
		"attempt": l.Attempt, "segment": l.Segment, "done": l.Done,
		"text": t.Decode(l.Tokens), "tokens": tokenArray(l.Tokens), "confidence": floatArray(l.Confidence),
		"halting": l.Halting, "qHalt": l.QHalt, "qContinue": l.QContinue,
		"guessed": guessed,
	})
}

func answerObject(s *model, a *solver.Answer) js.Value {
	grid := s.Model.Config.Shape(solver.Input(&a.Puzzle))
	first := map[string]any{"segments": a.First.Segments, "valid": nil}
	o := map[string]any{
		"text": a.Text, "tokens": tokenArray(a.Tokens), "rows": grid.Rows, "cols": grid.Cols,
		"valid": nil, "reason": "",
		"segments": a.Segments, "halted": a.Halted, "qHalt": a.QHalt, "qContinue": a.QContinue,
		"device": s.Backend.Name(), "attempts": a.Attempts, "totalSegments": a.TotalSegments, "firstPass": first,
		"timedOut": a.TimedOut, "elapsed": float64(a.Elapsed.Microseconds()) / 1000,
	}
	if a.Vote != nil {
		o["vote"] = voteObject(a.Vote)
		if best := a.Vote.Attempts; len(best) > 0 {
			o["rows"], o["cols"] = best[0].Grid.Rows, best[0].Grid.Cols
		}
	}
	if a.Known {
		o["valid"], first["valid"] = a.Valid, a.FirstValid
	}
	if a.Why != nil {
		o["reason"] = a.Why.Error()
	}
	return js.ValueOf(o)
}

func voteObject(r *arc.Result) map[string]any {
	candidates := make([]any, len(r.Attempts))
	for i, c := range r.Attempts {
		candidates[i] = map[string]any{"text": c.Grid.String(), "votes": c.Votes}
	}
	return map[string]any{"forms": r.Forms, "candidates": candidates}
}

// tokenArray is a Uint8Array: no task has more than 256 tokens.
func tokenArray(tokens []int32) js.Value {
	b := make([]byte, len(tokens))
	for i, t := range tokens {
		b[i] = byte(t)
	}
	return byteArray(b)
}

func floatArray(f []float32) js.Value {
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(f))), 4*len(f))
	return js.Global().Get("Float32Array").New(byteArray(b).Get("buffer"))
}

func byteArray(b []byte) js.Value {
	v := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(v, b)
	return v
}
