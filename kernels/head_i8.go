package kernels

import (
	"fmt"
	"slices"
)

// Rotation is the rotary embedding (see Rope) of queries and keys whose numbers
// lie in the order of HeadI8.
type Rotation struct {
	dim, positions int
	cos, sin       []float32 // [dim/32, positions, 16]; none: nothing is rotated
	turns          []turnAMX // of the pairs of panels of a head
	offsets        []int32   // of each row, from the angles of the first position on, in bytes
}

// turnWidth is how many numbers and their partners lie side by side.
const turnWidth = 2 * PanelWidth

// TurnOrder returns where number i of a head's query or key lies for HeadI8, whose
// columns 32c+j and 32c+16+j are numbers 16c+j and dim/2+16c+j: what is rotated
// together lies in neighbouring panels.
func TurnOrder(i, dim int) int {
	half := i / (dim / 2)
	i %= dim / 2
	return i/PanelWidth*turnWidth + half*PanelWidth + i%PanelWidth
}

// NewRotation lays out cosines and sines [positions, dim/2] for heads of dim numbers, a
// multiple of 32, of at most so many lanes. With cos nil nothing is rotated.
func NewRotation(cos, sin []float32, positions, lanes, dim int) *Rotation {
	if dim%turnWidth != 0 {
		panic(fmt.Sprintf("kernels: Rotation needs a head size in multiples of %d, got %d", turnWidth, dim))
	}
	r := &Rotation{dim: dim, positions: positions}
	if cos != nil {
		r.cos, r.sin = turnOrder(cos, positions, dim), turnOrder(sin, positions, dim)
	}
	for i := range positions * lanes {
		r.offsets = append(r.offsets, int32(4*PanelWidth*(i%positions)))
	}
	r.addTurns()
	return r
}

// turnOrder returns the angles [positions, dim/2] of 16 numbers at a time.
func turnOrder(angles []float32, positions, dim int) (ordered []float32) {
	for at := 0; at < dim/2; at += PanelWidth {
		for pos := range positions {
			ordered = append(ordered, angles[pos*dim/2+at:][:PanelWidth]...)
		}
	}
	return ordered
}

// turnAMX is where the cosines and sines of a pair of panels begin, and a mask of
// offsets: -1, or 0 where all rows have the same.
type turnAMX struct {
	cos, sin *float32
	mask     int
}

func (r *Rotation) addTurns() {
	one, zero := slices.Repeat([]float32{1}, PanelWidth), make([]float32, PanelWidth)
	for part := range 3 {
		for at := range r.dim / turnWidth {
			turn := turnAMX{&one[0], &zero[0], 0}
			if from := at * r.positions * PanelWidth; r.cos != nil && part < 2 {
				turn = turnAMX{&r.cos[from], &r.sin[from], -1}
			}
			r.turns = append(r.turns, turn)
		}
	}
}

// HeadI8 computes what one head attends with, for the positions of one lane after
// another, of the last one perhaps only the first:
//
//	qkv[i] = BF16(rotated q | rotated k | v)    q, k, v = MatMulI8(x, w)[i]
//
// Rows of w are the head's dim rows of queries, of keys, both in TurnOrder, and of
// values. Rows of qkv are ldq numbers apart, and q and k stay in that order, which
// does not change their product. sums is scratch for a row of w.N numbers or more.
func HeadI8(qkv []BF16, ldq int, x *RowsI8, m int, w *PanelsI8, r *Rotation, sums []float32) {
	if m <= 0 {
		return
	}
	if w.N != 3*r.dim || m > len(r.offsets) {
		panic(fmt.Sprintf("kernels: HeadI8: %d rows of %d numbers, want at most %d of %d", m, w.N, len(r.offsets), 3*r.dim))
	}
	checkI8("HeadI8", len(qkv), ldq, w.N, x, m, w)
	need("HeadI8", "sums", len(sums), w.N)
	if headI8Fast(qkv, ldq, x, m, w, r) {
		return
	}
	for at := 0; at < m; at += r.positions {
		n := min(r.positions, m-at)
		lane := x.Rows(at, n)
		headI8(qkv[at*ldq:], ldq, &lane, n, w, r, sums)
	}
}

// headI8 is HeadI8 of one lane.
func headI8(qkv []BF16, ldq int, x *RowsI8, m int, w *PanelsI8, r *Rotation, sums []float32) {
	eachSums(x, m, w, sums, func(lo, n int) {
		for c := 0; c < w.N; c += turnWidth {
			var cos, sin []float32
			if from := (c%r.dim/turnWidth*r.positions + lo) * PanelWidth; r.cos != nil && c < 2*r.dim {
				cos, sin = r.cos[from:], r.sin[from:]
			}
			RopeBF16(qkv[lo*ldq+c:], ldq, sums[c:], w.N, n, turnWidth, cos, sin)
		}
	})
}

// SwiGLUI8 is SwiGLU of MatMulI8, rounded to BF16: for j < w.N/2
//
//	act[i, j] = BF16(silu(gate) * up)    gate, up = (x . w^T)[i, 32(j/16) + j%16 + {0, 16}]
//
// so that each panel of gates is followed by one of their ups; w.N is a multiple
// of 32. Before it is rounded a result is within 2e-4 of its size. sums is scratch
// for a row of w.N numbers or more.
func SwiGLUI8(act []BF16, lda int, x *RowsI8, m int, w *PanelsI8, sums []float32) {
	if m <= 0 || w.N == 0 {
		return
	}
	if w.N%(2*PanelWidth) != 0 {
		panic(fmt.Sprintf("kernels: SwiGLUI8: a matrix of %d rows, want a multiple of %d", w.N, 2*PanelWidth))
	}
	checkI8("SwiGLUI8", len(act), lda, w.N/2, x, m, w)
	need("SwiGLUI8", "sums", len(sums), w.N)
	if swiGLUI8Fast(act, lda, x, m, w) {
		return
	}
	eachSums(x, m, w, sums, func(lo, n int) {
		if swiGLURoundFast(act[lo*lda:], lda, sums, n, w.N/2) {
			return
		}
		for i := range n {
			row := sums[i*w.N : (i+1)*w.N]
			SwiGLUPanels(row[:w.N/2], row)
			RoundBF16(act[(lo+i)*lda:], row[:w.N/2])
		}
	})
}

// eachSums sets sums to MatMulI8 of as many rows as fit, and calls do with the first
// and their number.
func eachSums(x *RowsI8, m int, w *PanelsI8, sums []float32, do func(lo, n int)) {
	most := len(sums) / w.N
	for lo := 0; lo < m; lo += most {
		n := min(most, m-lo)
		rows := x.Rows(lo, n)
		MatMulI8(sums, w.N, &rows, n, w)
		do(lo, n)
	}
}
