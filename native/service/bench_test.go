package service

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// What a request costs beside thinking: one puzzle, over loopback, with a backend that
// answers at once.
func BenchmarkRequest(b *testing.B) {
	on := solver.New(&echo{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 2}}, puzzle.Sudoku{}, 0)
	defer on.Close()
	web := httptest.NewServer(newServer(b, on.With(solver.Options{Attempts: 1}), Options{}))
	defer web.Close()
	for b.Loop() {
		r, err := http.Post(web.URL+"/v1/solve", mediaJSON, strings.NewReader(`{"puzzles":["`+easy+`"]}`))
		if err != nil || r.StatusCode != http.StatusOK {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
}
