// Package service answers puzzles over HTTP.
package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// Options bound what clients may ask. Zero values mean the defaults.
type Options struct {
	MaxBody    int64         // bytes of a request; 1 MiB
	MaxPuzzles int           // of a request; 1024
	Timeout    time.Duration // of a request; 1 minute
}

// DefaultMaxTokens is the size of a puzzle up to which strangers get room, where a
// model takes grids of any size: 64 x 64.
const DefaultMaxTokens = 1 << 12

// Server answers puzzles over HTTP with a solver, whose lanes all requests share.
//
//	POST /solve   {"puzzles": ["53..7....", ...]}, each as puzzle.ParseJSON reads it
//	              -> {"results": [record.Record, ...]}, in the order of the puzzles
//	GET  /health  -> {"backend": "cpu/avx512", "task": "sudoku"}
type Server struct {
	solver  *solver.Solver
	options Options
	mux     *http.ServeMux
}

// New returns a server of a solver, which must not be closed before the server has
// answered its requests.
func New(s *solver.Solver, o Options) *Server {
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxPuzzles == 0 {
		o.MaxPuzzles = 1024
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if so := s.Options; so.MaxTokens == 0 {
		so.MaxTokens = DefaultMaxTokens
		if c := s.Backend.Config(); !c.AnyShape() || c.SeqLen > so.MaxTokens {
			so.MaxTokens = c.SeqLen
		}
		s = s.With(so)
	}
	h := &Server{solver: s, options: o, mux: http.NewServeMux()}
	h.mux.HandleFunc("POST /solve", h.solve)
	h.mux.HandleFunc("GET /health", h.health)
	return h
}

// ServeHTTP handles one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]string{"backend": s.solver.Backend.Name(), "task": s.solver.Task.Name()})
}

func (s *Server) solve(w http.ResponseWriter, r *http.Request) {
	texts, err := s.read(w, r)
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		reply(w, status, map[string]string{"error": err.Error()})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.Timeout)
	defer cancel()
	records, err := s.answer(ctx, texts)
	if err != nil {
		reply(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	reply(w, http.StatusOK, map[string]any{"results": records})
}

// form is what a body of POST /solve is, for errors.
const form = `{"puzzles": ["53..7....", ...]}`

// read returns the puzzles of a request.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]json.RawMessage, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.options.MaxBody))
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return nil, fmt.Errorf("the body is no JSON object, it begins with %.20q: want %s", text, form)
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, fmt.Errorf("the body is no JSON, %w: want %s", err, form)
	}
	for key := range body {
		if key != "puzzles" {
			return nil, fmt.Errorf("unknown key %q: want %s", key, form)
		}
	}
	list, ok := body["puzzles"]
	if !ok || list[0] != '[' {
		return nil, fmt.Errorf("puzzles is no list: want %s", form)
	}
	var puzzles []json.RawMessage
	if err := json.Unmarshal(list, &puzzles); err != nil {
		return nil, fmt.Errorf("puzzles: %w", err)
	}
	if n := len(puzzles); n < 1 || n > s.options.MaxPuzzles {
		return nil, fmt.Errorf("%d puzzles, want 1 to %d", n, s.options.MaxPuzzles)
	}
	return puzzles, nil
}

// ahead is how many puzzles of one request wait for lanes at once: others get theirs
// in between.
const ahead = 16

// answer solves the puzzles of one request. What is no puzzle, or has no answer,
// has an Error in its record. A puzzle that is under way when the time ends frees its
// lane.
func (s *Server) answer(ctx context.Context, texts []json.RawMessage) ([]record.Record, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var records []record.Record
	for _, r := range solver.Each(ctx, slices.Values(texts), ahead, func(text json.RawMessage) record.Record {
		p, err := puzzle.ParseJSON(s.solver.Task, text)
		if err != nil {
			return record.Record{Error: err.Error()}
		}
		a := s.solver.SolvePuzzle(ctx, &p)
		if errors.Is(a.Err, runtime.ErrStopped) {
			cancel(a.Err)
		}
		return record.New(s.solver.Task, &a)
	}) {
		r.Index = len(records)
		records = append(records, r)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("no answer in time: %w", err)
	}
	return records, nil
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // an answer that has no JSON form is no success
		status = http.StatusInternalServerError
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
