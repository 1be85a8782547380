package native

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

func TestDefaultSaysHowItWasMade(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if m.Task != "sudoku" || len(embedded.Model) > 4<<20 {
		t.Errorf("task %q, %d bytes, want sudoku and at most 4 MiB", m.Task, len(embedded.Model))
	}
	for _, key := range []string{"preset", "steps", "seed", "data_sha256", "validation_exact_accuracy", "validation_setting", "licence"} {
		if m.Meta[key] == "" {
			t.Errorf("the header does not say %s", key)
		}
	}
}

// ordinary returns n generated sudokus of 28 to 36 givens, as newspapers print them.
func ordinary(n int) []runtime.Input {
	rng, in := rand.New(rand.NewPCG(4, 2)), make([]runtime.Input, n)
	for i := range in {
		q := data.Ordinary(28+i%9, rng).Question
		in[i].Tokens = make([]int32, len(q))
		for k, digit := range q {
			in[i].Tokens[k] = int32(digit) + puzzle.SudokuBlank
		}
	}
	return in
}

func backend(t *testing.T, m *runtime.Model) *cpu.Backend {
	t.Helper()
	b, err := cpu.New(m, cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestDefaultSolvesOrdinarySudokus(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	const n = 50
	in := ordinary(n)
	results, err := runtime.Solve(t.Context(), backend(t, m), in, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	solved := 0
	for i, r := range results {
		if (puzzle.Sudoku{}).Check(in[i].Tokens, r.Tokens) == nil {
			solved++
		}
	}
	if solved < n*96/100 {
		t.Errorf("%d of %d solved", solved, n)
	}
}

// The embedded model is what hrm quantize made of float32.hrm: over puzzles that
// settle it thinks the same.
func TestDefaultIsNearFloat32(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	f, file, err := Open(filepath.Join("embedded", "float32.hrm"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := m.LLevel[0].Down.Format; got != quantize.I8 {
		t.Errorf("the embedded model is %v, want %v", got, quantize.I8)
	}
	const n, segments = 50, 2
	a, err := runtime.Compare(t.Context(), backend(t, f), backend(t, m), ordinary(n), segments)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v, %d halt alike, %d answers", a.Segments, a.SameHalt, a.SameEnd)
	if a.SameHalt < n*98/100 || a.SameEnd < n*98/100 {
		t.Errorf("of %d puzzles %d halt alike, %d have the same answer", n, a.SameHalt, a.SameEnd)
	}
	for i, s := range a.Segments {
		if min(s.HMean, s.LMean) < 0.998 {
			t.Errorf("segment %d: cosines %v, want 0.998", i+1, s)
		}
	}
}
