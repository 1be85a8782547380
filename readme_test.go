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

// The samples in Go of the documents are lines of examples, without the handling of
// errors.
func TestSamples(t *testing.T) {
	for _, page := range []struct {
		name    string
		samples int
		sources []string
	}{
		{"README.md", 1, []string{"example_test.go"}},
		{"docs/gpu.md", 1, []string{"gpu/example_test.go"}},
		{"docs/wasm.md", 2, []string{"wasm/host/example_test.go", "wasm/clients/extism_test.go"}},
	} {
		parts := strings.Split(read(t, page.name), "```go\n")[1:]
		if len(parts) != page.samples {
			t.Errorf("%s has %d samples in Go, want %d", page.name, len(parts), page.samples)
		}
		var code strings.Builder
		for _, name := range page.sources {
			code.WriteString(strings.ReplaceAll(read(t, name), "context.Background()", "ctx"))
		}
		for _, part := range parts {
			sample, _, _ := strings.Cut(part, "```")
			for line := range strings.Lines(sample) {
				line, _, _ = strings.Cut(line, " //")
				if line = strings.TrimSpace(line); line != "..." && !strings.Contains(code.String(), line) {
					t.Errorf("%s: %q is in none of %v", page.name, line, page.sources)
				}
			}
		}
	}
}

// The output that README.md shows is that of its command.
func TestReadmeOutput(t *testing.T) {
	s, err := hrm.Open("sudoku")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, err := s.Solve(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for line := range strings.Lines(read(t, "README.md")) {
		if strings.HasPrefix(line, "    │") {
			for _, digit := range line {
				if digit >= '1' && digit <= '9' {
					shown.WriteRune(digit)
				}
			}
		}
	}
	if shown.String() != a.Text || !strings.Contains(read(t, "README.md"), question) {
		t.Errorf("README.md shows %s, want %s and its question", &shown, a.Text)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
