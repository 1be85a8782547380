package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

const (
	easy       = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	easyAnswer = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
)

// modelFile saves a small sudoku model with random weights.
func modelFile(t *testing.T) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, Hidden: 16, Heads: 2, Expansion: 1,
		HLayers: 1, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope,
		HaltMaxSteps: 3, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// once is one attempt at every puzzle, whatever comes of it.
var once = solver.Options{Attempts: 1, NoCheck: true, Anyway: true}

// loadedWith returns what load does, of a model on any backend.
func loadedWith(m *runtime.Model, b runtime.Backend, t puzzle.Task) *loaded {
	return &loaded{m, b, t, solver.New(b, t, 2), io.NopCloser(nil)}
}

// oracle is a backend that knows answers and halts at segment 2; puzzles that
// it does not know come out blank and never halt.
type oracle struct {
	config  runtime.Config
	answers map[string][]int32 // by question
	halt    float32            // added to every q_halt
}

func newOracle(t *testing.T) *loaded {
	t.Helper()
	answer, err := puzzle.Sudoku{}.Encode(easyAnswer)
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{
		config:  runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 4},
		answers: map[string][]int32{easy: answer},
	}
	return loadedWith(&runtime.Model{Config: o.config, Task: "sudoku"}, o, puzzle.Sudoku{})
}

func (o *oracle) Name() string            { return "oracle" }
func (o *oracle) Config() *runtime.Config { return &o.config }
func (o *oracle) Close() error            { return nil }
func (o *oracle) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	return &oracleBatch{o, make([]oracleLane, lanes)}, nil
}

type oracleBatch struct {
	*oracle
	lanes []oracleLane
}

type oracleLane struct {
	answer  []int32
	segment int
}

func (b *oracleBatch) Reset(lane int, in runtime.Input) error {
	b.lanes[lane] = oracleLane{answer: b.answers[puzzle.Sudoku{}.Decode(in.Tokens)]}
	return nil
}

func (b *oracleBatch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	out.Resize(len(lanes), 0, &b.config)
	clear(out.Logits)
	for k, i := range lanes {
		l := &b.lanes[i]
		l.segment++
		tokens := out.Tokens[81*k : 81*(k+1)]
		clear(tokens)
		out.QHalt[k] = -1
		if copy(tokens, l.answer) > 0 && l.segment > 1 {
			out.QHalt[k] = 1
		}
		out.QHalt[k] += b.halt
	}
	return nil
}

// solveWith solves the arguments with the oracle.
func solveWith(t *testing.T, asJSON bool, stdin string, args ...string) (*tally, string, string) {
	t.Helper()
	l := newOracle(t)
	var out, errOut bytes.Buffer
	y := &tally{loaded: l, options: once}
	if err := y.solve(t.Context(), inputs(args, strings.NewReader(stdin), l.task), newPrinter(l, &out, &errOut, asJSON)); err != nil {
		t.Fatal(err)
	}
	return y, out.String(), errOut.String()
}

func TestSolveText(t *testing.T) {
	y, out, _ := solveWith(t, false, "", easy)
	if !strings.HasPrefix(out, easyAnswer+"  solved in 2 segments, ") {
		t.Errorf("printed %q", out)
	}
	if y.exit(nil) != nil {
		t.Errorf("exit %v", y.exit(nil))
	}
}

// A bad puzzle is reported where it stands, and the others are solved, in
// their order.
func TestSolveKeepsOrderPastBadPuzzles(t *testing.T) {
	unknown := strings.Repeat(".", 81)
	bad := "x" + easy[1:]
	var want []string
	var in strings.Builder
	for i := range 50 {
		line := [...]string{easy, unknown, bad}[i%3]
		want = append(want, line)
		in.WriteString(line + "\n")
	}
	y, out, _ := solveWith(t, true, in.String())
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d", len(lines), len(want))
	}
	for i, line := range lines {
		var r record.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Index != i {
			t.Fatalf("line %d has index %d", i, r.Index)
		}
		checkRecord(t, &r, want[i])
	}
	if y.solved != 17 || y.unsolved != 17 || y.bad != 16 {
		t.Errorf("counted %d solved, %d unsolved, %d bad", y.solved, y.unsolved, y.bad)
	}
	if y.exit(nil) != exit(statusUsage) {
		t.Errorf("exit %v", y.exit(nil))
	}
}

func checkRecord(t *testing.T, r *record.Record, question string) {
	t.Helper()
	switch {
	case question[0] == 'x':
		if r.Solution != nil || !strings.Contains(r.Error, "column 1: found 'x'") {
			t.Errorf("bad puzzle %d: %+v", r.Index, r)
		}
	case question == easy:
		if r.Answer != easyAnswer || r.Valid == nil || !*r.Valid || !r.Halted || r.Segments != 2 {
			t.Errorf("puzzle %d: %+v", r.Index, r.Solution)
		}
	default:
		if r.Valid == nil || *r.Valid || r.Reason == "" || r.Halted || r.Segments != 4 {
			t.Errorf("unknown puzzle %d: %+v", r.Index, r.Solution)
		}
	}
}

func TestSolveExitStatus(t *testing.T) {
	unknown := strings.Repeat(".", 81)
	for _, c := range []struct {
		args []string
		want error
	}{
		{[]string{easy, easy}, nil},
		{[]string{easy, unknown}, exit(statusFailed)},
		{[]string{unknown, "12"}, exit(statusUsage)},
		{[]string{"no/such/file.txt"}, exit(statusUsage)},
	} {
		if y, _, _ := solveWith(t, false, "", c.args...); y.exit(nil) != c.want {
			t.Errorf("%.20q: exit %v, want %v", c.args, y.exit(nil), c.want)
		}
	}
	if y, _, _ := solveWith(t, false, ""); y.exit(nil) == nil {
		t.Error("no puzzle at all is no error")
	}
}

func TestSolveCancelled(t *testing.T) {
	l := newOracle(t)
	ctx, cancel := context.WithCancel(t.Context())
	y := &tally{loaded: l, options: once}
	forever := func(yield func(item) bool) {
		it := slices.Collect(inputs([]string{easy}, nil, l.task))[0]
		for n := 0; yield(it); n++ {
			if n == 10 {
				cancel()
			}
		}
	}
	err := y.solve(ctx, forever, func(*outcome) {})
	if status(y.exit(err), &bytes.Buffer{}) != statusInterrupted {
		t.Errorf("ended with %v", err)
	}
}

func TestWatchDrawsEverySegment(t *testing.T) {
	l := newOracle(t)
	var out, errOut bytes.Buffer
	y := &tally{loaded: l, options: once}
	if err := y.watch(t.Context(), inputs([]string{easy}, nil, l.task), &out, &errOut); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"segment 1  sure", "segment 2  sure", "│ 5 3 · │", "argument 1: solved in 2 segments"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("escape sequences where there is no terminal")
	}
}

func TestSolveFromModelFile(t *testing.T) {
	model := modelFile(t)
	code, out, errOut := hrm(t, easy+"\n", "solve", "--model", model, "--json", "--restarts", "1", "--check")
	var r record.Record
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("status %d, %q, %q: %v", code, out, errOut, err)
	}
	if code != statusFailed || r.Question != easy || len(r.Answer) != 81 || r.Attempts != 2 || r.TotalSegments != 3+1 {
		t.Errorf("status %d, %+v", code, r.Solution)
	}
}

func TestSolveFlagErrors(t *testing.T) {
	model := modelFile(t)
	for _, c := range []struct{ args, want string }{
		{"--halt sometimes", "want learned, fixed or min:N"},
		{"--halt min:0", "want learned, fixed or min:N"},
		{"--lanes 0", "want 1 or more"},
		{"--max-segments -1", "--max-segments is -1, want 0 or more"},
		{"--restarts -1", "--restarts is -1, want 0 or more"},
		{"--json --watch", "none of the others can be"},
	} {
		code, _, errOut := hrm(t, "", append([]string{"solve", "-m", model, easy}, strings.Fields(c.args)...)...)
		if code != statusUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: status %d, %q, want %q", c.args, code, errOut, c.want)
		}
	}
}

// The service answers until its context ends, and then stops cleanly.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := make(chan string, 1)
	ended := make(chan int, 1)
	model := modelFile(t)
	go func() {
		ended <- run(ctx, []string{"serve", "-m", model, "--address", "localhost:0"}, nil, io.Discard, addressWriter(address))
	}()
	body := strings.NewReader(`{"puzzles": ["` + easy + `"]}`)
	r, err := http.Post(<-address+"/solve", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got struct{ Results []record.Record }
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || len(got.Results) != 1 || got.Results[0].Solution == nil {
		t.Errorf("status %s, %+v: %v", r.Status, got, err)
	}
	cancel()
	if code := <-ended; code != statusOK {
		t.Errorf("ended with status %d", code)
	}
}

// addressWriter picks the address out of the line that serve prints.
type addressWriter chan string

func (w addressWriter) Write(p []byte) (int, error) {
	if i := bytes.Index(p, []byte("http://")); i >= 0 {
		w <- strings.TrimSpace(string(p[i:]))
	}
	return len(p), nil
}
