package runtime

import (
	"math"
	"math/rand/v2"

	"github.com/hrmgo/hrm/quantize"
)

// qBias is the initial bias of both halting values: at first nothing halts.
const qBias = -5

// NewModel returns a model with the reference's random initial weights, equal
// for equal seeds on every machine: truncated normal with standard deviation
// 1/sqrt(fan in) for weights, 1/sqrt(D) for embeddings, 1 for H_init and
// L_init; zero for the puzzle table and the halting head's weights; -5 for the
// halting head's bias. Relation biases, which the reference does not have, make
// heads take turns to look along rows, columns, boxes and all three.
func NewModel(c Config, seed uint64) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	g := initializer{rand.New(rand.NewPCG(seed, 0))}
	d := c.Hidden
	m := &Model{
		Config:      c,
		EmbedTokens: g.matrix(c.Embeddings(), d, d),
		LMHead:      g.matrix(c.Outputs(), d, d),
		QHead:       zeros(2, d),
		QBias:       []float32{qBias, qBias},
		HInit:       g.normal(d, 1),
		LInit:       g.normal(d, 1),
	}
	if c.Positions == Learned {
		m.EmbedPos = g.matrix(c.P(), d, d)
	}
	if c.PuzzleEmbDim > 0 {
		m.PuzzleEmb = zeros(c.NumPuzzles, c.PuzzleEmbDim)
	}
	for _, l := range []Level{H, L} {
		if c.Network(l) == l {
			*m.network(l) = g.layers(&c, c.Layers(l))
		}
	}
	return m, nil
}

// initializer draws weights, one tensor after the other.
type initializer struct{ rng *rand.Rand }

func (g initializer) layers(c *Config, n int) []Layer {
	params, layers := c.Block(), make([]Layer, n)
	for i := range layers {
		weights := layers[i].All()
		for j, p := range params.All() {
			switch {
			case !p.There():
			case p.init != nil:
				w := zeros(p.Rows, p.Cols)
				for row := range p.Rows {
					p.init(w.F32[row*p.Cols:(row+1)*p.Cols], row)
				}
				*weights[j] = w
			default:
				*weights[j] = g.matrix(p.Rows, p.Cols, p.fan)
			}
		}
	}
	return layers
}

// initRelations sets the bias of a head.
func initRelations(bias []float32, head int) { copy(bias, relationInit[head%len(relationInit)][:]) }

// relationInit is the first bias of a head by relation class: see
// Config.Relation.
var relationInit = [4][NumRelations]float32{
	{-3, 0, 1, -3, 1, -3, -3, -3}, // its row
	{-3, 0, -3, 1, -3, 1, -3, -3}, // its column
	{-3, 0, -3, -3, 1, 1, 1, -3},  // its box
	{-3, 0, 0, 0, 0, 0, 0, 1},     // all of them and the prefix
}

// matrix draws a matrix with standard deviation 1/sqrt(fan).
func (g initializer) matrix(rows, cols, fan int) quantize.Matrix {
	return quantize.NewF32(g.normal(rows*cols, 1/math.Sqrt(float64(fan))), rows, cols)
}

// truncatedStd is the standard deviation of a standard normal cut at 2.
const truncatedStd = 0.8796256610342398

// normal draws n numbers from a normal cut at two standard deviations and
// scaled so that what is left has standard deviation std.
func (g initializer) normal(n int, std float64) []float32 {
	w := make([]float32, n)
	for i := range w {
		z := g.rng.NormFloat64()
		for math.Abs(z) > 2 {
			z = g.rng.NormFloat64()
		}
		w[i] = float32(z * std / truncatedStd)
	}
	return w
}

func zeros(rows, cols int) quantize.Matrix {
	return quantize.NewF32(make([]float32, rows*cols), rows, cols)
}
