//go:build wasip1

// Command extism is the solver as an Extism plugin, with no PDK:
//
//	solve   puzzles in, a line of JSON for each out
//	open    a .hrm file in, its description as JSON out: the model from now on
//	info    the description of the model in use
//
// The configuration of the plugin may have max_segments, restarts, seed, no_check
// and anyway.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/hrmgo/hrm/wasm/abi"
	"github.com/hrmgo/hrm/wasm/guest"
)

var solver guest.Guest

func main() {}

//go:wasmexport solve
func solve() int32 {
	return answer(func() ([]byte, error) {
		o, err := options()
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		t, err := solver.Lines(&out, bytes.NewReader(input()), o)
		if err == nil && t == (guest.Tally{}) {
			err = errors.New("the input holds no puzzle")
		}
		return out.Bytes(), err
	})
}

//go:wasmexport open
func open() int32 {
	return answer(func() ([]byte, error) {
		return describe(solver.Do(&abi.Request{Op: abi.OpOpen, Model: input()}))
	})
}

//go:wasmexport info
func info() int32 {
	return answer(func() ([]byte, error) { return describe(solver.Do(&abi.Request{Op: abi.OpInfo})) })
}

func describe(r *abi.Reply) ([]byte, error) {
	if r.Error != nil {
		return nil, r.Error
	}
	return json.Marshal(r.Info)
}

// options reads the plugin's configuration.
func options() (o abi.Options, err error) {
	number := func(key string, bits int) (n uint64) {
		text := config(key)
		if text == "" || err != nil {
			return 0
		}
		if n, err = strconv.ParseUint(text, 10, bits); err != nil {
			err = fmt.Errorf("config %s is %q, want a number from 0", key, text)
		}
		return n
	}
	yes := func(key string) bool {
		switch text := config(key); text {
		case "", "false":
			return false
		case "true":
			return true
		default:
			if err == nil {
				err = fmt.Errorf("config %s is %q, want true or false", key, text)
			}
			return false
		}
	}
	o = abi.Options{MaxSegments: int(number("max_segments", 31)), Seed: number("seed", 64), NoCheck: yes("no_check"), Anyway: yes("anyway")}
	if config("restarts") != "" { // else the task's default
		o.Attempts = int(number("restarts", 31)) + 1
	}
	return o, err
}

// answer gives the host the output or the error of a call.
func answer(call func() ([]byte, error)) int32 {
	out, err := call()
	if err != nil {
		at, _ := put([]byte(err.Error()))
		errorSet(at)
		return 1
	}
	outputSet(put(out))
	return 0
}
