package runtime

import (
	"fmt"
	"slices"
	"strings"
)

// Mixing names how the positions of a puzzle are mixed in a layer.
type Mixing string

const (
	AttentionMixing Mixing = ""      // written "attention"
	PositionMixing  Mixing = "mlp_t" // a SwiGLU over positions in place of attention
	NoMixing        Mixing = "none"  // a convolution alone, or nothing
	// CandidateMixing makes every digit that a cell may hold a position of its own, and
	// mixes them by means over rows, columns, boxes and cells: see candidates.go.
	CandidateMixing Mixing = "candidates"
	// ColourMixing makes every colour that a cell may have a position of its own, and mixes
	// them by means, turned grids and neighbours: see colours.go.
	ColourMixing Mixing = "colours"
)

// String is the mixing as it is written, the inverse of ParseMixing.
func (m Mixing) String() string {
	if m == AttentionMixing {
		return "attention"
	}
	return string(m)
}

// MarshalText is String, UnmarshalText ParseMixing.
func (m Mixing) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

func (m *Mixing) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMixing(string(text))
	return err
}

// ParseMixing reads a mixing, wrapping ErrConfig.
func ParseMixing(text string) (Mixing, error) {
	var names []string
	for _, m := range []Mixing{AttentionMixing, PositionMixing, NoMixing, CandidateMixing, ColourMixing} {
		if text == m.String() {
			return m, nil
		}
		names = append(names, m.String())
	}
	return "", fmt.Errorf("%w: mixing is %q, want one of %s", ErrConfig, text, strings.Join(names, ", "))
}

// Sublayer is one residual step of a layer:
//
//	x = rms(x + f(x))
type Sublayer uint8

const (
	Convolution    Sublayer = iota // depthwise k x k over the grid of tokens
	Attention                      // of every position over all
	PositionSwiGLU                 // SwiGLU over the position axis; its norm runs over that axis too
	SwiGLU                         // down . (silu(gate . x) * up . x)
	// CandidateMeans is lines . (mean over the row + mean over the column, of the
	// candidates of the same digit) + box . (mean over the box) + cell . (mean over the
	// candidates of the same cell).
	CandidateMeans
	// ColourMeans is row . (mean over the row) + column . (mean over the column) +
	// grid . (mean over the grid), of the candidates of the same colour, + cell . (mean over
	// the candidates of the cell) + turns . (the candidates of the same colour in this
	// place of the turned grids, one after another) + conv (neighbours of the same colour).
	ColourMeans
)

func (s Sublayer) String() string {
	return [...]string{"convolution", "attention", "SwiGLU over positions", "SwiGLU", "means over candidates", "means over colours"}[s]
}

// Sublayers returns what a layer does, in order. Every backend and the trainer
// range over it.
func (c *Config) Sublayers() []Sublayer {
	var s []Sublayer
	if c.Conv > 0 && c.Mixing != ColourMixing {
		s = append(s, Convolution)
	}
	switch c.Mixing {
	case PositionMixing:
		s = append(s, PositionSwiGLU)
	case CandidateMixing:
		s = append(s, CandidateMeans)
	case ColourMixing:
		s = append(s, ColourMeans)
	case NoMixing:
	default:
		s = append(s, Attention)
	}
	return append(s, SwiGLU)
}

// Has reports whether a layer has a kind of sublayer.
func (c *Config) Has(kind Sublayer) bool {
	return slices.Contains(c.Sublayers(), kind)
}

// Block is one value for each weight of a layer, whatever that is: a matrix, its
// place in a file, a buffer on a device. Weights that a layer does not have are
// zero values.
type Block[T any] struct {
	Conv         T // [k*k, D] taps, row by row
	QKV          T // [3D, D], rows q-heads, k-heads, v-heads
	O            T // [D, D]
	RelationBias T // [heads, NumRelations]
	GateUpT      T // [2It, P], gate rows first
	DownT        T // [P, It]
	Lines        T // [D, D], of rows and of columns
	Box          T // [D, D]
	Row          T // [D, D]
	Column       T // [D, D]
	Whole        T // [D, D], of the grid
	Cell         T // [D, D]
	Turns        T // [D, NumTurns*D]
	GateUp       T // [2I, D], gate rows first
	Down         T // [D, I]
}

// All returns the values in the order of files: the only other list of weights is
// Config.Block.
func (b *Block[T]) All() [15]*T {
	return [...]*T{&b.Conv, &b.GateUpT, &b.DownT, &b.QKV, &b.O, &b.RelationBias, &b.Lines, &b.Box, &b.Row, &b.Column, &b.Whole, &b.Cell, &b.Turns, &b.GateUp, &b.Down}
}

// Units returns what multiplies the means of the four kinds of units that a candidate
// lies in: those of rows, of columns, of boxes or with ColourMixing of the grid, of cells.
func (b *Block[T]) Units(m Mixing) [4]T {
	if m == ColourMixing {
		return [...]T{b.Row, b.Column, b.Whole, b.Cell}
	}
	return [...]T{b.Lines, b.Lines, b.Box, b.Cell}
}

// Param describes one weight of a layer.
type Param struct {
	Name       string // after the layer's, as in the reference's files
	Rows, Cols int    // 0, 0: the layer has none
	// Matrix says that it multiplies rows: it is quantized, and trained by Muon.
	// Anything else stays float32.
	Matrix bool

	fan  int                        // its first standard deviation is 1/sqrt(fan)
	init func(row []float32, i int) // sets row i instead
}

// There reports whether the layer has the weight.
func (p *Param) There() bool { return p.Rows > 0 }

// Block describes the weights of a layer. Everything that goes over weights derives
// from it: loading, saving, checks, initial values, quantization, the trainer's
// layout, uploads, packing and the count of operations.
func (c *Config) Block() Block[Param] {
	d, p := c.Hidden, c.P()
	matrix := func(name string, rows, cols int) Param {
		return Param{Name: name + "_proj.weight", Rows: rows, Cols: cols, Matrix: true, fan: cols}
	}
	var b Block[Param]
	for _, s := range c.Sublayers() {
		switch s {
		case Convolution:
			b.Conv = c.convParam()
		case Attention:
			b.QKV, b.O = matrix("self_attn.qkv", 3*d, d), matrix("self_attn.o", d, d)
			if c.Relations != "" {
				b.RelationBias = Param{Name: "self_attn.relation_bias", Rows: c.Heads, Cols: NumRelations, init: initRelations}
			}
		case PositionSwiGLU:
			b.GateUpT, b.DownT = matrix("mlp_t.gate_up", 2*c.InterT(), p), matrix("mlp_t.down", p, c.InterT())
		case CandidateMeans:
			b.Lines, b.Box, b.Cell = matrix("candidates.lines", d, d), matrix("candidates.box", d, d), matrix("candidates.cell", d, d)
			small(&b.Lines, &b.Box, &b.Cell)
		case ColourMeans:
			b.Row, b.Column, b.Whole, b.Cell = matrix("colours.row", d, d), matrix("colours.column", d, d), matrix("colours.whole", d, d), matrix("colours.cell", d, d)
			small(&b.Row, &b.Column, &b.Whole, &b.Cell)
			b.Turns = matrix("colours.turns", d, NumTurns*d)
			if c.Conv > 0 {
				b.Conv = c.convParam()
			}
		case SwiGLU:
			b.GateUp, b.Down = matrix("mlp.gate_up", 2*c.Inter(), d), matrix("mlp.down", d, c.Inter())
		}
	}
	return b
}

// small starts weights of means small: at first means are alike, and would drown what
// tells candidates apart.
func small(params ...*Param) {
	for _, p := range params {
		p.fan *= 16
	}
}

// convParam describes the filters of a convolution.
func (c *Config) convParam() Param {
	return Param{Name: "conv.weight", Rows: c.Conv * c.Conv, Cols: c.Hidden, fan: c.Conv * c.Conv}
}

// Networks returns the levels that have weights of their own: TRM's H is L again.
func (c *Config) Networks() []Level {
	if c.Family == TRM {
		return []Level{L}
	}
	return []Level{L, H}
}

// Network returns the level whose weights a level has: see Networks.
func (c *Config) Network(l Level) Level {
	if c.Family == TRM {
		return L
	}
	return l
}

// LayerName starts the names of a layer's weights in a file.
func LayerName(l Level, layer int) string { return fmt.Sprintf("%s_level.layers.%d.", l, layer) }
