package gpu_test

import (
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// setting returns a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number from 1 on", name, text)
	}
	return n
}

// TestAnswers solves sudokus with the embedded model in each format: the same
// answers after the same number of segments as on the CPU with the same
// numbers, for every puzzle that halts. One that does not halt wanders: when
// its start is perturbed by 1e-6, one or two answers in 500 change on the CPU
// alone after 16 segments, so one in a hundred of those may be another.
// HRM_PUZZLES says how many, the easiest of the validation set, which halt
// soonest, where it is there and generated ones otherwise; HRM_SEGMENTS limits
// the segments of each.
func TestAnswers(t *testing.T) {
	d := open(t)
	n := setting(t, "HRM_PUZZLES", 8)
	o := runtime.Options{Lanes: 32, MaxSegments: setting(t, "HRM_SEGMENTS", 3)}
	in := sudokus(t, n)
	n = len(in)
	m, err := native.Default()
	check(t, err)
	for _, f := range []quantize.Format{quantize.F32, quantize.F16, quantize.I8} {
		t.Run(f.String(), func(t *testing.T) {
			packed, plain := converted(t, m, f)
			onGPU, err := gpu.New(d, packed)
			check(t, err)
			defer onGPU.Close()
			got, err := runtime.Solve(t.Context(), onGPU, in, o)
			check(t, err)
			want := onCPU(t, plain, in, o)
			halted, wandered := 0, 0
			for i := range in {
				check(t, errors.Join(got[i].Err, want[i].Err))
				if want[i].Halted {
					halted++
				}
				switch {
				case slices.Equal(got[i].Tokens, want[i].Tokens) && got[i].Segments == want[i].Segments:
				case want[i].Halted || got[i].Halted:
					t.Errorf("puzzle %d: another answer or other segments than on the CPU", i)
				default:
					wandered++
				}
			}
			t.Logf("%d puzzles: %d halted, %d without halting have another answer than on the CPU", n, halted, wandered)
			if wandered > n/100 {
				t.Errorf("%d of %d puzzles have another answer than on the CPU, want at most %d", wandered, n, n/100)
			}
		})
	}
}

// onCPU solves on the processor.
func onCPU(t *testing.T, m *runtime.Model, in []runtime.Input, o runtime.Options) []runtime.Result {
	t.Helper()
	b, err := cpu.New(m, cpu.Options{})
	check(t, err)
	defer b.Close()
	r, err := runtime.Solve(t.Context(), b, in, o)
	check(t, err)
	return r
}

// sudokus returns n questions of the validation set, or of generated ones.
func sudokus(t *testing.T, n int) []runtime.Input {
	t.Helper()
	if path := shared.Find("data", "sudoku", "valid.csv.gz"); path != "" {
		return validation(t, path, n)
	}
	in := make([]runtime.Input, n)
	r := random(11)
	for i := range in {
		s := data.Ordinary(28, r)
		in[i].Tokens = s.Question.Tokens()
	}
	return in
}

func validation(t *testing.T, path string, n int) []runtime.Input {
	f, err := os.Open(path)
	check(t, err)
	defer f.Close()
	r, err := puzzle.NewReader(f, puzzle.Sudoku{})
	check(t, err)
	var all []puzzle.Puzzle
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		check(t, err)
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b puzzle.Puzzle) int { return cmp.Compare(a.Rating, b.Rating) })
	in := make([]runtime.Input, min(n, len(all)))
	for i := range in {
		in[i].Tokens = all[i].Question
	}
	return in
}
