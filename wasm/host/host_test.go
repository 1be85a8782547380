package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/wasm/abi"
	"github.com/hrmgo/hrm/wasm/internal/toolchain"
)

const hard = "8..........36......7..9.2...5...7.......457.....1...3...1....68..85...1..9....4.."

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

// plugin builds hrm-plugin.wasm once, with the faults that the tests ask for, linked
// where Binaryen is installed.
var plugin = sync.OnceValues(func() ([]byte, error) {
	root, err := toolchain.Root()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hrm-plugin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "plugin.wasm")
	m := toolchain.Module{Name: "hrm-plugin", Package: "./wasm/plugin", GOOS: "wasip1", Reactor: true, Tags: "fault"}
	if binaryen, none := toolchain.FindBinaryen(root); none == nil {
		err = m.Build(context.Background(), root, binaryen, out)
	} else {
		err = m.Compile(context.Background(), root, out, "")
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

// Built is the plugin and its hash, for Example.
func Built() (module []byte, hash string, err error) {
	module, err = plugin()
	return module, hashOf(module), err
}

// cacheDir keeps the compiled plugin for all tests.
var cacheDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "hrm-wazero-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	cacheDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func hashOf(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// open opens a host over the plugin.
func open(t testing.TB, o Options) *Host {
	t.Helper()
	module, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	o.Module, o.SHA256, o.CacheDir = module, hashOf(module), cacheDir
	h, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// solves fails unless the host solves a puzzle.
func solves(t *testing.T, h *Host) {
	t.Helper()
	r, err := h.Solve(context.Background(), []Puzzle{{Text: easy}}, SolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !r[0].Valid() {
		t.Fatalf("not solved: %+v", r[0])
	}
}

// ask sends raw bytes as a request through an instance of the pool.
func ask(ctx context.Context, h *Host, request []byte) ([]byte, error) {
	in, err := h.take(ctx)
	if err != nil {
		return nil, err
	}
	defer h.put(in)
	data, err := in.exchange(ctx, request)
	return append([]byte(nil), data...), err
}

func TestSolve(t *testing.T) {
	h := open(t, Options{Instances: 2})
	if i := h.Info(); i.Task != "sudoku" || i.SeqLen != 81 || !strings.HasPrefix(i.Backend, "cpu/") || len(i.Meta) == 0 {
		t.Errorf("info %+v", i)
	}
	puzzles := []Puzzle{{Text: easy}, {Text: "53..7"}, {Text: easy}, {Tokens: make([]int32, 80)}}
	results, err := h.Solve(context.Background(), puzzles, SolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, bad := range []string{1: "81", 3: "80 tokens"} {
		r := results[i]
		switch {
		case bad == "" && !r.Valid():
			t.Errorf("puzzle %d is not solved: %+v", i, r)
		case bad != "" && (r.Error == nil || r.Error.Kind != abi.KindPuzzle || !strings.Contains(r.Error.Message, bad)):
			t.Errorf("puzzle %d: %+v, want an error about %s", i, r, bad)
		}
	}
	var guest *Error
	if _, err := h.Solve(context.Background(), puzzles[:1], SolveOptions{Attempts: -1}); !errors.As(err, &guest) || guest.Kind != abi.KindOptions {
		t.Errorf("a negative number of restarts: %v", err)
	}
	solves(t, h)
}

func TestOpenRefuses(t *testing.T) {
	module, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	hostile := []byte("\x00asm\x01\x00\x00\x00\x01\x05\xff\xff\xff\xff\x0f") // 4 billion types
	empty := []byte("\x00asm\x01\x00\x00\x00")
	large, err := os.ReadFile("../../native/embedded/float32.hrm")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    Options
		want error
		says string
	}{
		"no module":        {Options{}, ErrModule, "go run ./wasm/build"},
		"no hash":          {Options{Module: module}, ErrModule, hashOf(module)},
		"another module":   {Options{Module: hostile, SHA256: hashOf(module)}, ErrModule, hashOf(hostile)},
		"not a plugin":     {Options{Module: empty, SHA256: hashOf(empty)}, ErrModule, "does not export"},
		"instances":        {Options{Module: module, SHA256: hashOf(module), Instances: -1}, nil, "-1 Instances"},
		"too small memory": {Options{Module: module, SHA256: hashOf(module), Model: large, MemoryLimit: 8 << 20}, ErrMemory, "memory"},
		"memory of a page": {Options{Module: module, SHA256: hashOf(module), MemoryLimit: 1 << 16}, ErrMemory, "over limit"},
		"damaged model":    {Options{Module: module, SHA256: hashOf(module), Model: []byte("PK\x03\x04")}, nil, "a zip archive"},
		"another task":     {Options{Module: module, SHA256: hashOf(module), Task: "grid"}, nil, "no embedded model solves \"grid\""},
	} {
		c.o.CacheDir = cacheDir
		h, err := Open(context.Background(), c.o)
		if err == nil {
			h.Close()
		}
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

func TestTrap(t *testing.T) {
	h := open(t, Options{Instances: 1})
	_, err := ask(context.Background(), h, []byte("trap"))
	if !errors.Is(err, ErrGuest) || !strings.Contains(err.Error(), "a fault that the test asked for") {
		t.Errorf("%v, want ErrGuest with the guest's words", err)
	}
	solves(t, h)
}

func TestMemoryLimit(t *testing.T) {
	const limit = 256 << 20
	h := open(t, Options{Instances: 1, MemoryLimit: limit})
	before, peak := resident(t), watchResident(t)
	_, err := ask(context.Background(), h, []byte("memory"))
	if most := peak(); most > before+limit+limit/8 {
		t.Errorf("resident memory went from %d to %d MB with a limit of %d", before>>20, most>>20, limit>>20)
	} else {
		t.Logf("resident memory went from %d to %d MB with a limit of %d", before>>20, most>>20, limit>>20)
	}
	if !errors.Is(err, ErrGuest) || !errors.Is(err, ErrMemory) {
		t.Errorf("%v, want ErrMemory", err)
	}
	solves(t, h)
}

// late is how much later than its deadline a call may end. On a machine that is busy
// with other things a thread waits for a core as long again, so that one call in
// some is asked for, and all to be far from what a start of a guest takes.
const late = 50 * time.Millisecond

// checkLate reports calls of which none ended in time.
func checkLate(t *testing.T, deadline time.Duration, took []time.Duration) {
	t.Helper()
	if best := slices.Min(took); best > deadline+late {
		t.Errorf("calls with a deadline of %v took %v, want at most %v", deadline, took, deadline+late)
	}
}

// An endless loop ends at its deadline.
func TestDeadline(t *testing.T) {
	const deadline = 100 * time.Millisecond
	h := open(t, Options{Instances: 1})
	var times []time.Duration
	for range 4 {
		in, err := h.take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		began := time.Now()
		_, err = in.exchange(ctx, []byte("loop"))
		took := time.Since(began)
		cancel()
		h.put(in)
		if times = append(times, took); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want DeadlineExceeded", err)
		}
	}
	checkLate(t, deadline, times)
	solves(t, h)
	h.options.Deadline = time.Microsecond
	if _, err := h.Solve(context.Background(), []Puzzle{{Text: easy}}, SolveOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want DeadlineExceeded", err)
	}
	h.options.Deadline = time.Minute
	solves(t, h)
}

// A puzzle that comes after one whose guest was thrown away has no longer than its
// deadline either, though another guest has to be started.
func TestDeadlineAfterAFailure(t *testing.T) {
	h := open(t, Options{Instances: 1})
	h.options.Deadline = 20 * time.Millisecond
	var times []time.Duration
	for i := range 5 {
		began := time.Now()
		_, err := h.Solve(context.Background(), []Puzzle{{Text: hard}}, SolveOptions{Attempts: 100_000})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("puzzle %d: %v, want DeadlineExceeded", i, err)
		}
		if i > 0 { // another guest has to be started
			times = append(times, time.Since(began))
		}
	}
	checkLate(t, h.options.Deadline, times)
	h.options.Deadline = time.Minute
	solves(t, h)
}

func TestCancel(t *testing.T) {
	h := open(t, Options{Instances: 1})
	ctx, cancel := context.WithCancelCause(context.Background())
	mine := errors.New("changed my mind")
	time.AfterFunc(50*time.Millisecond, func() { cancel(mine) })
	if _, err := ask(ctx, h, []byte("loop")); !errors.Is(err, mine) {
		t.Errorf("%v, want the cause of the cancellation", err)
	}
	if _, err := h.Solve(ctx, []Puzzle{{Text: easy}}, SolveOptions{}); !errors.Is(err, mine) {
		t.Errorf("%v, want the cause of the cancellation", err)
	}
	solves(t, h)
}

func TestClose(t *testing.T) {
	h := open(t, Options{Instances: 2})
	solves(t, h)
	for range 2 {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Solve(context.Background(), []Puzzle{{Text: easy}}, SolveOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

// Rows and columns go in and come out, with a guest and a host that both speak of
// them; the others go on without.
func TestShapes(t *testing.T) {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 6, SeqLen: 16, Hidden: 16, Heads: 1, Expansion: 4, InterSize: 32,
		LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.NoPos, Conv: 3, Mixing: runtime.NoMixing,
		HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task = "maze"
	path := filepath.Join(t.TempDir(), "maze.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, Options{Model: model, Instances: 1})
	if i := h.Info(); i.Rows != 4 || i.Cols != 4 || !i.AnyShape {
		t.Errorf("%+v", i)
	}
	data, err := ask(t.Context(), h, (&abi.Request{Op: abi.OpInfo}).Encode())
	if reply, bad := abi.DecodeReply(data); err != nil || bad != nil || reply.Info.SeqLen != 16 || reply.Info.Rows != 0 {
		t.Errorf("an older host is told %+v, %v, %v", reply, err, bad)
	}
	results, err := h.Solve(t.Context(), []Puzzle{
		{Text: "S  #        #  G"}, {Text: "S    G\n# ## #\n#    #"}, {Text: "S    G# ## ##    #", Rows: 3, Cols: 6},
		{Tokens: []int32{3, 2, 2, 2, 2, 4, 1, 2, 1, 1, 2, 1, 1, 2, 2, 2, 2, 1}, Rows: 3, Cols: 6}, {Text: "S    G# ## ##    #"}, {Text: "S G", Rows: 1 << 20, Cols: 1 << 20},
	}, SolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Error != nil || r.Rows != 4 || r.Cols != 4 || len(r.Answer) != 16 {
		t.Errorf("%+v", r)
	}
	for i := 1; i <= 3; i++ {
		if r := results[i]; r.Error != nil || r.Rows != 3 || r.Cols != 6 || r.Answer != results[1].Answer || len(r.Answer) != 18 {
			t.Errorf("%d: %+v", i, r)
		}
	}
	for i := 4; i < 6; i++ {
		if r := results[i]; r.Error == nil || r.Error.Kind != abi.KindPuzzle {
			t.Errorf("%d: %+v", i, r)
		}
	}
	older := &instance{version: abi.Version}
	if _, err := older.do(t.Context(), &abi.Request{Op: abi.OpSolve, Puzzles: []Puzzle{{Text: "S G", Rows: 1, Cols: 3}}}); !errors.Is(err, ErrModule) {
		t.Errorf("rows for a guest that does not know them: %v", err)
	}
}
