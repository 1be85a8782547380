package runtime

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func candidateConfig() Config {
	return Config{
		Family: TRM, VocabSize: 11, SeqLen: 81, Hidden: 8, Heads: 1, InterSize: 32, Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1,
		Positions: NoPos, Mixing: CandidateMixing, HaltPool: SoftMin, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 1e4,
	}
}

func TestCandidatesThatDoNotFit(t *testing.T) {
	for want, change := range map[string]func(c *Config){
		"square grid with boxes":    func(c *Config) { c.SeqLen, c.Cols = 80, 10 },
		"a token for each of 16":    func(c *Config) { c.SeqLen = 256 },
		"puzzle_emb_len":            func(c *Config) { c.PuzzleEmbLen = 1 },
		"pos_encodings is \"rope\"": func(c *Config) { c.Positions = Rope },
		"conv is 3":                 func(c *Config) { c.Conv = 3 },
		"halt_pool must be softmin": func(c *Config) { c.HaltPool = FirstPosition },
		"relations need attention":  func(c *Config) { c.Relations = "sudoku" },
	} {
		c := candidateConfig()
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Validate(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want ErrConfig with %q", err, want)
		}
	}
}

// The same model takes a sudoku of any size, whatever its own.
func TestCandidatesOfOtherSizes(t *testing.T) {
	c := candidateConfig()
	for side, want := range map[int]string{4: "", 6: "", 8: "", 9: "", 10: "", 16: "", 25: "", 5: "no boxes", 26: "at most 25 x 25"} {
		err := c.Check(Input{Tokens: make([]int32, side*side), Rows: side, Cols: side})
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrInput) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d x %d: got %v, want %q", side, side, err, want)
		}
	}
	in := Input{Tokens: make([]int32, 16), Rows: 4, Cols: 4}
	in.Tokens[3] = 6 // 5 in a grid of 4 digits
	if err := c.Check(in); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "want 0 to 5") {
		t.Errorf("digit 5 in 4 x 4: got %v", err)
	}
}

func TestCandidateRolesAndLogits(t *testing.T) {
	c, s := candidateConfig(), Shape{4, 4}
	tokens := make([]int32, 16)
	tokens[0], tokens[1] = 1, 3 // blank, and the second digit
	var rows []int
	for position := range 8 {
		parts := c.Parts(tokens, s, position)
		rows = append(rows, parts.Rows()...)
	}
	if want := []int{0, 0, 0, 0, 2, 1, 2, 2}; !slices.Equal(rows, want) {
		t.Errorf("rows of the embedding %v, want %v", rows, want)
	}
	logits := make([]float32, 8)
	CandidateLogits(&c, logits, []float32{1, 2, 3, 4})
	if want := []float32{NoLogit, NoLogit, 1, 2, 3, 4, NoLogit, NoLogit}; !slices.Equal(logits, want) {
		t.Errorf("logits %v, want %v", logits, want)
	}
	for tokens, want := range map[int]int{16: 11, 81: 11, 256: 18, 625: 27, 1 << 16: 27} {
		if got := c.Vocabulary(tokens); got != want {
			t.Errorf("%d tokens have logits for %d, want %d", tokens, got, want)
		}
	}
	for token, want := range map[int32]bool{0: false, 1: false, 2: true, 5: true, 6: false} {
		if c.CanSay(s, token) != want {
			t.Errorf("token %d may be said: %v", token, !want)
		}
	}
}
