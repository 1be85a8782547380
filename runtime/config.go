// Package runtime is what a Hierarchical Reasoning Model is: its
// configuration, its weights, the backend that runs a segment, and the loop
// that solves puzzles with it. It knows tokens, not text, and no backend.
package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// ErrConfig is wrapped by every error about a configuration.
var ErrConfig = errors.New("invalid model configuration")

// Family names the two kinds of model.
type Family string

const (
	HRM Family = "hrm" // two levels of their own weights, q_halt and q_continue
	TRM Family = "trm" // one level that plays both, q_halt alone
)

// Positions names how positions are told apart.
type Positions string

const (
	Rope    Positions = "rope"    // rotary embedding of queries and keys
	Rope2D  Positions = "rope2d"  // half of a head's channels turn by row, half by column
	Learned Positions = "learned" // a table [P, D] added to the input embedding
	NoPos   Positions = "none"    // nothing (TRM)
)

// HaltPool says how the halting head comes to one number of all positions.
type HaltPool string

const (
	// FirstPosition is the references': q = zH[0] . w + bias. Position 0 must hear of
	// all others, as it does with attention.
	FirstPosition HaltPool = ""
	// SoftMin asks every token by itself, and the least sure ones decide:
	//
	//	q_i = zH[prefix + i] . w + bias
	//	q   = -log(mean over tokens i of exp(-q_i))
	//
	// It is for models that mix near positions alone, and for any size: where all
	// q_i are equal, so is q.
	SoftMin HaltPool = "softmin"
)

// HaltRule says what the halting head's two numbers decide.
type HaltRule string

const (
	FamilyRule       HaltRule = ""                    // HRM as HaltOverContinue, TRM as HaltPositive
	HaltPositive     HaltRule = "q_halt > 0"          // the references' no_ACT_continue: True
	HaltOverContinue HaltRule = "q_halt > q_continue" // no_ACT_continue: False
)

// NumRelations is the number of relation classes between two positions, the
// columns of a layer's relation bias. See Config.Relation.
const NumRelations = 8

// Config is the shape of a model. The names in its map form (Map,
// ParseConfig) are those of the reference's all_config.yaml.
type Config struct {
	Family       Family
	VocabSize    int
	SeqLen       int // S: tokens of a puzzle
	Cols         int // columns of the grid of tokens; 0: see Grid
	NumPuzzles   int // rows of the puzzle table
	PuzzleEmbDim int // columns of the puzzle table; 0: no table and no HRM prefix
	PuzzleEmbLen int // prefix positions; 0: ceil(PuzzleEmbDim / Hidden)
	Hidden       int // D
	Heads        int
	Expansion    float64
	InterSize    int // I, the width of the SwiGLU; 0: by Expansion
	HLayers      int // HRM only: TRM has one level, of LLayers
	LLayers      int
	HCycles      int
	LCycles      int
	Positions    Positions
	Conv         int    // side k of a depthwise convolution before positions are mixed, odd; 0: none
	Mixing       Mixing // of positions
	Relations    string // "" or "sudoku": attention has a learned bias per head and relation class
	HaltMaxSteps int    // segments that training allowed
	HaltRule     HaltRule
	HaltPool     HaltPool // what the halting head looks at
	NormEps      float64
	RopeTheta    float64
}

// Prefix returns the number of positions before the tokens.
func (c *Config) Prefix() int {
	if c.Mixing == ColourMixing {
		return 0 // its row of the table is in every position
	}
	if c.PuzzleEmbLen > 0 || c.PuzzleEmbDim == 0 {
		return c.PuzzleEmbLen
	}
	return (c.PuzzleEmbDim + c.Hidden - 1) / c.Hidden
}

// P returns the positions of a puzzle: prefix + S, or see Candidates. No puzzle of as many
// tokens has more.
func (c *Config) P() int {
	if c.Mixing == ColourMixing {
		return (c.SeqLen - LegendLen) * NumColours
	}
	return c.PositionsOf(c.Grid())
}

// HeadDim returns D / heads.
func (c *Config) HeadDim() int { return c.Hidden / c.Heads }

// Inter returns the width I of the SwiGLU over channels.
func (c *Config) Inter() int {
	if c.InterSize > 0 {
		return c.InterSize
	}
	return interWidth(c.Expansion, c.Hidden)
}

// InterT returns the width of the SwiGLU over positions.
func (c *Config) InterT() int { return interWidth(c.Expansion, c.P()) }

// interWidth is round(expansion * n * 2/3), half to even as in Python, rounded
// up to a multiple of 256.
func interWidth(expansion float64, n int) int {
	w := int(math.RoundToEven(expansion * float64(n) * 2 / 3))
	return (w + 255) / 256 * 256
}

// Level is one of the two recurrent states, and the network that updates it.
type Level uint8

const (
	L Level = iota // low: fast, detailed
	H              // high: slow, abstract
)

func (l Level) String() string { return [...]string{"L", "H"}[l] }

// Pass is one application of a level's network:
//
//	L: zL <- L(zL + zH + x)
//	H: zH <- H(zH + zL)        (TRM: the same network L)
type Pass struct {
	Level Level
	Grad  bool // training differentiates through this pass
}

// Passes returns the order of passes in one segment. Every backend and the
// trainer follow it. HRM differentiates the last L and the last H pass, TRM
// the whole last H cycle.
func (c *Config) Passes() []Pass {
	var passes []Pass
	for h := 1; h <= c.HCycles; h++ {
		last := h == c.HCycles
		for l := 1; l <= c.LCycles; l++ {
			passes = append(passes, Pass{L, last && (c.Family == TRM || l == c.LCycles)})
		}
		passes = append(passes, Pass{H, last})
	}
	return passes
}

// Layers returns the number of layers in the network of a level.
func (c *Config) Layers(l Level) int {
	if l == H && c.Family == HRM {
		return c.HLayers
	}
	return c.LLayers
}

// interUnit divides every width of a SwiGLU: kernels take so many channels at once.
const interUnit = 32

// Limits of a configuration read from outside.
const (
	maxDim    = 1 << 16
	maxLayers = 1 << 10
	maxTable  = 1 << 30
	maxConv   = 63
)

// Validate reports the first field that no model can have, wrapping ErrConfig.
func (c *Config) Validate() error {
	if c.Family != HRM && c.Family != TRM {
		return fmt.Errorf("%w: family is %q, want hrm or trm", ErrConfig, c.Family)
	}
	hmin := 1
	if c.Family == TRM {
		hmin = 0
	}
	ranges := []struct {
		name        string
		v, min, max int
	}{
		{"vocab_size", c.VocabSize, 1, maxDim},
		{"seq_len", c.SeqLen, 1, maxDim},
		{"cols", c.Cols, 0, maxDim},
		{"num_puzzle_identifiers", c.NumPuzzles, 0, maxTable},
		{"puzzle_emb_ndim", c.PuzzleEmbDim, 0, 1 << 20},
		{"puzzle_emb_len", c.PuzzleEmbLen, 0, maxDim},
		{"hidden_size", c.Hidden, 1, maxDim},
		{"num_heads", c.Heads, 1, maxDim},
		{"intermediate_size", c.InterSize, 0, maxDim},
		{"conv", c.Conv, 0, maxConv},
		{"H_layers", c.HLayers, hmin, maxLayers},
		{"L_layers", c.LLayers, 1, maxLayers},
		{"H_cycles", c.HCycles, 1, maxLayers},
		{"L_cycles", c.LCycles, 1, maxLayers},
		{"halt_max_steps", c.HaltMaxSteps, 1, 1 << 20},
	}
	for _, r := range ranges {
		if r.v < r.min || r.v > r.max {
			return fmt.Errorf("%w: %s is %d, want %d to %d", ErrConfig, r.name, r.v, r.min, r.max)
		}
	}
	return c.validateShape()
}

func (c *Config) validateShape() error {
	if _, err := ParseMixing(c.Mixing.String()); err != nil {
		return err
	}
	switch {
	case c.Hidden%c.Heads != 0:
		return fmt.Errorf("%w: hidden_size %d is no multiple of num_heads %d", ErrConfig, c.Hidden, c.Heads)
	case c.Positions != Rope && c.Positions != Rope2D && c.Positions != Learned && c.Positions != NoPos:
		return fmt.Errorf("%w: pos_encodings is %q, want rope, rope2d, learned or none", ErrConfig, c.Positions)
	case c.Conv > 0 && c.Conv%2 == 0:
		return fmt.Errorf("%w: conv is %d, want an odd number", ErrConfig, c.Conv)
	case c.Cols > 0 && c.SeqLen%c.Cols != 0:
		return fmt.Errorf("%w: seq_len %d is no multiple of cols %d", ErrConfig, c.SeqLen, c.Cols)
	case c.InterSize%interUnit != 0:
		return fmt.Errorf("%w: intermediate_size is %d, want a multiple of %d", ErrConfig, c.InterSize, interUnit)
	case c.Positions == Rope && c.Has(Attention) && c.HeadDim()%2 != 0:
		return fmt.Errorf("%w: rope needs an even head size, got %d / %d", ErrConfig, c.Hidden, c.Heads)
	case c.Positions == Rope2D && c.Has(Attention) && c.HeadDim()%4 != 0:
		return fmt.Errorf("%w: rope2d needs a head size that 4 divides, got %d / %d", ErrConfig, c.Hidden, c.Heads)
	case !(c.Expansion > 0 && c.Expansion <= 64):
		return fmt.Errorf("%w: expansion is %v, want above 0, at most 64", ErrConfig, c.Expansion)
	case !(c.NormEps > 0 && c.NormEps < 1):
		return fmt.Errorf("%w: rms_norm_eps is %v, want between 0 and 1", ErrConfig, c.NormEps)
	case !(c.RopeTheta > 0 && c.RopeTheta <= 1e12):
		return fmt.Errorf("%w: rope_theta is %v, want above 0, at most 1e12", ErrConfig, c.RopeTheta)
	case c.PuzzleEmbDim > 0 && c.NumPuzzles == 0:
		return fmt.Errorf("%w: puzzle_emb_ndim is %d but num_puzzle_identifiers is 0", ErrConfig, c.PuzzleEmbDim)
	case c.PuzzleEmbDim > c.Prefix()*c.Hidden && c.Mixing != ColourMixing:
		return fmt.Errorf("%w: puzzle_emb_ndim %d does not fit %d prefix positions of %d", ErrConfig, c.PuzzleEmbDim, c.Prefix(), c.Hidden)
	case c.HaltRule != FamilyRule && c.HaltRule != HaltPositive && c.HaltRule != HaltOverContinue:
		return fmt.Errorf("%w: halt_rule is %q, want %q, %q or nothing", ErrConfig, c.HaltRule, HaltPositive, HaltOverContinue)
	case c.HaltPool != FirstPosition && c.HaltPool != SoftMin:
		return fmt.Errorf("%w: halt_pool is %q, want %q or nothing", ErrConfig, c.HaltPool, SoftMin)
	case c.HaltPool == SoftMin && c.Family != TRM:
		return fmt.Errorf("%w: halt_pool %s is for family %s", ErrConfig, SoftMin, TRM)
	case c.Relations != "" && !c.Has(Attention):
		return fmt.Errorf("%w: relations need attention, but mixing is %s", ErrConfig, c.Mixing)
	case c.Relations != "" && c.Relations != "sudoku":
		return fmt.Errorf("%w: relations is %q, want sudoku or nothing", ErrConfig, c.Relations)
	}
	if _, _, ok := boxesOf(c.Grid()); c.Relations != "" && !ok {
		return fmt.Errorf("%w: relations %s need a square grid with boxes, such as seq_len 81, got %v", ErrConfig, c.Relations, c.Grid())
	}
	if err := cmp.Or(c.validateCandidates(), c.validateColours()); err != nil {
		return err
	}
	return c.validateSizes()
}
