package gpu

import "fmt"

// Kind says how an operand of a matrix product is stored.
type Kind string

const (
	KindF32    Kind = "f32"
	KindF16    Kind = "f16"    // two in 4 bytes
	KindBF16   Kind = "bf16"   // two in 4 bytes
	KindI8     Kind = "i8"     // four in 4 bytes, with a scale per row
	KindSwiGLU Kind = "swiglu" // silu(gate) * up, computed as it is read; up lies Up numbers after the gate
	KindOneHot Kind = "onehot" // one u32 per k: 1 where it is the row's number
)

// Operand is a matrix of rows (of a; columns of b) by k.
type Operand struct {
	View   View
	Kind   Kind // "" is KindF32
	Stride int  // between rows, or with KMajor between steps of k
	KMajor bool // element (row, k) lies at k*Stride + row instead of row*Stride + k
	Batch  int  // numbers from one batch to the next
	Repeat int  // numbers from one repeat of the reduction to the next
	Up     int  // KindSwiGLU
	Scale  View // KindI8: one per row
}

// MatMul is the product
//
//	c[z][i, j] (+)= sum over r < Reps, k < K of a[i, (r, k)] * b[j, (r, k)]    i < M, j < N, z < Batch
//
// c is row-major with CStride between rows. At most one operand has KindI8,
// and at most one KindSwiGLU, none beside CUp.
type MatMul struct {
	M, N, K int
	A, B    Operand
	C       View
	CStride int
	CBatch  int
	Batch   int // 0: 1
	Reps    int // 0: 1
	Add     bool

	// Act, when set, is written too: silu(gate) * up [M, N/2], for columns
	// gate of c and up, N/2 columns on; N/2 is a multiple of 4. C may then be
	// zero.
	Act View
	// GateUp, when set, makes c the gradient of a SwiGLU's inputs instead: of
	// gate, and CUp numbers on of up, from the product, the gradient of
	// silu(gate) * up. GateUp lies as c does.
	GateUp View
	CUp    int

	Tile Tile // zero: chosen by the shape

	splitK, splitReps int // of the reduction in each z, instead of a batch
}

// Tile is how a matrix product is cut: a workgroup has M x N outputs and keeps
// K steps of the reduction in shared memory, a thread has Rows x Cols outputs.
// With Ahead the next steps are fetched while these are multiplied. Rolled is
// for processors that play the GPU: they compile a loop far faster than
// its steps one after another.
type Tile struct {
	M, N, Rows, Cols, K int
	Ahead, Rolled       bool
}

// AcrossM and AcrossN are the threads of a workgroup along each side.
func (t Tile) AcrossM() int { return t.M / t.Rows }
func (t Tile) AcrossN() int { return t.N / t.Cols }

// Threads of a workgroup.
func (t Tile) Threads() int { return t.AcrossM() * t.AcrossN() }

// PadM and PadN are the groups of four rows or columns in shared memory.
func (t Tile) PadM() int { return t.M/4 + 1 }
func (t Tile) PadN() int { return t.N/4 + 1 }

func (t Tile) sharedBytes() int { return 16 * t.K * (t.PadM() + t.PadN()) }

// The tiles of matrix products: large outputs have the large one.
var (
	largeTile = Tile{128, 128, 8, 8, 8, true, false}
	smallTile = Tile{64, 64, 4, 4, 16, true, false}
	gatedTile = Tile{64, 64, 4, 8, 16, true, false} // the small one for four gates and their ups a thread
)

// tile chooses by the number of workgroups that a GPU needs to be busy.
func (m *MatMul) tile() Tile {
	switch {
	case m.Tile.M > 0:
		return m.Tile
	case min(m.M, m.N) > 64 && ceil(m.M, 128)*ceil(m.N, 128)*max(m.Batch, 1) >= busyTiles:
		return largeTile
	case m.Act.Buffer != nil:
		return gatedTile
	}
	return smallTile
}

// busyTiles is the number of large tiles from which on they pay.
const busyTiles = 96

type matMulOperand struct {
	Name, Rows, Start string // the parameter that counts its rows, its first row in a tile
	Type              string
	Kind              string
	KMajor            bool
	Vec               bool // 4 numbers at a time
	Gated             bool // half of its rows in a tile are n/2 rows on
	Groups, Loads     int  // of four, along its side of the tile; fetched by each thread
}

// matMulStep is one step of k in a kernel: its number, or the name that has it.
type matMulStep struct {
	matMulOptions
	S any
}

type matMulOptions struct {
	A, B              matMulOperand
	CVec              bool
	CType             string
	Gated, ActOnly    bool // an activation is written, and nothing else
	Back              bool // the gradient of gates and ups is written
	Scaled, ScaleRows bool
	Tile              Tile
}

// option says how a kernel reads an operand, side being its rows in a tile.
func (o *Operand) option(name, rows, start string, vec bool, side int, t Tile) matMulOperand {
	m := matMulOperand{Name: name, Rows: rows, Start: start, Type: "f32", Kind: string(o.Kind), KMajor: o.KMajor, Vec: vec}
	m.Groups, m.Loads = side/4, side*t.K/4/t.Threads()
	switch o.Kind {
	case "":
		m.Kind = string(KindF32)
	case KindF16, KindBF16, KindI8, KindOneHot:
		m.Type = "u32"
	}
	switch {
	case !vec:
	case o.Kind == KindF16 || o.Kind == KindBF16:
		m.Type = "vec2<u32>"
	case o.Kind != KindI8:
		m.Type = "vec4<f32>"
	}
	return m
}

// vec reports whether four numbers beside each other can be read at once: no
// group of them crosses an end.
func (o *Operand) vec(rows, k int) bool {
	along := k
	if o.KMajor {
		along = rows
	}
	return o.Kind != KindOneHot && (along|o.Stride|o.Batch|o.Repeat|o.Up)%4 == 0
}

func (m *MatMul) options() (o matMulOptions) {
	o.Tile = m.tile()
	o.A = m.A.option("a", "m", "i0", m.A.vec(m.M, m.K), o.Tile.M, o.Tile)
	o.B = m.B.option("b", "n", "j0", m.B.vec(m.N, m.K), o.Tile.N, o.Tile)
	o.Gated, o.Back = m.Act.Buffer != nil, m.GateUp.Buffer != nil
	o.ActOnly, o.B.Gated = o.Gated && m.C.Buffer == nil, o.Gated
	o.CVec, o.CType = (m.N|m.CStride|m.CBatch|m.CUp)%4 == 0, "f32"
	if o.CVec {
		o.CType = "vec4<f32>"
	}
	o.ScaleRows = m.A.Kind == KindI8
	o.Scaled = o.ScaleRows || m.B.Kind == KindI8
	return o
}

// MatMul records a matrix product.
func (d *Device) MatMul(m MatMul) {
	o := m.options()
	if o.Gated && m.N%8 != 0 && d.err == nil {
		d.err = fmt.Errorf("webgpu: a gated product of %d columns, want a multiple of 8", m.N)
	}
	switch {
	case m.Tile.M > 0:
	case d.tuned != nil:
		m.Tile = d.tunedTile(m, o)
		o = m.options()
	default:
		o.Tile.Rolled = d.info.Software
	}
	d.matMul(m, o)
}

func (d *Device) matMul(m MatMul, o matMulOptions) {
	views := []View{m.A.View, m.B.View}
	for _, v := range []View{m.C, m.Act, m.GateUp} {
		if v.Buffer != nil {
			views = append(views, v)
		}
	}
	if o.ScaleRows {
		views = append(views, m.A.Scale)
	} else if o.Scaled {
		views = append(views, m.B.Scale)
	}
	k := d.kernel("matmul", o)
	if d.profile != nil && k != nil {
		k.label = fmt.Sprintf("matmul %d x %d x %d x %d, tile %d x %d x %d", max(m.Batch, 1), m.M, m.N, m.K*max(m.Reps, 1), o.Tile.M, o.Tile.N, o.Tile.K)
	}
	d.Dispatch(k, ceil(m.N, o.Tile.N), ceil(m.M, o.Tile.M), max(m.Batch, 1), []uint32{
		uint32(m.M), uint32(m.N), uint32(m.K), flag(m.Add),
		uint32(m.A.Stride), uint32(m.B.Stride), uint32(m.CStride), uint32(m.A.Up + m.B.Up + m.CUp),
		uint32(m.A.Batch), uint32(m.B.Batch), uint32(m.CBatch), uint32(m.splitK),
		uint32(max(m.Reps, 1)), uint32(m.A.Repeat), uint32(m.B.Repeat), uint32(m.splitReps),
	}, views...)
}

// MatMulSplit records c += a . b where the reduction is long and c is small,
// as in the gradient of a weight: parts of the reduction are summed side by
// side into scratch, and then added to c, always in the same order.
func (d *Device) MatMulSplit(m MatMul, scratch View) {
	size, reps := m.M*m.N, max(m.Reps, 1)
	parts := min(scratch.N/size, ceil(splitTarget, ceil(m.M, 128)*ceil(m.N, 128)), max(reps, m.K/128))
	if parts <= 1 || m.CStride != m.N {
		m.Add = true
		d.MatMul(m)
		return
	}
	if reps > 1 {
		m.splitReps = ceil(reps, parts)
		parts = ceil(reps, m.splitReps)
	} else {
		m.splitK = ceil(ceil(m.K, parts), 16) * 16
		parts = ceil(m.K, m.splitK)
	}
	c := m.C
	m.C, m.CBatch, m.Batch, m.Add = scratch, size, parts, false
	d.MatMul(m)
	d.Sum(View{c.Buffer, c.Off, size}, scratch, Sum{N: size, Parts: parts, Stride: size, Scale: 1, Add: true})
}

// maxParts is the most parts of a product whose sum is left to the next
// kernel, which reads them all.
const maxParts = 8

// splitForSum cuts the reduction of a product with few rows into parts, which
// lie one after another in room numbers, and returns how many: the GPU would
// not be busy otherwise.
func (m *MatMul) splitForSum(room int) int {
	size, tiles := m.M*m.N, ceil(m.M, smallTile.M)*ceil(m.N, smallTile.N)
	if m.M >= 2*largeTile.M {
		tiles = ceil(m.M, largeTile.M) * ceil(m.N, largeTile.N)
	}
	parts := min(maxParts, m.K/128, splitTarget/tiles, room/size)
	if parts <= 1 {
		return 1
	}
	m.splitK = ceil(ceil(m.K, parts), 16) * 16
	m.Batch, m.CBatch = ceil(m.K, m.splitK), size
	return m.Batch
}

// splitTarget is the number of workgroups that keep a large GPU busy.
const splitTarget = 288

func ceil(n, by int) int { return (n + by - 1) / by }

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
