package service

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// sudokuModel is the shape of a small model.
var sudokuModel = runtime.Config{
	Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 16, Heads: 2, Expansion: 1,
	LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope,
	HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
}

// startServer serves a small random sudoku model.
func startServer(t *testing.T, so solver.Options, o Options) (*httptest.Server, runtime.Backend) {
	t.Helper()
	return serve(t, sudokuModel, puzzle.Sudoku{}, so, o)
}

func serve(t *testing.T, c runtime.Config, task puzzle.Task, so solver.Options, o Options) (*httptest.Server, runtime.Backend) {
	t.Helper()
	m, err := runtime.NewModel(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cpu.New(m, cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := solver.New(b, task, 3).With(so)
	web := httptest.NewServer(newServer(t, s, o))
	t.Cleanup(func() { web.Close(); s.Close() })
	return web, b
}

// newServer returns a server of one model, called as its task is.
func newServer(t testing.TB, s *solver.Solver, o Options) *Server {
	t.Helper()
	server, err := New([]Model{{Name: s.Task.Name(), Solver: s}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// post sends puzzles and returns the status and the results or the error.
func post(t *testing.T, url, body string) (int, []record.Record, string) {
	t.Helper()
	r, err := http.Post(url+"/solve", "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, nil, ""
	}
	defer r.Body.Close()
	var got struct {
		Results []record.Record
		Error   string
	}
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		t.Error(err)
	}
	return r.StatusCode, got.Results, got.Error
}

// question is a puzzle that differs for each n.
func question(n int) string {
	digits := fmt.Sprintf("%03d", n)
	gap := strings.Repeat(".", 29) // so that no two share a row, column or box
	return digits[:1] + gap + digits[1:2] + gap + digits[2:] + strings.Repeat(".", 20)
}

// Clients at once each get the answers to their own puzzles, the same that
// Solve gives.
func TestServerManyClients(t *testing.T) {
	web, b := startServer(t, solver.Options{Anyway: true, Attempts: 1}, Options{})
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			body, _ := json.Marshal(map[string]any{"puzzles": []string{question(2 * client), "bad", question(2*client + 1)}})
			status, results, problem := post(t, web.URL, string(body))
			if status != http.StatusOK || len(results) != 3 {
				t.Errorf("status %d, %d results, %s", status, len(results), problem)
				return
			}
			if !strings.Contains(results[1].Error, "column 1: found 'b'") {
				t.Errorf("bad puzzle: %+v", results[1])
			}
			for _, i := range []int{0, 2} {
				checkAnswer(t, b, question(2*client+i/2), &results[i], i)
			}
		})
	}
	wg.Wait()
}

func checkAnswer(t *testing.T, b runtime.Backend, q string, got *record.Record, index int) {
	tokens, err := puzzle.Sudoku{}.Encode(q)
	if err != nil {
		t.Error(err)
		return
	}
	want, err := runtime.Solve(context.Background(), b, []runtime.Input{{Tokens: tokens}}, runtime.Options{})
	if err != nil || got.Solution == nil {
		t.Errorf("%v, got %+v", err, got)
		return
	}
	if got.Index != index || got.Question != strings.ReplaceAll(q, "0", ".") || *got.Valid || got.Reason == "" {
		t.Errorf("got %+v %+v", got, got.Solution)
	}
	if answer := (puzzle.Sudoku{}).Decode(want[0].Tokens); got.Answer != answer {
		t.Errorf("answer %q, want %q", got.Answer, answer)
	}
}

func TestServerRefuses(t *testing.T) {
	web, _ := startServer(t, solver.Options{}, Options{MaxBody: 1000, MaxPuzzles: 2})
	for _, c := range []struct {
		body string
		want int
	}{
		{`{"puzzles": []}`, http.StatusBadRequest},
		{`{"puzzles": ["1","2","3"]}`, http.StatusBadRequest},
		{`{"puzzels": ["1"]}`, http.StatusBadRequest},
		{`no json`, http.StatusBadRequest},
		{`{"puzzles": "1"}`, http.StatusBadRequest},
		{`{"puzzles": {}}`, http.StatusBadRequest},
		{`{"puzzles": ["1"]} x`, http.StatusBadRequest},
		{`["1"]`, http.StatusBadRequest},
		{``, http.StatusBadRequest},
		{`{"puzzles": ["` + strings.Repeat("1", 2000) + `"]}`, http.StatusRequestEntityTooLarge},
	} {
		if status, _, problem := post(t, web.URL, c.body); status != c.want || problem == "" || strings.Contains(problem, "struct") ||
			status == http.StatusBadRequest && !strings.Contains(problem, "want ") {
			t.Errorf("%.30s: status %d, %q, want %d", c.body, status, problem, c.want)
		}
	}
	r, err := http.Get(web.URL + "/solve")
	if err != nil || r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET /solve: %v, %v", r.StatusCode, err)
	}
	r.Body.Close()
}

// A request out of time has what is solved, and says so of the rest; one that comes when
// the server no longer solves is refused.
func TestServerTimeAndStop(t *testing.T) {
	web, b := startServer(t, solver.Options{Anyway: true}, Options{Timeout: time.Nanosecond})
	body := `{"puzzles": ["` + question(1) + `", "bad"]}`
	if status, results, _ := post(t, web.URL, body); status != http.StatusOK || len(results) != 2 || results[0].Error != "out of time" || results[0].Solution != nil {
		t.Errorf("no time: status %d, %+v", status, results)
	}
	s := solver.New(b, puzzle.Sudoku{}, 0).With(solver.Options{Anyway: true})
	s.Close()
	w := httptest.NewRecorder()
	newServer(t, s, Options{}).ServeHTTP(w, httptest.NewRequest("POST", "/solve", strings.NewReader(body)))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("stopped: status %d", w.Code)
	}
}

// An answer with halting values that are no numbers is an answer, and nothing ever
// leaves a success without a body.
func TestServerAnswersWithoutHaltingValues(t *testing.T) {
	nan := float32(math.NaN())
	a := solver.Answer{Puzzle: puzzle.Puzzle{Question: make([]int32, 81)}}
	a.Attempt = runtime.Attempt{Tokens: make([]int32, 81), QHalt: nan, QContinue: float32(math.Inf(1)), Segments: 1}
	rec := record.New(puzzle.Sudoku{}, &a)
	w := httptest.NewRecorder()
	reply(w, http.StatusOK, map[string]any{"results": []record.Record{rec}})
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, `"q_halt":null,"q_continue":null`) {
		t.Errorf("status %d, %s", w.Code, body)
	}
	w = httptest.NewRecorder()
	reply(w, http.StatusOK, map[string]any{"results": math.NaN()})
	if body := w.Body.String(); w.Code != http.StatusInternalServerError || !strings.Contains(body, `"error":`) {
		t.Errorf("status %d, %s", w.Code, body)
	}
	rec.QHalt, rec.QContinue = 1.5, 1e-9
	if text, err := json.Marshal(rec); err != nil || !strings.Contains(string(text), `"q_halt":1.5,"q_continue":1e-9`) {
		t.Errorf("%s, %v", text, err)
	}
}

// A client writes a puzzle as it has it: any text that hrm solve reads, or JSON of
// rows or cells. What has no answer is said to have none.
func TestServerReadsAlike(t *testing.T) {
	web, _ := startServer(t, solver.Options{Attempts: 1}, Options{})
	const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	var rows []string
	var lists [][]any
	for i := 0; i < 81; i += 9 {
		rows = append(rows, easy[i:i+9])
		var cells []any
		for _, c := range easy[i : i+9] {
			if c == '.' {
				cells = append(cells, nil)
			} else {
				cells = append(cells, int(c-'0'))
			}
		}
		lists = append(lists, cells)
	}
	q, _ := puzzle.Sudoku{}.Encode(easy)
	for name, form := range map[string]any{
		"a line": easy, "rows": strings.Join(rows, "\n"), "a frame": puzzle.Sudoku{}.Render(q, nil),
		"dashes": strings.ReplaceAll(easy, ".", "-"), "a list of rows": rows, "a list of lists": lists,
		"an object": map[string]any{"question": easy}, "with a caption": "Sudoku 1\n" + strings.Join(rows, "\n"),
	} {
		body, err := json.Marshal(map[string]any{"puzzles": []any{form}})
		if err != nil {
			t.Fatal(err)
		}
		status, results, problem := post(t, web.URL, string(body))
		if status != http.StatusOK || results[0].Question != easy || results[0].Solution == nil {
			t.Errorf("%s: %d, %+v, %s", name, status, results, problem)
		}
	}
	for text, want := range map[string]string{
		`"12x"`:                             "column 3: found 'x'",
		`"` + easy + `\n` + easy + `"`:      "goes on after one sudoku",
		`[1, 2, 3]`:                         "3 cells, want 9 (a row) or 81 (a whole grid)",
		`7`:                                 "JSON without a sudoku",
		`null`:                              "JSON without a sudoku",
		`"` + strings.Repeat(".", 81) + `"`: "cannot be solved: clues too few, 0",
		`"12345678` + strings.Repeat(".", 36) + `9` + strings.Repeat(".", 36) + `"`: "cannot be solved: it has no solution",
	} {
		status, results, problem := post(t, web.URL, `{"puzzles": [`+text+`, "`+easy+`"]}`)
		if status != http.StatusOK || len(results) != 2 || !strings.Contains(results[0].Error, want) || results[1].Solution == nil {
			t.Errorf("%s: %d, %+v, %s, want %q", text, status, results, problem, want)
		}
	}
}

// Puzzles bring their sizes, the answers say them, and the operator has the last
// word.
func TestServerAnyShape(t *testing.T) {
	c := sudokuModel
	c.VocabSize, c.SeqLen, c.Mixing, c.Conv, c.Positions = 6, 16, runtime.NoMixing, 3, runtime.NoPos
	web, _ := serve(t, c, puzzle.Maze{Rows: 4, Cols: 4}, solver.Options{MaxTokens: 60, Attempts: 1}, Options{})
	large := "S" + strings.Repeat(" ", 60) + "G\n" + strings.Repeat("#", 62)
	mazes := []string{"S  #        #  G", "S     G\n#   # #\n#######", large}
	body, _ := json.Marshal(map[string]any{"puzzles": []any{mazes[0], mazes[1], mazes[2], strings.Split(mazes[1], "\n")}})
	status, results, problem := post(t, web.URL, string(body))
	if status != http.StatusOK || len(results) != 4 {
		t.Fatalf("status %d, %d results, %s", status, len(results), problem)
	}
	if r := results[0]; r.Solution == nil || len(r.Answer) != 16 {
		t.Errorf("its own size: %+v", r)
	}
	if r := results[1]; r.Solution == nil || len(r.Answer) != 21 || r.Rows != 3 || r.Cols != 7 || r.Valid == nil {
		t.Errorf("3 x 7: %+v", r)
	}
	if r := results[3]; r.Solution == nil || r.Answer != results[1].Answer || r.Rows != 3 || r.Cols != 7 {
		t.Errorf("a list of 3 x 7: %+v", r)
	}
	if r := results[2]; r.Solution != nil || !strings.Contains(r.Error, "124 cells, at most 60 are taken here") {
		t.Errorf("2 x 62: %+v", r)
	}
}
