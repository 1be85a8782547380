package gpu

import "math"

// Muon says how Device.Muon changes a matrix [Rows, Cols].
type Muon struct {
	Rows, Cols      int
	LR, Decay, Beta float64
	Scale           float64 // of the orthogonal update, times sqrt(max(Rows, Cols))
	EMA             float64 // 0: none
}

// MuonScratch is what Muon needs for matrices of up to so many numbers, whose
// shorter side has up to so many rows.
type MuonScratch struct{ o, next, gram, square, norm, parts *Buffer }

// NewMuonScratch allocates it.
func NewMuonScratch(a *Arena, numbers, side int) *MuonScratch {
	return &MuonScratch{
		a.Buffer("muon update", numbers), a.Buffer("muon product", numbers), a.Buffer("muon gram matrix", side*side),
		a.Buffer("muon polynomial", side*side), a.Buffer("muon norm", 2), a.Buffer("muon norm parts", normParts),
	}
}

// Muon records one step of Muon on a matrix w with gradient g and momentum m;
// norm holds the gradient's factor at at+1, as Norm leaves it; ema may be
// zero:
//
//	m = beta*m + g;  w = w*(1 - lr*decay) - lr*scale*sqrt(max(rows, cols)) * orthogonal(g + beta*m)
func (d *Device) Muon(w, g, m, ema, norm View, at int, s *MuonScratch, u Muon) {
	n := u.Rows * u.Cols
	o := s.o.View(0, n)
	d.flat(d.kernel("momentum", nil), n, []uint32{uint32(n), bits(u.Beta), uint32(at + 1)}, g, norm, m, o)
	d.orthogonal(s, u.Rows, u.Cols)
	rate := u.LR * u.Scale * math.Sqrt(float64(max(u.Rows, u.Cols)))
	d.mix(w, o, -rate, 1-u.LR*u.Decay, n)
	if u.EMA > 0 {
		d.mix(ema, w, 1-u.EMA, u.EMA, n)
	}
}

// orthogonal records five Newton-Schulz iterations on o / |o| [rows, cols]:
//
//	A = o o^T;  o = 3.4445 o + (-4.7750 A + 2.0315 A A) o
//
// or, where rows are more than columns, the same of its transpose.
func (d *Device) orthogonal(s *MuonScratch, rows, cols int) {
	n, side := rows*cols, min(rows, cols)
	o, next := s.o.View(0, n), s.next.View(0, n)
	gram, square := s.gram.View(0, side*side), s.square.View(0, side*side)
	d.Norm(s.norm.All(), 0, o, s.parts.All(), 0)
	d.flat(d.kernel("unit", nil), n, []uint32{uint32(n)}, s.norm.All(), o)

	tall := rows > cols
	x := Operand{View: o, Stride: cols, KMajor: tall} // as the Gram matrix reads it
	a := Operand{View: gram, Stride: side}            // symmetric, and so is its polynomial
	b := Operand{View: square, Stride: side}
	apply := MatMul{M: rows, N: cols, K: side, A: b, B: Operand{View: o, Stride: cols, KMajor: true}, C: next, CStride: cols}
	if tall {
		apply.A, apply.B = Operand{View: o, Stride: cols}, b
	}
	for range 5 {
		d.MatMul(MatMul{M: side, N: side, K: max(rows, cols), A: x, B: x, C: gram, CStride: side})
		d.MatMul(MatMul{M: side, N: side, K: side, A: a, B: a, C: square, CStride: side})
		d.mix(square, gram, -4.7750, 2.0315, side*side)
		d.MatMul(apply)
		d.mix(o, next, 1, 3.4445, n)
	}
}

// mix records y = a*x + b*y [n].
func (d *Device) mix(y, x View, a, b float64, n int) {
	d.flat(d.kernel("mix", nil), n, []uint32{uint32(n), bits(a), bits(b)}, x, y)
}
