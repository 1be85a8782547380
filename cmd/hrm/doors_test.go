package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	library "github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/native/service"
	"github.com/hrmgo/hrm/solver/record"
)

// The library, the command and the service say the same of a puzzle, wherever it
// stands; wasm/clients asks the other doors too. Two of these
// took a guess with all kernels that were tried.
func TestDoors(t *testing.T) {
	puzzles := []string{
		easy,
		"12345678....................................9....................................",
		".....2..6..5.9......4.7..1..3....18....9.65..2............897....8....4.31942....",
		".9....3...7.328..........17....6..42.3.....5...2.........7.6.8..89.....56...3.1..",
		"......3.8.7.3.8....1......7..5.6..4..3....9..1....4......7.......9..16.56..83..2.",
		easy,
	}
	_, out, errOut := hrm(t, strings.Join(puzzles, "\n"), "solve", "--json", "--lanes", "3")
	var commands []record.Record
	for line := range strings.Lines(out) {
		var r record.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, r)
	}
	if len(commands) != len(puzzles) {
		t.Fatalf("%d lines: %s", len(commands), errOut)
	}
	s, err := library.Open("sudoku")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body, err := json.Marshal(map[string]any{"puzzles": puzzles})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	web, err := service.New([]service.Model{{Name: "sudoku", Solver: s.Solver}}, service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	web.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/solve", bytes.NewReader(body)))
	var reply struct{ Results []record.Record }
	if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || len(reply.Results) != len(puzzles) {
		t.Fatalf("%v: %s", err, w.Body)
	}
	for i, text := range puzzles {
		a, _ := s.Solve(t.Context(), text)
		want := said(record.New(s.Task, &a))
		if got := said(commands[i]); got != want {
			t.Errorf("puzzle %d: the command says %s, the library %s", i, got, want)
		}
		if got := said(reply.Results[i]); got != want {
			t.Errorf("puzzle %d: the service says %s, the library %s", i, got, want)
		}
	}
}

// said is what a record says, but for its place and its time.
func said(r record.Record) string {
	r.Index, r.Where = 0, ""
	if r.Solution != nil {
		r.ElapsedMS = 0
	}
	text, _ := json.Marshal(r)
	return string(text)
}
