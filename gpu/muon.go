package gpu

import "math"

// MuonMatrix is a weight W [Rows, Cols] with its gradient G, its momentum M
// and its moving average EMA, which is zero where there is none.
type MuonMatrix struct {
	W, G, M, EMA View
	Rows, Cols   int
}

// side and long are the shorter and the longer side.
func (m *MuonMatrix) side() int { return min(m.Rows, m.Cols) }
func (m *MuonMatrix) long() int { return max(m.Rows, m.Cols) }

// MuonGroup is matrices whose shorter sides are equal. They are
// orthogonalised together, because one alone would not keep a GPU busy: the
// update of each is a slot [side, long] with zeros behind the columns of a
// shorter matrix, and transposed if it has more rows than columns.
type MuonGroup struct {
	matrices              []MuonMatrix
	side, long            int
	o, next, gram, square *Buffer
}

// slot is the numbers of a slot, sides those of its Gram matrix.
func (s *MuonGroup) slot() int  { return s.side * s.long }
func (s *MuonGroup) sides() int { return s.side * s.side }

// NewMuonGroups sorts matrices into groups and allocates what Muon needs.
func NewMuonGroups(a *Arena, matrices []MuonMatrix) (groups []*MuonGroup) {
	bySide := map[int]*MuonGroup{}
	for _, m := range matrices {
		g := bySide[m.side()]
		if g == nil {
			g = &MuonGroup{side: m.side()}
			bySide[g.side] = g
			groups = append(groups, g)
		}
		g.matrices, g.long = append(g.matrices, m), max(g.long, m.long())
	}
	for _, g := range groups {
		n := len(g.matrices)
		g.o, g.next = a.Buffer("muon update", n*g.slot()), a.Buffer("muon product", n*g.slot())
		g.gram, g.square = a.Buffer("muon gram matrix", n*g.sides()), a.Buffer("muon polynomial", n*g.sides())
	}
	return groups
}

// Muon is one step of the optimizer Muon.
type Muon struct {
	LR, Decay, Beta float64
	Scale           float64 // of the orthogonal update, times sqrt(max(rows, cols))
	EMA             float64 // 0: none
}

// Muon records one step on every matrix of a group; norm holds the gradient's
// factor at at+1, as Norm leaves it:
//
//	m = beta*m + g;  w = w*(1 - lr*decay) - lr*scale*sqrt(max(rows, cols)) * orthogonal(g + beta*m)
func (d *Device) Muon(s *MuonGroup, norm View, at int, u Muon) {
	for i, m := range s.matrices {
		d.flat(d.kernel("momentum", nil), m.W.N, append(s.place(i), bits(u.Beta), uint32(at+1)), m.G, norm, m.M, s.o.All())
	}
	d.orthogonal(s)
	for i, m := range s.matrices {
		views := []View{s.o.All(), m.W}
		if u.EMA > 0 {
			views = append(views, m.EMA)
		}
		rate := u.LR * u.Scale * math.Sqrt(float64(m.long()))
		d.flat(d.kernel("muon", struct{ EMA bool }{u.EMA > 0}), m.W.N, append(s.place(i), bits(1-u.LR*u.Decay), bits(rate), bits(1-u.EMA)), views...)
	}
}

// place says where the update of matrix i lies: the numbers and columns of the
// matrix, the start of its slot, and its strides there between rows and
// columns.
func (s *MuonGroup) place(i int) []uint32 {
	m := &s.matrices[i]
	p := []uint32{uint32(m.Rows * m.Cols), uint32(m.Cols), uint32(i * s.slot()), uint32(s.long), 1}
	if m.Rows > m.Cols {
		p[3], p[4] = p[4], p[3]
	}
	return p
}

// orthogonal records five Newton-Schulz iterations on o / |o| [side, long] of
// every slot, |o|^2 being the trace of o o^T:
//
//	A = o o^T;  o = 3.4445 o + (-4.7750 A + 2.0315 A A) o
func (d *Device) orthogonal(s *MuonGroup) {
	n := len(s.matrices)
	o := Operand{View: s.o.All(), Stride: s.long, Batch: s.slot()}
	columns := o
	columns.KMajor = true
	a := Operand{View: s.gram.All(), Stride: s.side, Batch: s.sides()} // symmetric, and so is its polynomial
	b := Operand{View: s.square.All(), Stride: s.side, Batch: s.sides()}
	gram := MatMul{M: s.side, N: s.side, K: s.long, A: o, B: o, C: s.gram.All(), CStride: s.side, CBatch: s.sides(), Batch: n}
	square := MatMul{M: s.side, N: s.side, K: s.side, A: a, B: a, C: s.square.All(), CStride: s.side, CBatch: s.sides(), Batch: n}
	apply := MatMul{M: s.side, N: s.long, K: s.side, A: b, B: columns, C: s.next.All(), CStride: s.long, CBatch: s.slot(), Batch: n}

	d.MatMul(gram)
	d.flat(d.kernel("unit", nil), n*s.slot(), []uint32{uint32(n * s.slot()), uint32(s.slot()), uint32(s.side)}, s.gram.All(), s.o.All())
	for range 5 {
		d.MatMul(gram)
		d.MatMul(square)
		d.mix(s.square.All(), s.gram.All(), -4.7750, 2.0315, n*s.sides())
		d.MatMul(apply)
		d.mix(s.o.All(), s.next.All(), 1, 3.4445, n*s.slot())
	}
}

// mix records y = a*x + b*y [n].
func (d *Device) mix(y, x View, a, b float64, n int) {
	d.flat(d.kernel("mix", nil), n, []uint32{uint32(n), bits(a), bits(b)}, x, y)
}
