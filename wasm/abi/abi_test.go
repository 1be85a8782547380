package abi

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func sampleRequest() *Request {
	return &Request{
		Version: Newest, Op: OpSolve, Model: []byte{1, 2}, Task: "sudoku",
		Puzzles: []Puzzle{{Text: "5..", Rows: 3, Cols: 5, ID: 3}, {Tokens: []int32{0, -1, 10, math.MaxInt32, math.MinInt32}}},
		Options: Options{MaxSegments: 16, Attempts: 8, NoCheck: true, Seed: math.MaxUint64},
	}
}

func sampleReply() *Reply {
	return &Reply{
		Info: &Info{Task: "maze", Backend: "cpu/generic", SeqLen: 900, Rows: 30, Cols: 30, AnyShape: true, Vocab: 6, MaxSegments: 16, Meta: map[string]string{"a": "b", "c": ""}},
		Results: []Result{
			{Error: &Error{KindPuzzle, "no puzzle"}},
			{Answer: "12", Tokens: []int32{2, 3}, Rows: 1, Cols: 2, Known: true, Reason: "row 1", Segments: 3, Halted: true, QHalt: 1.5, QContinue: -2.25, Attempts: 2, TotalSegments: 19, FirstSegments: 16, FirstValid: true, TimedOut: true},
		},
	}
}

func TestRoundTrip(t *testing.T) {
	for _, want := range []*Request{{}, {Op: OpInfo}, sampleRequest()} {
		data := want.Encode()
		got, err := DecodeRequest(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	for _, want := range []*Reply{{}, {Error: &Error{KindModel, "bad"}}, sampleReply()} {
		data := want.Encode()
		got, err := DecodeReply(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
}

// Every field of the types is in the messages: a forgotten one would be lost
// without a word.
func TestNoFieldForgotten(t *testing.T) {
	for _, v := range []any{*sampleRequest(), sampleRequest().Puzzles[0], *sampleReply().Info, sampleReply().Results[1]} {
		s := reflect.ValueOf(v)
		for i := range s.NumField() {
			switch name := s.Type().Field(i).Name; {
			case name == "Tokens" || name == "Error": // the other puzzle and result have them
			case name == "restarts": // of older versions
			case s.Field(i).IsZero():
				t.Errorf("the sample %T has no %s, so TestRoundTrip does not see it", v, name)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want error
		says string
	}{
		"empty":               {"", ErrTruncated, "byte 0"},
		"an array":            {"\x90", ErrFormat, "an array, want a map"},
		"unknown key":         {"\x81\xa3ops\xa4info", ErrFormat, `"ops"`},
		"another case":        {"\x81\xa2Op\xa4info", ErrFormat, `"Op"`},
		"a key twice":         {"\x82\xa2op\xa4info\xa2op\xa4info", ErrFormat, "twice"},
		"nil":                 {"\x81\xa2op\xc0", ErrFormat, "a nil"},
		"extension":           {"\xd4\x01\x02\x80", ErrFormat, "extension"},
		"a byte after it":     {"\x80\x00", ErrFormat, "1 bytes after the request"},
		"2^32 puzzles":        {"\x81\xa7puzzles\xdd\xff\xff\xff\xff", ErrTruncated, "4294967295 elements"},
		"2^32 bytes of model": {"\x81\xa5model\xc6\xff\xff\xff\xff", ErrTruncated, "4294967295 elements"},
		"33 bits":             {"\x81\xa8restarts\xcf\x00\x00\x00\x01\x00\x00\x00\x00", ErrFormat, "32 bits"},
		"a float for an int":  {"\x81\xa8restarts\xca\x3f\x80\x00\x00", ErrFormat, "a float"},
		"text not UTF-8":      {"\x81\xa4task\xa1\xff", ErrFormat, "UTF-8"},
	} {
		r, err := DecodeRequest([]byte(c.data))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %+v, %v, want %v that says %q", name, r, err, c.want, c.says)
		}
	}
	many := &Request{Puzzles: make([]Puzzle, MaxPuzzles+1)}
	data := many.Encode()
	if _, err := DecodeRequest(data); !errors.Is(err, ErrFormat) {
		t.Errorf("%d puzzles: %v", len(many.Puzzles), err)
	}
}

// What was decoded encodes to a message that decodes to the same.
func FuzzRequest(f *testing.F) {
	data := sampleRequest().Encode()
	f.Add(data)
	f.Add([]byte("\x80"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeRequest(data)
		if err != nil {
			return
		}
		again := r.Encode()
		got, err := DecodeRequest(again)
		if err != nil || len(got.Puzzles) != len(r.Puzzles) || got.Options != r.Options || string(got.Model) != string(r.Model) {
			t.Fatalf("%+v became %+v, %v", r, got, err)
		}
	})
}

func FuzzReply(f *testing.F) {
	data := sampleReply().Encode()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeReply(data)
		if err != nil {
			return
		}
		again := r.Encode()
		if got, err := DecodeReply(again); err != nil || len(got.Results) != len(r.Results) {
			t.Fatalf("%+v became %+v, %v", r, got, err)
		}
	})
}

// A reply to a host of version 1 holds nothing that one does not know, and a
// request that such a guest can answer says nothing else.
func TestSince(t *testing.T) {
	r := sampleReply()
	r.Since(0)
	text := string(r.Encode())
	for _, key := range []string{"rows", "cols", "any_shape", "first", "timed_out"} {
		if strings.Contains(text, key) {
			t.Errorf("a reply of version 1 has %s", key)
		}
	}
	r = sampleReply()
	if r.Since(2); strings.Contains(string(r.Encode()), "first") || !strings.Contains(string(r.Encode()), "rows") {
		t.Error("a reply of version 2 has what the third brought, or lost what it has")
	}
	r = sampleReply()
	if r.Since(Newest); !reflect.DeepEqual(r, sampleReply()) {
		t.Errorf("%+v has lost something", r)
	}
	if v := (&Request{Puzzles: []Puzzle{{Text: "5"}}}).Needs(); v != Version {
		t.Errorf("a plain request needs version %d", v)
	}
	if v := (&Request{Puzzles: []Puzzle{{Text: "5"}, {Text: "6", Cols: 1}}}).Needs(); v != 2 {
		t.Errorf("one with columns needs version %d", v)
	}
}

// Before version 3 attempts travel as restarts, as those guests know them.
func TestAttemptsOfOldVersions(t *testing.T) {
	for attempts, want := range map[int]string{0: "\xa8restarts\x07", 1: "", 128: "\xa8restarts\x7f", -1: "\xa8restarts\xff"} {
		for _, version := range []int{0, 2} {
			data := (&Request{Version: version, Op: OpSolve, Options: Options{Attempts: attempts}}).Encode()
			if !strings.Contains(string(data), want) || strings.Contains(string(data), "attempts") || want == "" && strings.Contains(string(data), "restarts") {
				t.Errorf("%d attempts: %q, want %q", attempts, data, want)
			}
			if attempts == 0 {
				attempts = 8
			}
			if r, err := DecodeRequest(data); err != nil || r.Attempts != attempts {
				t.Errorf("%d attempts became %+v, %v", attempts, r, err)
			}
		}
	}
	for _, bad := range []string{"\x82\xa7version\x03\xa8restarts\x07", "\x82\xa7version\x02\xa8attempts\x07"} {
		if _, err := DecodeRequest([]byte(bad)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
