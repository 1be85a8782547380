package runtime

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func colourConfig() Config {
	return Config{
		Family: TRM, VocabSize: 29, SeqLen: 35, Cols: 5, Hidden: 8, Heads: 1, InterSize: 32, Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1, Conv: 3,
		PuzzleEmbDim: 96, NumPuzzles: 3, Positions: NoPos, Mixing: ColourMixing, HaltPool: SoftMin, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 1e4,
	}
}

func TestColoursThatDoNotFit(t *testing.T) {
	for want, change := range map[string]func(c *Config){
		"rows below a legend of 10": func(c *Config) { c.SeqLen = 10 },
		"vocab_size is 12":          func(c *Config) { c.VocabSize = 12 },
		"puzzle_emb_len 0":          func(c *Config) { c.PuzzleEmbLen = 1 },
		"12 * 8":                    func(c *Config) { c.PuzzleEmbDim = 8 },
		"pos_encodings is \"rope\"": func(c *Config) { c.Positions = Rope },
		"halt_pool must be softmin": func(c *Config) { c.HaltPool = FirstPosition },
		"conv":                      func(c *Config) { c.Conv = 2 },
	} {
		c := colourConfig()
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Validate(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want ErrConfig with %q", err, want)
		}
	}
	c := colourConfig()
	if err := c.Check(Input{Tokens: make([]int32, 12), Rows: 3, Cols: 4}); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "a legend takes 12 tokens") {
		t.Errorf("a legend alone: %v", err)
	}
	if err := c.Check(Input{Tokens: make([]int32, 30), Rows: 10, Cols: 3}); err != nil {
		t.Error(err)
	}
}

// P is enough for every grid of as many tokens.
func TestPositionsOfColours(t *testing.T) {
	c := colourConfig()
	for s, want := range map[Shape]int{{7, 5}: 275, {6, 3}: 66, {2, 17}: 187, {35, 1}: 275} {
		if got := c.PositionsOf(s); got != want || got > c.P() {
			t.Errorf("%v has %d positions, want %d, at most %d", s, got, want, c.P())
		}
	}
}

func TestColourParts(t *testing.T) {
	c, s := colourConfig(), Shape{4, 5}
	tokens := make([]int32, 20)
	tokens[0] = LegendTurned + 3
	for i, colour := range []int32{2, 1, 3, 4, 5, 6, 7, 8, 9} { // 2 stands for colour 1 of the puzzle, and 1 for 2
		tokens[1+i] = LegendPainted + colour - 1
	}
	tokens[10], tokens[11], tokens[12], tokens[13] = FirstColour, FirstColour+1, FirstColour+2, 0
	type parts struct{ rows, blocks []int }
	for at, want := range map[[2]int]parts{
		{0, 0}: {[]int{roleGiven, rowTurned + 3, rowEnd}, []int{0, 11}},
		{0, 2}: {[]int{roleOther, rowTurned + 3}, []int{3, 11}},
		{1, 1}: {[]int{roleGiven, rowTurned + 3, rowBlack}, []int{1, 11}},
		{2, 2}: {[]int{roleGiven, rowTurned + 3}, []int{3, 11}},
		{2, 3}: {[]int{roleOther, rowTurned + 3}, []int{2, 11}},
		{3, 9}: {[]int{roleNothing, rowTurned + 3}, []int{9, 11}},
	} {
		p := c.Parts(tokens, s, at[0]*NumColours+at[1])
		var blocks []int
		p.EachBlock(func(b int) { blocks = append(blocks, b) })
		if !slices.Equal(p.Rows(), want.rows) || !slices.Equal(blocks, want.blocks) {
			t.Errorf("cell %d, candidate %d: rows %v, blocks %v; want %v", at[0], at[1], p.Rows(), blocks, want)
		}
	}
}
