package gpu

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
// and at most one KindSwiGLU.
type MatMul struct {
	M, N, K int
	A, B    Operand
	C       View
	CStride int
	CBatch  int
	Batch   int // 0: 1
	Reps    int // 0: 1
	Add     bool

	splitK, splitReps int // of the reduction in each z, instead of a batch
}

type matMulOptions struct {
	A, B struct {
		Type   string
		Kind   string
		KMajor bool
	}
	Scaled, ScaleRows bool
}

func (o *Operand) option() (t struct {
	Type   string
	Kind   string
	KMajor bool
}) {
	t.Kind, t.KMajor, t.Type = string(o.Kind), o.KMajor, "f32"
	switch o.Kind {
	case "":
		t.Kind = string(KindF32)
	case KindF16, KindBF16, KindI8, KindOneHot:
		t.Type = "u32"
	}
	return t
}

const matMulTile = 64

// MatMul records a matrix product.
func (d *Device) MatMul(m MatMul) {
	var o matMulOptions
	o.A, o.B = m.A.option(), m.B.option()
	o.ScaleRows = m.A.Kind == KindI8
	o.Scaled = o.ScaleRows || m.B.Kind == KindI8
	views := []View{m.A.View, m.B.View, m.C}
	if o.ScaleRows {
		views = append(views, m.A.Scale)
	} else if o.Scaled {
		views = append(views, m.B.Scale)
	}
	d.Dispatch(d.kernel("matmul", o), ceil(m.N, matMulTile), ceil(m.M, matMulTile), max(m.Batch, 1), []uint32{
		uint32(m.M), uint32(m.N), uint32(m.K), flag(m.Add),
		uint32(m.A.Stride), uint32(m.B.Stride), uint32(m.CStride), uint32(m.A.Up + m.B.Up),
		uint32(m.A.Batch), uint32(m.B.Batch), uint32(m.CBatch), uint32(m.splitK),
		uint32(max(m.Reps, 1)), uint32(m.A.Repeat), uint32(m.B.Repeat), uint32(m.splitReps),
	}, views...)
}

// MatMulSplit records c += a . b where the reduction is long and c is small,
// as in the gradient of a weight: parts of the reduction are summed side by
// side into scratch, and then added to c, always in the same order.
func (d *Device) MatMulSplit(m MatMul, scratch View) {
	tiles := ceil(m.N, matMulTile) * ceil(m.M, matMulTile)
	size := m.M * m.N
	reps := max(m.Reps, 1)
	parts := min(scratch.N/size, ceil(splitTarget, tiles), max(reps, m.K/256))
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

// splitTarget is the number of workgroups that keep a large GPU busy.
const splitTarget = 512

func ceil(n, by int) int { return (n + by - 1) / by }

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
