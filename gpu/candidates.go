package gpu

import (
	"math"

	"github.com/hrmgo/hrm/runtime"
)

// Candidates are the positions of each lane's sudoku with runtime.CandidateMixing, D
// channels each. Those of a sudoku of n x n cells lie in units of n, as in
// kernels.SudokuUnits:
//
//	[4, units]   (row, digit), (column, digit), (box, digit), (row, column)
//
// units has n * n for each lane, in as many places as the largest sudoku has cells, and
// zeros behind all lanes up to a multiple of 64. With A the sums over units divided by
// sqrt(n), the means over candidates are A^T . W . A, whose gradient is the same with
// the matrices W transposed.
type Candidates struct{ D int }

type candidateOptions struct {
	Back bool
	Type string // of what is read and written
}

func (c Candidates) options(back bool) (o candidateOptions, width int) {
	if c.D%4 == 0 {
		return candidateOptions{back, "vec4<f32>"}, c.D / 4
	}
	return candidateOptions{back, "f32"}, c.D
}

// cells of the largest sudoku of some lanes, and units of a kind in all of them.
func (l Lanes) cells() int {
	side := int(math.Cbrt(float64(l.P)) + 0.5)
	return side * side
}

func (l Lanes) units() int { return ceil(l.N*l.cells(), 64) * 64 }

// Len is the numbers of all units.
func (c Candidates) Len(l Lanes) int { return 4 * l.units() * c.D }

// Gather records units = A . x, x [lanes, P, D].
func (c Candidates) Gather(d *Device, units, x View, l Lanes) {
	o, width := c.options(false)
	n := 4 * l.units() * width
	d.flat(d.kernel("candidates_gather", o), n,
		[]uint32{uint32(n), uint32(width), uint32(l.P), uint32(l.cells()), uint32(l.N), uint32(l.units()), uint32(l.at)}, x, l.grids.All(), units)
}

// Spread records y = A^T . units, and SpreadBack y += A^T . units.
func (c Candidates) Spread(d *Device, y, units View, l Lanes)     { c.spread(d, y, units, l, false) }
func (c Candidates) SpreadBack(d *Device, y, units View, l Lanes) { c.spread(d, y, units, l, true) }

func (c Candidates) spread(d *Device, y, units View, l Lanes, back bool) {
	o, width := c.options(back)
	n := l.Rows() * width
	d.flat(d.kernel("candidates_spread", o), n,
		[]uint32{uint32(n), uint32(width), uint32(l.P), uint32(l.cells()), uint32(l.units()), uint32(l.at)}, units, l.grids.All(), y)
}

// Part is the units that one of three weights multiplies: rows and columns, boxes,
// cells.
func (c Candidates) Part(units *Buffer, weight int, l Lanes) (v View, rows int) {
	kind := l.units()
	first := [...]int{0, 2, 3}[weight] * kind
	rows = [...]int{2, 1, 1}[weight] * kind
	return units.View(first*c.D, rows*c.D), rows
}

func (n *Network) candidateMemory(a *Arena, t *Acts, _ bool) {
	size := Candidates{n.Config.Hidden}.Len(Lanes{N: n.Lanes, P: n.P})
	t.Units = a.Buffer("means over candidates", size)
	if n.units == nil {
		n.units = a.Buffer("products of means", size)
	}
}

// mixCandidates records y = rms(x + means over the candidates of x), see
// runtime.CandidateMeans.
func (n *Network) mixCandidates(l *Layer, t *Acts, lanes Lanes) {
	c := Candidates{n.Config.Hidden}
	c.Gather(n.Device, t.Units.All(), t.In.All(), lanes)
	for i, w := range [...]Operand{l.Lines, l.Box, l.Cell} {
		x, rows := c.Part(t.Units, i, lanes)
		y, _ := c.Part(n.units, i, lanes)
		n.Device.MatMul(MatMul{M: rows, N: c.D, K: c.D, A: Operand{View: x, Stride: c.D}, B: w, C: y, CStride: c.D})
	}
	c.Spread(n.Device, n.sum.All(), n.units.All(), lanes)
	n.addNorm(t, 1, lanes.Rows())
}

// mostPositions is how many positions a puzzle of at most so many tokens has.
func mostPositions(c *runtime.Config, tokens int) int {
	if c.Mixing != runtime.CandidateMixing {
		return c.Prefix() + tokens
	}
	n := largestSide(c, tokens)
	return n * n * n
}

// mostTokens is how many tokens, of at most so many, a puzzle can have: with candidates
// no more than their largest grid has.
func mostTokens(c *runtime.Config, tokens int) int {
	if c.Mixing != runtime.CandidateMixing {
		return tokens
	}
	n := largestSide(c, tokens)
	return n * n
}

// largestSide is that of a sudoku of at most so many tokens.
func largestSide(c *runtime.Config, tokens int) int {
	return min(int(math.Sqrt(float64(tokens))), runtime.MaxDigits)
}

// Say records the logits of tokens [Lanes, Tokens, Vocab] from those of their
// candidates [lanes, P], see runtime.CandidateLogits. Behind a lane's tokens are zeros.
func (d *Device) Say(logits, candidates View, c *runtime.Config, l Lanes, h Heads) {
	d.say(h.Lanes*h.Tokens*h.Vocab, false, logits, candidates, c, l, h)
}

// SayBack records the gradient of candidates from that of logits.
func (d *Device) SayBack(candidates, logits View, c *runtime.Config, l Lanes, h Heads) {
	d.say(l.Rows(), true, candidates, logits, c, l, h)
}

func (d *Device) say(n int, back bool, y, x View, c *runtime.Config, l Lanes, h Heads) {
	d.flat(d.kernel("candidates_say", struct{ Back bool }{back}), n,
		[]uint32{uint32(n), uint32(h.Tokens), uint32(l.P), uint32(h.Vocab), uint32(c.FirstCandidate()), uint32(l.at)}, x, l.grids.All(), y)
}

// Roles records which row of the token embedding each candidate has, i32 [lanes, P], of
// tokens i32 [Lanes, Tokens]: see runtime.Config.Parts. Behind a lane's it is -1.
func (d *Device) Roles(roles, tokens View, c *runtime.Config, l Lanes, h Heads) {
	n := l.Rows()
	d.flat(d.kernel("candidates_roles", nil), n,
		[]uint32{uint32(n), uint32(h.Tokens), uint32(l.P), uint32(c.FirstCandidate()), uint32(l.at)}, tokens, l.grids.All(), roles)
}
