package runtime_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

var errGone = errors.New("device gone")

// fragile is a backend that is gone after a number of calls of its batches.
type fragile struct {
	runtime.Backend
	left *int
}

func (f fragile) Name() string { return "fragile" }

func (f fragile) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	b, err := f.Backend.NewBatch(lanes, tokens)
	return fragileBatch{b, f.left}, err
}

type fragileBatch struct {
	runtime.Batch
	left *int
}

func (f fragileBatch) gone() bool { *f.left--; return *f.left < 0 }

func (f fragileBatch) Reset(lane int, in runtime.Input) error {
	if f.gone() {
		return errGone
	}
	return f.Batch.Reset(lane, in)
}

func (f fragileBatch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	if f.gone() {
		return errGone
	}
	return f.Batch.Step(ctx, lanes, out)
}

func fallbackModel(t *testing.T) *runtime.Model {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 5, SeqLen: 9, Hidden: 8, Heads: 2, Expansion: 0.5, LLayers: 1, HCycles: 1, LCycles: 1,
		Positions: runtime.Rope, HaltMaxSteps: 5, NormEps: 1e-5, RopeTheta: 10000,
	}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.QHead.F32 {
		m.QHead.F32[i] = float32(i%7) - 3
	}
	m.QBias[0] = 0
	return m
}

func fallbackInputs(n int) []runtime.Input {
	in := make([]runtime.Input, n)
	for i := range in {
		in[i] = runtime.Input{Tokens: make([]int32, 9), Noise: 0.2, Seed: uint64(i)}
		for j := range in[i].Tokens {
			in[i].Tokens[j] = int32((i*j + i) % 5)
		}
	}
	return in
}

func newCPU(t *testing.T, m *runtime.Model) runtime.Backend {
	b, err := cpu.New(m, cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whichever call fails first, every answer is the one without a failure.
func TestFallbackGivesTheSameAnswers(t *testing.T) {
	m, in := fallbackModel(t), fallbackInputs(7)
	o := runtime.Options{Lanes: 3}
	want, err := runtime.Solve(t.Context(), newCPU(t, m), in, o)
	if err != nil {
		t.Fatal(err)
	}
	for calls := range 30 {
		left := calls
		b := runtime.Fallback(fragile{newCPU(t, m), &left}, newCPU(t, m))
		got, err := runtime.Solve(t.Context(), b, in, o)
		if err != nil {
			t.Fatalf("failure after %d calls: %v", calls, err)
		}
		for i := range in {
			if !slices.Equal(got[i].Tokens, want[i].Tokens) || got[i].Segments != want[i].Segments {
				t.Errorf("failure after %d calls: puzzle %d has another answer", calls, i)
			}
		}
		if failed := left < 0; failed == (b.Name() == "fragile") {
			t.Errorf("failure after %d calls: the backend is %q", calls, b.Name())
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// There is one retry: when the second fails too, so does the step.
func TestFallbackOnce(t *testing.T) {
	m := fallbackModel(t)
	left := 1
	b := runtime.Fallback(fragile{newCPU(t, m), &left}, fragile{newCPU(t, m), &left})
	defer b.Close()
	_, err := runtime.Solve(t.Context(), b, fallbackInputs(2), runtime.Options{Lanes: 2})
	if !errors.Is(err, errGone) {
		t.Fatalf("got %v, want %v", err, errGone)
	}
}

// A caller's mistake and a cancelled context are no failure of the backend.
func TestFallbackKeepsTheFirst(t *testing.T) {
	m := fallbackModel(t)
	left := 1 << 30
	b := runtime.Fallback(fragile{newCPU(t, m), &left}, newCPU(t, m))
	defer b.Close()
	batch, err := b.NewBatch(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Close()
	in := fallbackInputs(1)[0]
	if err := batch.Reset(0, in); err != nil {
		t.Fatal(err)
	}
	var out runtime.Output
	if err := batch.Step(t.Context(), []int{1}, &out); err == nil {
		t.Error("a step of an empty lane")
	}
	if err := batch.Reset(0, runtime.Input{}); !errors.Is(err, runtime.ErrInput) {
		t.Errorf("got %v, want ErrInput", err)
	}
	if err := batch.Reset(0, in); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := batch.Step(ctx, []int{0}, &out); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if b.Name() != "fragile" {
		t.Errorf("the backend is %q", b.Name())
	}
}

// noBatch is gone when a batch is asked for.
type noBatch struct{ runtime.Backend }

func (noBatch) Name() string                             { return "fragile" }
func (noBatch) NewBatch(int, int) (runtime.Batch, error) { return nil, errGone }

// A first that can hold no batch has failed, unless the other cannot either.
func TestFallbackWithoutABatch(t *testing.T) {
	m := fallbackModel(t)
	b := runtime.Fallback(noBatch{newCPU(t, m)}, newCPU(t, m))
	defer b.Close()
	if _, err := b.NewBatch(0, 0); err == nil || b.Name() != "fragile" {
		t.Errorf("a batch of no lanes: %v, on %s", err, b.Name())
	}
	batch, err := b.NewBatch(1, 0)
	if err != nil || b.Name() == "fragile" {
		t.Fatalf("got %v, on %s", err, b.Name())
	}
	if err := batch.Close(); err != nil {
		t.Error(err)
	}
}

// slow takes its time for a step.
type slow struct{ runtime.Backend }

type slowBatch struct{ runtime.Batch }

func (s slow) Name() string { return "slow" }

func (s slow) NewBatch(n, tokens int) (runtime.Batch, error) {
	b, err := s.Backend.NewBatch(n, tokens)
	return slowBatch{b}, err
}

func (s slowBatch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	time.Sleep(50 * time.Millisecond)
	return s.Batch.Step(ctx, lanes, out)
}

// The faster wins a race, and one that works against one that does not.
func TestRace(t *testing.T) {
	m := fallbackModel(t)
	none := 0
	fast := newCPU(t, m)
	for _, c := range []struct {
		name        string
		first, then runtime.Backend
		wins        bool
		why         string
	}{
		{"first is faster", fast, slow{fast}, true, "a segment of 2 puzzles takes"},
		{"then is faster", slow{fast}, fast, false, "on slow"},
		{"first fails", fragile{fast, &none}, slow{fast}, false, "fragile: device gone"},
	} {
		r, err := runtime.Race(t.Context(), c.first, c.then, 2)
		if err != nil || r.FirstWins != c.wins || !strings.Contains(r.Why, c.why) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
	if _, err := runtime.Race(t.Context(), fast, fragile{fast, &none}, 1); !errors.Is(err, errGone) {
		t.Errorf("then fails: got %v, want %v", err, errGone)
	}
}
