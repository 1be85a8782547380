//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall/js"
	"unsafe"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/wasm/session"
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
	{"task", []error{session.ErrTask}},
	{"puzzle", []error{puzzle.ErrFormat, runtime.ErrInput}},
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

// restarts is what hrm solve does by default.
const restarts = 7

func options(v js.Value) (o session.Options, err error) {
	for _, f := range []struct {
		name           string
		limit, missing float64
		set            func(float64)
	}{
		{"maxSegments", 1 << 20, 0, func(x float64) { o.MaxSegments = int(x) }},
		{"restarts", 1 << 20, restarts, func(x float64) { o.Restarts = int(x) }},
		{"seed", 1 << 53, 0, func(x float64) { o.Seed = uint64(x) }},
		{"puzzleId", 1 << 30, 0, func(x float64) { o.PuzzleID = int32(x) }},
		{"rows", 1 << 16, 0, func(x float64) { o.Rows = int(x) }},
		{"cols", 1 << 16, 0, func(x float64) { o.Cols = int(x) }},
	} {
		x, err := whole(v, f.name, f.limit, f.missing)
		if err != nil {
			return o, err
		}
		f.set(x)
	}
	switch check := v.Get("check"); check.Type() {
	case js.TypeUndefined, js.TypeNull:
	case js.TypeBoolean:
		o.NoCheck = !check.Bool()
	default:
		return o, fmt.Errorf("%w: check is a %v, want true or false", errOption, check.Type())
	}
	return o, nil
}

// description is what a host is told about a model.
func description(s *session.Session, d device) js.Value {
	c := &s.Model.Config
	grid := c.Grid()
	meta := map[string]any{}
	for k, v := range s.Model.Meta {
		meta[k] = v
	}
	return js.ValueOf(map[string]any{
		"task": s.Task.Name(), "tokens": c.SeqLen, "vocabulary": c.VocabSize,
		"rows": grid.Rows, "cols": grid.Cols, "anyShape": c.AnyShape(),
		"family": string(c.Family), "hidden": c.Hidden, "maxSegments": c.HaltMaxSteps, "parameters": s.Parameters, "meta": meta,
		"device": map[string]any{"kind": d.kind, "name": s.Backend.Name(), "reason": d.why},
	})
}

func stepObject(s *session.Session, e session.Step) js.Value {
	guessed := make([]any, len(e.Guessed))
	for i, cell := range e.Guessed {
		guessed[i] = cell
	}
	return js.ValueOf(map[string]any{
		"attempt": e.Attempt, "segment": e.Segment, "done": e.Done,
		"text": s.Task.Decode(e.Tokens), "tokens": tokenArray(e.Tokens), "confidence": floatArray(e.Confidence),
		"halting": e.Halting, "qHalt": e.QHalt, "qContinue": e.QContinue,
		"guessed": guessed,
	})
}

func answerObject(s *session.Session, a session.Answer) js.Value {
	o := map[string]any{
		"text": s.Task.Decode(a.Tokens), "tokens": tokenArray(a.Tokens),
		"valid": nil, "reason": "",
		"segments": a.Segments, "halted": a.Halted, "qHalt": a.QHalt, "qContinue": a.QContinue,
		"device": s.Backend.Name(), "attempts": a.Attempts, "totalSegments": a.TotalSegments, "elapsed": float64(a.Elapsed.Microseconds()) / 1000,
	}
	if a.Known {
		o["valid"] = a.Wrong == nil
	}
	if a.Wrong != nil {
		o["reason"] = a.Wrong.Error()
	}
	return js.ValueOf(o)
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
