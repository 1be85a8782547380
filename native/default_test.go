package native

import (
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/native/embedded"
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

// Generated sudokus of 28 to 36 givens, as newspapers print them.
func TestDefaultSolvesOrdinarySudokus(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	b, err := cpu.New(m, cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const n = 50
	rng, in := rand.New(rand.NewPCG(4, 2)), make([]runtime.Input, n)
	for i := range in {
		q := data.Ordinary(28+i%9, rng).Question
		in[i].Tokens = make([]int32, len(q))
		for k, digit := range q {
			in[i].Tokens[k] = int32(digit) + puzzle.SudokuBlank
		}
	}
	results, err := runtime.Solve(t.Context(), b, in, runtime.Options{})
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
