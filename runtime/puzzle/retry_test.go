package puzzle

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// certain returns logits [81, 11] that are sure of an answer.
func certain(answer []int32) []float32 {
	logits := make([]float32, SudokuCells*11)
	for i, t := range answer {
		logits[i*11+int(t)] = 100
	}
	return logits
}

func TestRetryGuessesAndIsUndone(t *testing.T) {
	q, a := mustEncode(t, Sudoku{}, easyQ), mustEncode(t, Sudoku{}, easyA)
	asked := slices.Clone(q)
	guesses := map[int]int{}
	for seed := range uint64(200) {
		form, back := Sudoku{}.Retry(q, certain(a), seed)
		logits := certain(form) // as if the form were its own answer
		back(form, logits)
		n := 0
		for i := range q {
			if form[i] != q[i] {
				if q[i] != SudokuBlank || form[i] != a[i] {
					t.Fatalf("seed %d: cell %d became %d of %d, want a blank filled with %d", seed, i, form[i], q[i], a[i])
				}
				n++
			}
		}
		if !slices.Equal(logits, certain(form)) {
			t.Fatalf("seed %d: the logits were not turned as the answer was", seed)
		}
		guesses[n]++
	}
	if !slices.Equal(q, asked) {
		t.Error("the puzzle was changed")
	}
	if guesses[0] != 0 || len(guesses) != maxGuesses {
		t.Errorf("guesses by number: %v, want 1 to %d", guesses, maxGuesses)
	}
	if a, b := first(Sudoku{}.Retry(q, certain(a), 5)), first(Sudoku{}.Retry(q, certain(a), 5)); !slices.Equal(a, b) {
		t.Error("one seed gives two forms")
	}
}

func first(form []int32, _ func([]int32, []float32)) []int32 { return form }

// Logits that want what the rules forbid, or that are no numbers, make no
// guess that the rules refuse, and nothing panics.
func TestRetryGuessesWithinTheRules(t *testing.T) {
	q := mustEncode(t, Sudoku{}, easyQ)
	nan := make([]float32, SudokuCells*11)
	for i := range nan {
		nan[i] = float32(math.NaN())
	}
	wrong := make([]int32, SudokuCells)
	for i := range wrong {
		wrong[i] = 7
	}
	for _, logits := range [][]float32{nan, certain(wrong), make([]float32, SudokuCells*11)} {
		for seed := range uint64(100) {
			form, _ := Sudoku{}.Retry(q, logits, seed)
			if c := conflict(form); c != nil {
				t.Fatalf("seed %d: %v", seed, c)
			}
		}
	}
	full := mustEncode(t, Sudoku{}, easyA)
	if form, back := (Sudoku{}).Retry(full, nan, 1); conflict(form) != nil {
		t.Error("a full grid was changed")
	} else if back(form, nil); !slices.Equal(form, full) {
		t.Error("a full grid did not come back")
	}
}

func TestDrawDigitFollowsTheProbabilities(t *testing.T) {
	logits := make([]float32, 11)
	logits[3], logits[5] = float32(math.Log(30)), float32(math.Log(10)) // of 30+10+9 with padding and blank's 1 each
	rng := rand.New(rand.NewPCG(1, 1))
	var n [11]int
	for range 20000 {
		d, _ := drawDigit(logits, 1<<SudokuBlank, rng)
		n[d]++
	}
	for digit, want := range map[int]float64{3: 30. / 47, 5: 10. / 47, 2: 1. / 47} {
		if got := float64(n[digit]) / 20000; math.Abs(got-want) > 0.015 {
			t.Errorf("token %d was drawn in %.3f of the cases, want %.3f", digit, got, want)
		}
	}
}
