package hrm_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// The sample in README.md is the Example, without the handling of errors.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	sample, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README.md has no sample in Go")
	}
	code := strings.ReplaceAll(string(source), "context.Background()", "ctx")
	for line := range strings.Lines(sample) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " //")
		if line != "..." && !strings.Contains(code, line) {
			t.Errorf("%q is not in the example", line)
		}
	}
}

// What README.md promises of the sample: ordinary sudokus, and, where they lie beside
// the checkout, hard ones.
func TestSample(t *testing.T) {
	s, err := hrm.Open("sudoku")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	valid, first := count(t, s, ordinary(100))
	t.Logf("ordinary: %d of 100, %d in the first pass", valid, first)
	if valid != 100 || first < 96 {
		t.Errorf("ordinary: %d of 100, %d in the first pass, want 100 and 96", valid, first)
	}
	if hard := hard(t, 10); len(hard) > 0 {
		valid, first := count(t, s, hard)
		t.Logf("hard: %d of %d, %d in the first pass", valid, len(hard), first)
		if valid < len(hard)*9/10 || first == len(hard) {
			t.Errorf("hard: %d of %d, %d in the first pass", valid, len(hard), first)
		}
	}
}

func count(t *testing.T, s *hrm.Solver, texts []string) (valid, first int) {
	for a, err := range s.SolveAll(t.Context(), func(yield func(string) bool) {
		for _, text := range texts {
			if !yield(text) {
				return
			}
		}
	}) {
		if err != nil {
			t.Error(err)
		}
		if a.Valid {
			valid++
		}
		if a.FirstValid {
			first++
		}
	}
	return valid, first
}

// ordinary returns generated sudokus of 28 to 36 clues, as newspapers print them.
func ordinary(n int) []string {
	rng, texts := rand.New(rand.NewPCG(4, 2)), make([]string, n)
	for i := range texts {
		var text strings.Builder
		for _, digit := range data.Ordinary(28+i%9, rng).Question {
			text.WriteByte(".123456789"[digit])
		}
		texts[i] = text.String()
	}
	return texts
}

// hard returns some of the validation set, none where it does not lie beside the
// checkout.
func hard(t *testing.T, n int) (texts []string) {
	path := shared.Find("data", "sudoku", "valid.csv.gz")
	if path == "" {
		return nil
	}
	r, err := puzzle.Open(path, puzzle.Sudoku{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := 0; len(texts) < n; i++ {
		p, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if i%180 == 0 {
			texts = append(texts, puzzle.Sudoku{}.Decode(p.Question))
		}
	}
	return texts
}
