package service

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// echo is a backend that answers at once what it is asked, with halting values that
// the question chooses: some are no numbers.
type echo struct {
	config  runtime.Config
	answers [][]int32
}

func (e *echo) Name() string            { return "echo" }
func (e *echo) Config() *runtime.Config { return &e.config }
func (e *echo) Close() error            { return nil }
func (e *echo) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	e.answers = make([][]int32, lanes)
	return e, nil
}

func (e *echo) Reset(lane int, in runtime.Input) error {
	e.answers[lane] = in.Tokens
	return nil
}

func (e *echo) Step(_ context.Context, lanes []int, out *runtime.Output) error {
	out.Resize(len(lanes), 0, &e.config)
	for k, lane := range lanes {
		copy(out.Tokens[k*e.config.SeqLen:], e.answers[lane])
		out.QHalt[k] = []float32{1, -1, float32(math.NaN()), float32(math.Inf(1))}[e.answers[lane][0]%4]
	}
	return nil
}

// FuzzHandler sends the service arbitrary requests. Every one is answered with JSON
// and a status that fits; a request for puzzles gets a result for each.
func FuzzHandler(f *testing.F) {
	for _, body := range []string{
		`{"puzzles": []}`, `{"puzzles": ["` + question(1) + `", "bad", ""]}`, `{"puzzles": null}`, `{"puzzles": ["\ud800"]}`, `[]`, `{`, ``,
		`{"puzzels": ["1"]}`, `{"puzzles": ["` + strings.Repeat("1", 900) + `"]}`, `{"puzzles": ["1"]} trailing`, `{"puzzles":["` + question(2) + `"],"puzzles":[]}`,
	} {
		f.Add("POST", "/solve", []byte(body))
	}
	for _, path := range []string{"/v1/solve", "/v2/models/sudoku/infer"} {
		for _, body := range []string{
			`{"model":"sudoku","puzzles":["` + question(1) + `"],"seed":1,"restarts":0,"check":false,"max_segments":2,"timeout_ms":1000}`,
			`{"puzzles":["1"],"seed":-1}`, `{"puzzles":["1"],"seed":1e99}`, "{\"puzzles\":[\"\xff\"]}", `{"inputs":[{"name":"puzzle","shape":[1,1],"datatype":"BYTES","data":["` + question(3) + `"]}]}`,
			`{"inputs":[{"name":"puzzle","shape":[9223372036854775807,2],"datatype":"BYTES","data":[[]]}],"parameters":{"seed":"x"}}`,
		} {
			f.Add("POST", path, []byte(body))
		}
	}
	f.Add("GET", "/health", []byte{})
	f.Add("PUT", "/../solve?x=%ff", []byte("x"))
	on := solver.New(&echo{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 2}}, puzzle.Sudoku{}, 0)
	f.Cleanup(func() { on.Close() })
	s := newServer(f, on.With(solver.Options{Attempts: 1}), Options{MaxBody: 2000, MaxPuzzles: 4})
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		r, err := http.NewRequest(method, "http://host/", strings.NewReader(string(body)))
		if err != nil {
			return // no client can send it
		}
		r.URL.Path = "/" + strings.TrimPrefix(path, "/")
		r.Header.Set("Content-Type", mediaJSON)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		switch {
		case w.Code == http.StatusOK && (r.URL.Path == "/metrics" || r.URL.Path == "/openapi.yaml") || w.Code/100 == 3 || r.Method == "CONNECT":
		case r.URL.Path == "/solve" && w.Code != http.StatusMethodNotAllowed:
			checkReply(t, body, w)
		case w.Code >= 400:
			checkError(t, w)
		case !json.Valid(w.Body.Bytes()):
			t.Errorf("%s %s: status %d, %q", method, path, w.Code, w.Body)
		}
	})
}

func checkReply(t *testing.T, body []byte, w *httptest.ResponseRecorder) {
	var got struct {
		Results []record.Record
		Error   string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("status %d, %q: %v", w.Code, w.Body, err)
	}
	switch w.Code {
	case http.StatusOK:
		for i, r := range got.Results {
			if r.Index != i || (r.Solution == nil) == (r.Error == "") {
				t.Errorf("result %d: %+v", i, r)
			}
		}
		if len(got.Results) < 1 || len(got.Results) > 4 || len(body) > 2000 {
			t.Errorf("%d results for %d bytes", len(got.Results), len(body))
		}
	default:
		checkError(t, w)
	}
}

// checkError expects an error in its one form, with a status that blames the client.
func checkError(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var got map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code < 400 || w.Code >= 500 || len(got) != 3 || got["error"] == "" || got["code"] == "" || got["request_id"] == "" {
		t.Errorf("status %d, %q: %v", w.Code, w.Body, err)
	}
}
