// Package reference is the model in float64, written as its equations stand in
// docs/model.md: one puzzle, no cutting, no packing, nothing fused. Every backend,
// every training device and every new kind of sublayer is held to it.
package reference

import (
	"math"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// Matrix is rows of numbers.
type Matrix [][]float64

// Layer is the weights of a block.
type Layer = runtime.Block[Matrix]

// Model is a configuration and its weights.
type Model struct {
	Config runtime.Config

	EmbedTokens  Matrix    // [vocabulary, D]
	EmbedPos     Matrix    // [P, D], learned positions only
	PuzzleEmb    Matrix    // [puzzles, PuzzleEmbDim]
	LMHead       Matrix    // [vocabulary, D]
	QHead        Matrix    // [2, D]
	QBias        []float64 // [2]
	HInit, LInit []float64 // [D]
	Levels       [2][]Layer
}

// New returns a model with the weights of m; those in another format than float32
// mean the numbers that they stand for.
func New(m *runtime.Model) *Model {
	r := &Model{
		Config:      m.Config,
		EmbedTokens: matrix(&m.EmbedTokens), EmbedPos: matrix(&m.EmbedPos), PuzzleEmb: matrix(&m.PuzzleEmb),
		LMHead: matrix(&m.LMHead), QHead: matrix(&m.QHead),
		QBias: wide(m.QBias), HInit: wide(m.HInit), LInit: wide(m.LInit),
	}
	for _, level := range m.Config.Networks() {
		for _, layer := range m.Level(level) {
			var l Layer
			weights := l.All()
			for i, w := range layer.All() {
				*weights[i] = matrix(w)
			}
			r.Levels[level] = append(r.Levels[level], l)
		}
	}
	if m.Config.Family == runtime.TRM {
		r.Levels[runtime.H] = r.Levels[runtime.L]
	}
	return r
}

func matrix(m *quantize.Matrix) Matrix { return rows(m.Float32(), m.Cols) }

func rows(v []float32, cols int) (m Matrix) {
	for ; len(v) > 0; v = v[cols:] {
		m = append(m, wide(v[:cols]))
	}
	return m
}

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}

// Carry is a puzzle that is being thought about: its grid, its input embedding x
// [P, D], and the state of both levels [P, D].
type Carry struct {
	m     *Model
	shape runtime.Shape
	x     Matrix
	Z     [2]Matrix // by runtime.Level
}

// Start returns the carry at the start of a puzzle: every position of zH is H_init,
// of zL L_init. What Input.Noise adds is the caller's business.
func (m *Model) Start(in runtime.Input) *Carry {
	c := &Carry{m: m, shape: m.Config.Shape(in), x: m.embed(in)}
	for level, init := range [2][]float64{runtime.L: m.LInit, runtime.H: m.HInit} {
		for range c.x {
			c.Z[level] = append(c.Z[level], append([]float64(nil), init...))
		}
	}
	return c
}

// embed returns the input embedding: the puzzle's row of the table, cut into prefix
// positions, then the tokens', plus learned positions, times sqrt(D).
func (m *Model) embed(in runtime.Input) (x Matrix) {
	c := &m.Config
	d := c.Hidden
	prefix := make([]float64, c.Prefix()*d)
	var row []float64
	if c.PuzzleEmbDim > 0 {
		row = m.PuzzleEmb[in.PuzzleID]
	}
	copy(prefix, row)
	for ; len(prefix) > 0; prefix = prefix[d:] {
		x = append(x, prefix[:d:d])
	}
	shape := c.Shape(in)
	for i := range c.PositionsOf(shape) - c.Prefix() {
		sum, parts := zeros(1, d), c.Parts(in.Tokens, shape, i)
		for _, r := range parts.Rows() {
			sum = plus(sum, m.EmbedTokens[r:r+1])
		}
		if row != nil {
			parts.EachBlock(func(b int) { sum = plus(sum, Matrix{row[b*d : (b+1)*d]}) })
		}
		x = append(x, sum[0])
	}
	for i, row := range x {
		for j := range row {
			if c.Positions == runtime.Learned {
				row[j] = runtime.LearnedScale * (row[j] + m.EmbedPos[i][j])
			}
			row[j] *= math.Sqrt(float64(d))
		}
	}
	return x
}

// Output is what a segment says.
type Output struct {
	Logits           Matrix // [S, vocabulary]
	QHalt, QContinue float64
}

// Segment runs one segment:
//
//	repeat H_cycles times:
//	    repeat L_cycles times:  zL = L(zL + zH + x)
//	    zH = H(zH + zL)
//	logits = zH[prefix:] . lm_head^T
//	q_halt, q_continue = zH[0] . q_head^T + bias, or see runtime.SoftMin
func (c *Carry) Segment() Output {
	m := c.m
	for _, pass := range m.Config.Passes() {
		var h Matrix
		if pass.Level == runtime.L {
			h = plus(plus(c.Z[runtime.L], c.Z[runtime.H]), c.x)
		} else {
			h = plus(c.Z[runtime.H], c.Z[runtime.L])
		}
		for i := range m.Levels[pass.Level] {
			h = m.block(&m.Levels[pass.Level][i], h, c.shape)
		}
		c.Z[pass.Level] = h
	}
	zH := c.Z[runtime.H]
	tokens := zH[m.Config.Prefix():]
	q := times(zH[:1], m.QHead)[0]
	if m.Config.HaltPool == runtime.SoftMin {
		q = softMinimum(times(tokens, m.QHead))
	}
	logits := times(tokens, m.LMHead)
	if m.Config.ByCandidate() {
		logits = m.byCell(logits, c.shape)
	}
	return Output{logits, q[0] + m.QBias[0], q[1] + m.QBias[1]}
}

// softMinimum is -log(mean of exp(-q)) of each column.
func softMinimum(rows Matrix) []float64 {
	q := make([]float64, len(rows[0]))
	for j := range q {
		least, sum := math.Inf(1), 0.0
		for _, row := range rows {
			least = min(least, row[j])
		}
		for _, row := range rows {
			sum += math.Exp(least - row[j])
		}
		q[j] = least - math.Log(sum/float64(len(rows)))
	}
	return q
}

// block is one layer: h = rms(h + f(h)) for every sublayer f.
func (m *Model) block(l *Layer, h Matrix, shape runtime.Shape) Matrix {
	for _, s := range m.Config.Sublayers() {
		switch s {
		case runtime.Convolution:
			h = m.rms(plus(h, m.convolution(l.Conv, h, shape)))
		case runtime.Attention:
			h = m.rms(plus(h, m.attention(l, h, shape)))
		case runtime.PositionSwiGLU: // all of it over the position axis
			t := transpose(h)
			h = transpose(m.rms(plus(t, swiGLU(t, l.GateUpT, l.DownT))))
		case runtime.CandidateMeans:
			h = m.rms(plus(h, candidateMeans(l, h, shape)))
		case runtime.ColourMeans:
			h = m.rms(plus(h, m.colourMeans(l, h, shape)))
		case runtime.SwiGLU:
			h = m.rms(plus(h, swiGLU(h, l.GateUp, l.Down)))
		}
	}
	return h
}

// byCell makes logits [S, vocabulary] of those of candidates [P, 1].
func (m *Model) byCell(candidates Matrix, shape runtime.Shape) (logits Matrix) {
	c := &m.Config
	said := transpose(candidates)[0]
	for token := range shape.Len() {
		n := c.Candidates(shape)
		if token < c.Legend(shape) {
			n = 0
		}
		row := make([]float64, c.Vocabulary(shape.Len()))
		runtime.CandidateLogits(c, row, said[:n])
		logits, said = append(logits, row), said[n:]
	}
	return logits
}

// colourMeans is runtime.ColourMeans of every candidate.
func (m *Model) colourMeans(l *Layer, h Matrix, shape runtime.Shape) Matrix {
	const n = runtime.NumColours
	cols := shape.Cols
	rows := shape.Rows - m.Config.Legend(shape)/cols
	y := times(means(h, cols, func(i int) int { return i/n/cols*n + i%n }), l.Row)
	y = plus(y, times(means(h, rows, func(i int) int { return i/n%cols*n + i%n }), l.Column))
	y = plus(y, times(means(h, rows*cols, func(i int) int { return i % n }), l.Whole))
	y = plus(y, times(means(h, n, func(i int) int { return i / n }), l.Cell))
	// The cell of every place of a grid that is moved, -1 for none.
	look := func(moved func(r, c int) (int, int)) Matrix {
		t := zeros(len(h), len(h[0]))
		for i := range h {
			if r, c := moved(i/n/cols, i/n%cols); r >= 0 && c >= 0 && r < rows && c < cols {
				copy(t[i], h[(r*cols+c)*n+i%n])
			}
		}
		return t
	}
	turned := make(Matrix, len(h))
	for turn := 1; turn <= runtime.NumTurns; turn++ {
		seen := look(func(r, c int) (int, int) {
			if turn&1 != 0 {
				r = rows - 1 - r
			}
			if turn&2 != 0 {
				c = cols - 1 - c
			}
			switch {
			case turn&4 != 0 && rows != cols:
				return -1, -1
			case turn&4 != 0:
				return c, r
			}
			return r, c
		})
		for i := range turned {
			turned[i] = append(turned[i], seen[i]...)
		}
	}
	y = plus(y, times(turned, l.Turns))
	for tap, weight := range l.Conv {
		k := m.Config.Conv
		for i, seen := range look(func(r, c int) (int, int) { return r + tap/k - k/2, c + tap%k - k/2 }) {
			for j, x := range seen {
				y[i][j] += weight[j] * x
			}
		}
	}
	return y
}

// means is the mean over those of the same unit, of which there are so many.
func means(h Matrix, of int, unit func(i int) int) Matrix {
	sums, y := map[int]Matrix{}, make(Matrix, len(h))
	for i := range h {
		if sums[unit(i)] == nil {
			sums[unit(i)] = zeros(1, len(h[0]))
		}
		for j, x := range h[i] {
			sums[unit(i)][0][j] += x / float64(of)
		}
	}
	for i := range y {
		y[i] = sums[unit(i)][0]
	}
	return y
}

// candidateMeans is lines . (row + column) + box . box + cell . cell of every candidate:
// the means over those of the same digit in its row, column and box, and over all of its
// cell.
func candidateMeans(l *Layer, h Matrix, shape runtime.Shape) Matrix {
	n := shape.Cols
	rows, cols := shape.BoxSize()
	y := times(means(h, n, func(i int) int { return i/n/n*n + i%n }), l.Lines)
	y = plus(y, times(means(h, n, func(i int) int { return i/n%n*n + i%n }), l.Lines))
	y = plus(y, times(means(h, n, func(i int) int { return (i/n/n/rows*rows+i/n%n/cols)*n + i%n }), l.Box))
	return plus(y, times(means(h, n, func(i int) int { return i / n }), l.Cell))
}

// convolution is y[r, c] = sum over taps (i, j) of filter[i, j] * h[r+i-k/2, c+j-k/2],
// channel by channel, on the grid of tokens; a neighbour outside adds nothing, and
// the prefix passes through as nothing.
func (m *Model) convolution(filter, h Matrix, shape runtime.Shape) Matrix {
	k, prefix := m.Config.Conv, m.Config.Prefix()
	y := zeros(len(h), m.Config.Hidden)
	for cell := range shape.Len() {
		for tap, weight := range filter {
			r, c := cell/shape.Cols+tap/k-k/2, cell%shape.Cols+tap%k-k/2
			if r < 0 || c < 0 || r >= shape.Rows || c >= shape.Cols {
				continue
			}
			for j, x := range h[prefix+r*shape.Cols+c] {
				y[prefix+cell][j] += weight[j] * x
			}
		}
	}
	return y
}

// attention is o . softmax(q k^T / sqrt(head size) + bias) v of every head, q and k
// turned by their positions.
func (m *Model) attention(l *Layer, h Matrix, shape runtime.Shape) Matrix {
	c := &m.Config
	d, size := c.Hidden, c.HeadDim()
	qkv := times(h, l.QKV)
	for pos, row := range qkv {
		for at := 0; at < 2*d; at += size {
			m.turn(row[at:at+size], pos, shape)
		}
	}
	context := zeros(len(h), d)
	for head := range c.Heads {
		at := head * size
		for i := range h {
			scores := make([]float64, len(h))
			for j := range h {
				scores[j] = dot(qkv[i][at:at+size], qkv[j][d+at:d+at+size]) / math.Sqrt(float64(size))
				if c.Relations != "" {
					scores[j] += l.RelationBias[head][c.Relation(shape, i, j)]
				}
			}
			for j, p := range softmax(scores) {
				for k, v := range qkv[j][2*d+at : 2*d+at+size] {
					context[i][at+k] += p * v
				}
			}
		}
	}
	return times(context, l.O)
}

// turn rotates the pairs of channels (i, i + size/2) of a head by the angles of a
// position. With rope2d the first half of the pairs turn by row, the others by
// column, and the prefix does not turn.
func (m *Model) turn(v []float64, pos int, shape runtime.Shape) {
	half := len(v) / 2
	for i := range half {
		var angle float64
		cell := pos - m.Config.Prefix()
		power := func(i, n int) float64 { return math.Pow(m.Config.RopeTheta, -2*float64(i)/float64(n)) }
		switch {
		case m.Config.Positions == runtime.Rope:
			angle = float64(pos) * power(i, 2*half)
		case m.Config.Positions != runtime.Rope2D || cell < 0:
		case i < half/2:
			angle = float64(cell/shape.Cols) * power(i, half)
		default:
			angle = float64(cell%shape.Cols) * power(i-half/2, half)
		}
		sin, cos := math.Sincos(angle)
		v[i], v[i+half] = v[i]*cos-v[i+half]*sin, v[i+half]*cos+v[i]*sin
	}
}

// swiGLU is down . (silu(gate . x) * up . x) of every row x.
func swiGLU(h, gateUp, down Matrix) Matrix {
	act := times(h, gateUp)
	inter := len(gateUp) / 2
	for i, row := range act {
		for j := range inter {
			row[j] = row[j] / (1 + math.Exp(-row[j])) * row[inter+j]
		}
		act[i] = row[:inter]
	}
	return times(act, down)
}

// rms is v / sqrt(mean(v^2) + eps) of every row.
func (m *Model) rms(h Matrix) Matrix {
	for _, row := range h {
		by := 1 / math.Sqrt(dot(row, row)/float64(len(row))+m.Config.NormEps)
		for j := range row {
			row[j] *= by
		}
	}
	return h
}

// softmax is exp(s) / sum of exp(s).
func softmax(s []float64) []float64 {
	sum, p := 0.0, make([]float64, len(s))
	for i, v := range s {
		p[i] = math.Exp(v)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// times is x . w^T.
func times(x, w Matrix) Matrix {
	y := zeros(len(x), len(w))
	for i := range x {
		for j := range w {
			y[i][j] = dot(x[i], w[j])
		}
	}
	return y
}

func plus(a, b Matrix) Matrix {
	y := zeros(len(a), len(a[0]))
	for i := range a {
		for j := range a[i] {
			y[i][j] = a[i][j] + b[i][j]
		}
	}
	return y
}

func transpose(x Matrix) Matrix {
	t := zeros(len(x[0]), len(x))
	for i := range x {
		for j, v := range x[i] {
			t[j][i] = v
		}
	}
	return t
}

func zeros(rows, cols int) Matrix {
	m := make(Matrix, rows)
	for i := range m {
		m[i] = make([]float64, cols)
	}
	return m
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
