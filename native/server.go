package native

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ServerOptions bound what clients may ask. Zero values mean the defaults.
type ServerOptions struct {
	Solve      runtime.Options // lanes, halting, restarts
	Check      bool            // the task's rules decide whether to try again
	Anyway     bool            // ask the model about puzzles that have no answer, or several, too
	MaxBody    int64           // bytes of a request; 1 MiB
	MaxPuzzles int             // of a request; 1024
	MaxTokens  int             // of a puzzle; 4096, or the model's own grid where that is all it takes or larger
	Timeout    time.Duration   // of a request; 1 minute
}

// defaultMaxTokens is the size of a puzzle up to which a server makes room, where
// the model takes grids of any size: 64 x 64.
const defaultMaxTokens = 1 << 12

// Server answers puzzles over HTTP. All requests feed one queue, so that their
// puzzles share the lanes of one backend.
//
//	POST /solve   {"puzzles": ["53..7....", ...]}, each as puzzle.ParseJSON reads it
//	              -> {"results": [Record, ...]}, in the order of the puzzles
//	GET  /health  -> {"backend": "cpu/avx512", "task": "sudoku"}
type Server struct {
	backend runtime.Backend
	task    puzzle.Task
	options ServerOptions

	queue     chan runtime.Request
	stopped   chan struct{} // closed when Run returns
	next      atomic.Int64  // index of the next request
	questions sync.Map      // index: puzzle, with Check
	examining chan struct{} // holds one while a puzzle is examined: clients wait for each other
	mux       *http.ServeMux
}

// NewServer returns a server. It answers while Run runs.
func NewServer(b runtime.Backend, t puzzle.Task, o ServerOptions) *Server {
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.MaxPuzzles == 0 {
		o.MaxPuzzles = 1024
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	s := &Server{
		backend: b, task: t, options: o,
		queue: make(chan runtime.Request), stopped: make(chan struct{}), examining: make(chan struct{}, 1), mux: http.NewServeMux(),
	}
	if o.Check {
		s.options.Solve.Accept = s.accept
	}
	s.mux.HandleFunc("POST /solve", s.solve)
	s.mux.HandleFunc("GET /health", s.health)
	return s
}

// ServeHTTP handles one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Run solves what requests bring until the context ends. It is called once.
func (s *Server) Run(ctx context.Context) error {
	defer close(s.stopped)
	o := s.options.Solve
	o.MaxTokens = s.maxTokens()
	return runtime.Serve(ctx, s.backend, s.queue, o)
}

// maxTokens is the limit of a puzzle's tokens, for which there is room from the start.
func (s *Server) maxTokens() int {
	c := s.backend.Config()
	switch {
	case !c.AnyShape():
		return c.SeqLen
	case s.options.MaxTokens > 0:
		return s.options.MaxTokens
	}
	return max(c.SeqLen, defaultMaxTokens)
}

func (s *Server) accept(i int, answer []int32) bool {
	question, ok := s.questions.Load(i)
	if !ok {
		return false
	}
	p := question.(puzzle.Puzzle)
	task := p.Of(s.task)
	return task.Check(p.Question, puzzle.Answer(task, p.Question, answer)) == nil
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]string{"backend": s.backend.Name(), "task": s.task.Name()})
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

// answer solves the puzzles of one request. What is no puzzle, or has no answer,
// has an Error in its record.
func (s *Server) answer(ctx context.Context, texts []json.RawMessage) ([]Record, error) {
	records := make([]Record, len(texts))
	done := make(chan struct{}, len(texts))
	waiting := 0
	for i, text := range texts {
		p, err := puzzle.ParseJSON(s.task, s.rows(text))
		if n := len(p.Question); err == nil && n > s.maxTokens() {
			err = fmt.Errorf("%w: %d cells, at most %d are taken here", runtime.ErrInput, n, s.maxTokens())
		}
		if err == nil {
			err = s.examine(ctx, &p)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no answer in time: %w", ctx.Err())
		}
		if err != nil {
			records[i] = NewRecord(s.task, &p, &runtime.Result{Err: err}, Verdict{})
			records[i].Index = i
			continue
		}
		if err := s.send(ctx, p, &records[i], i, done); err != nil {
			return nil, err
		}
		waiting++
	}
	for range waiting {
		select {
		case <-done:
		case <-ctx.Done():
			return nil, fmt.Errorf("no answer in time: %w", ctx.Err())
		}
	}
	return records, nil
}

// rows makes one text of a list of rows, where the task's puzzles come in sizes: row
// by row it could be puzzles of one row each.
func (s *Server) rows(value json.RawMessage) json.RawMessage {
	var rows []string
	if _, sizes := s.task.(puzzle.Sizer); !sizes || json.Unmarshal(value, &rows) != nil || len(rows) < 2 || len(rows[0]) < 2 {
		return value
	}
	text, err := json.Marshal(strings.Join(rows, "\n"))
	if err != nil {
		return value
	}
	return text
}

// examine returns why a puzzle has no one answer. Finding out may take a second,
// so that one is examined at a time.
func (s *Server) examine(ctx context.Context, p *puzzle.Puzzle) error {
	if s.options.Anyway {
		return nil
	}
	select {
	case s.examining <- struct{}{}:
		defer func() { <-s.examining }()
		return puzzle.Examine(p.Of(s.task), p.Question)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send queues one puzzle; rec is set before done is told.
func (s *Server) send(ctx context.Context, p puzzle.Puzzle, rec *Record, i int, done chan<- struct{}) error {
	index, task := int(s.next.Add(1)), p.Of(s.task)
	if s.options.Check {
		s.questions.Store(index, p)
	}
	in := runtime.Input{Tokens: p.Question, Rows: p.Rows, Cols: p.Cols}
	req := runtime.Request{Index: index, Input: in, Done: func(r runtime.Result) {
		s.questions.Delete(index)
		var v Verdict
		if r.Err == nil {
			r.Tokens = puzzle.Answer(task, p.Question, r.Tokens)
			v = Judge(task, &p, r.Tokens)
		}
		*rec = NewRecord(s.task, &p, &r, v)
		rec.Index = i
		done <- struct{}{}
	}}
	select {
	case s.queue <- req:
		return nil
	case <-ctx.Done():
		s.questions.Delete(index)
		return fmt.Errorf("too many puzzles wait: %w", ctx.Err())
	case <-s.stopped:
		s.questions.Delete(index)
		return errors.New("the server is stopping")
	}
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
