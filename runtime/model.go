package runtime

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hrmgo/hrm/quantize"
)

// ErrInput is wrapped by every error about a puzzle that a model cannot take.
var ErrInput = errors.New("input does not fit the model")

// Model is a configuration and its weights. It is read-only and may be shared.
type Model struct {
	Config   Config
	Task     string            // a name of package puzzle, such as "sudoku", or "" when unknown
	TaskSpec map[string]any    // what the name does not say, see puzzle.New; nil for most
	Meta     map[string]string // how it was made, measured accuracy, licence

	EmbedTokens quantize.Matrix // [vocabulary, D]; with candidates [Embeddings, D]
	EmbedPos    quantize.Matrix // [P, D], Positions Learned only
	LMHead      quantize.Matrix // [vocabulary, D]; with candidates [1, D]
	QHead       quantize.Matrix // [2, D]: q_halt, q_continue
	QBias       []float32       // [2]
	HInit       []float32       // [D]
	LInit       []float32       // [D]
	PuzzleEmb   quantize.Matrix // [NumPuzzles, PuzzleEmbDim], PuzzleEmbDim > 0 only
	HLevel      []Layer         // HRM only
	LLevel      []Layer

	// Drop, when set, gives memory back in which matrices lie, until they are
	// read again: that of a mapped file. A backend calls it after it has copied a
	// matrix.
	Drop func()

	// Guard, when set, calls a function that reads matrices, and finds out whether
	// they changed or vanished meanwhile, in a mapped file that somebody writes into.
	Guard func(read func() error) error
}

// Layer is the weights of one block. Those that are no matrices (Param.Matrix) are
// in float32.
type Layer = Block[quantize.Matrix]

// Level returns the layers of the network that updates a level.
func (m *Model) Level(l Level) []Layer {
	if m.Config.Network(l) == H {
		return m.HLevel
	}
	return m.LLevel
}

// LearnedScale multiplies token plus position embeddings; the reference writes
// this literal, not 1/sqrt(2).
const LearnedScale = 0.707106781

// Check is Config.Check, and reports a row of the puzzle table that is no number.
func (m *Model) Check(in Input) error {
	if err := m.Config.Check(in); err != nil {
		return err
	}
	if m.guarded() {
		return m.Guard(func() error { return m.checkPuzzle(in.PuzzleID) })
	}
	return m.checkPuzzle(in.PuzzleID)
}

// Check reports why a puzzle cannot be given to a model, wrapping ErrInput.
func (c *Config) Check(in Input) error {
	if err := c.checkShape(in); err != nil {
		return err
	}
	size := c.VocabSize
	if c.Mixing == CandidateMixing {
		size = FirstDigit + c.Shape(in).Cols
	}
	for i, t := range in.Tokens {
		if t < 0 || int(t) >= size {
			return fmt.Errorf("%w: token %d is %d, in a grid of %v want 0 to %d", ErrInput, i, t, c.Shape(in), size-1)
		}
	}
	if c.PuzzleEmbDim > 0 && (in.PuzzleID < 0 || int(in.PuzzleID) >= c.NumPuzzles) {
		return fmt.Errorf("%w: puzzle id %d, want 0 to %d", ErrInput, in.PuzzleID, c.NumPuzzles-1)
	}
	return nil
}

// Embed fills x [P, D] with the input embedding:
//
//	x = sqrt(D) * e                          rope, none
//	x = sqrt(D) * 0.707106781 * (e + pos)    learned
//
// where e is the puzzle's row of the table, zero-padded and cut into prefix
// positions, followed by the token embeddings (see Config.Parts); P is that of the
// puzzle. Nothing is allocated, but for the puzzle's row with ColourMixing.
func (m *Model) Embed(in Input, x []float32) error {
	if err := m.Check(in); err != nil {
		return err
	}
	c := &m.Config
	d, prefix := c.Hidden, c.Prefix()
	row := x
	if c.Mixing == ColourMixing {
		row = make([]float32, c.PuzzleEmbDim)
	}
	clear(x[:prefix*d])
	if err := m.embedPuzzle(in.PuzzleID, row); err != nil {
		return err
	}
	s := c.Shape(in)
	p := c.PositionsOf(s)
	for i := range p - prefix {
		m.embedPart(x[(prefix+i)*d:(prefix+i+1)*d], c.Parts(in.Tokens, s, i), row)
	}
	scale := float32(math.Sqrt(float64(d)))
	if c.Positions == Learned {
		addPositions(x, m.EmbedPos)
	}
	for i := range x[:p*d] {
		x[i] *= scale
	}
	return nil
}

// embedPart sets x [D] to the sum of the parts of a position.
func (m *Model) embedPart(x []float32, parts Parts, row []float32) {
	rows := parts.Rows()
	m.EmbedTokens.Row(x, rows[0])
	for _, r := range rows[1:] {
		m.EmbedTokens.AddRow(x, r)
	}
	if m.Config.PuzzleEmbDim == 0 {
		return
	}
	parts.EachBlock(func(block int) {
		for i, v := range row[block*len(x):][:len(x)] {
			x[i] += v
		}
	})
}

// addPositions sets x = 0.707106781 * (x + pos), both [P, D].
func addPositions(x []float32, pos quantize.Matrix) {
	d := pos.Cols
	for p := range pos.Rows {
		row := x[p*d : (p+1)*d]
		pos.AddRow(row, p)
		for i := range row {
			row[i] *= LearnedScale
		}
	}
}

// Start fills zH and zL [P, D] with the state at the start of a puzzle: every
// position is HInit or LInit, perturbed as the input asks.
func (m *Model) Start(in Input, zH, zL []float32) {
	d, p := m.Config.Hidden, m.Config.PositionsOf(m.Config.Shape(in))
	for i := range p {
		copy(zH[i*d:(i+1)*d], m.HInit)
		copy(zL[i*d:(i+1)*d], m.LInit)
	}
	if in.Noise == 0 {
		return
	}
	rng := rand.New(rand.NewPCG(in.Seed, 0x9e3779b97f4a7c15))
	for _, z := range [][]float32{zH[:p*d], zL[:p*d]} {
		for i := range z {
			z[i] += in.Noise * float32(rng.NormFloat64())
		}
	}
}

// SoftMinimum returns -log(mean of exp(-q)), in float64: see SoftMin. Its derivative
// in q[i] is exp(result - q[i]) / len(q).
func SoftMinimum(q []float32) float32 {
	least, sum := slices.Min(q), 0.0
	for _, v := range q {
		sum += math.Exp(float64(least) - float64(v))
	}
	return float32(float64(least) - math.Log(sum/float64(len(q))))
}

// Rule returns what decides about halting: HaltRule, or the family's own.
func (c *Config) Rule() HaltRule {
	switch {
	case c.HaltRule != FamilyRule:
		return c.HaltRule
	case c.Family == TRM:
		return HaltPositive
	}
	return HaltOverContinue
}

// Halts reports the learned halting decision, see Rule.
func (c *Config) Halts(qHalt, qContinue float32) bool {
	if c.Rule() == HaltPositive {
		return qHalt > 0
	}
	return qHalt > qContinue
}

// Preference is how much the halting head prefers to stop; the decision is
// Preference > 0.
func (c *Config) Preference(qHalt, qContinue float32) float32 {
	if c.Rule() == HaltPositive {
		return qHalt
	}
	return qHalt - qContinue
}
