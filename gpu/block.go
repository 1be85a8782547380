package gpu

import "github.com/hrmgo/hrm/runtime"

// Layer is the weights of one block on the device.
type Layer = runtime.Block[Operand]

// Acts is what the forward pass of one block leaves behind for the backward
// pass, R = lanes * P rows.
type Acts struct {
	QKV, Ctx, Stats *Buffer // [R, 3D], [R, D], [2, lanes, heads, P]
	GateUpT         *Buffer // [lanes, 2It, D], MLPT
	H1, Inv1        *Buffer // [R, D] after the first norm
	GateUp          *Buffer // [R, 2I], nil where there is no backward pass
	Act             *Buffer // [R, I] silu(gate) * up
	Y, Inv2         *Buffer // [R, D] the block's output
}

// Arena allocates buffers that live and die together. After a failure it
// allocates nothing more and Err says why.
type Arena struct {
	Device  *Device
	Err     error
	buffers []*Buffer
}

// Buffer allocates n numbers, or returns nil after a failure.
func (a *Arena) Buffer(label string, n int) *Buffer {
	if a.Err != nil {
		return nil
	}
	b, err := a.Device.NewBuffer(label, n)
	if err != nil {
		a.Err = err
		return nil
	}
	a.buffers = append(a.buffers, b)
	return b
}

// Upload allocates a buffer and fills it.
func Upload[T float32 | uint32 | int32](a *Arena, label string, data []T) *Buffer {
	b := a.Buffer(label, len(data))
	if b != nil {
		a.Err = Write(b, 0, data)
	}
	return b
}

// Release frees all buffers.
func (a *Arena) Release() {
	for _, b := range a.buffers {
		b.Release()
	}
	a.buffers = nil
}

// Network records blocks of one model shape.
type Network struct {
	Device    *Device
	Config    *runtime.Config
	Attention *Attention
	Lanes     int     // at most
	sum       *Buffer // [R, D] what a residual adds
}

// NewNetwork allocates what all blocks share.
func NewNetwork(a *Arena, c *runtime.Config, lanes int) *Network {
	n := &Network{Device: a.Device, Config: c, Lanes: lanes, sum: a.Buffer("residual", residualSize(lanes*c.P(), c.Hidden))}
	if c.Has(runtime.Attention) && a.Err == nil {
		n.Attention, a.Err = NewAttention(a.Device, c)
		if a.Err == nil {
			a.buffers = append(a.buffers, n.Attention.Tables)
		}
	}
	return n
}

// residualSize is room for a residual, in parts where it has few rows.
func residualSize(rows, width int) int { return max(rows, min(maxParts*rows, 8192)) * width }

// NewActs allocates one block's activations, with keep all that a backward
// pass needs.
func (n *Network) NewActs(a *Arena, keep bool) *Acts {
	c := n.Config
	rows, d := n.Lanes*c.P(), c.Hidden
	t := &Acts{
		H1: a.Buffer("h1", rows*d), Act: a.Buffer("activation", rows*c.Inter()),
		Y: a.Buffer("block output", rows*d), Inv2: a.Buffer("inverse norm", rows),
	}
	if keep {
		t.GateUp = a.Buffer("gate_up", rows*2*c.Inter())
	}
	if c.Has(runtime.PositionSwiGLU) {
		t.GateUpT, t.Inv1 = a.Buffer("gate_up over positions", n.Lanes*2*c.InterT()*d), a.Buffer("inverse norm", n.Lanes*d)
		return t
	}
	t.QKV, t.Ctx, t.Inv1 = a.Buffer("qkv", rows*3*d), a.Buffer("attention output", rows*d), a.Buffer("inverse norm", rows)
	if n.Attention != nil {
		t.Stats = a.Buffer("softmax sums", n.Attention.StatsLen(n.Lanes))
	}
	return t
}

// Block records one block on the first lanes of in, into t and y:
//
//	h1 = rms(in + Attention(in))    or, with MLPT, over positions
//	y  = rms(h1 + SwiGLU(h1))
func (n *Network) Block(l *Layer, y, in *Buffer, t *Acts, lanes int) {
	c, d := n.Config, n.Device
	rows, width := lanes*c.P(), c.Hidden
	if c.Has(runtime.PositionSwiGLU) {
		n.mixPositions(l, in, t, lanes)
	} else {
		d.MatMul(Linear(t.QKV, in, l.QKV, rows, 3*width))
		n.Attention.Forward(d, t.Ctx.All(), t.Stats.All(), t.QKV.All(), l.RelationBias.View, lanes)
		n.residual(t.H1, t.Inv1, in, Linear(n.sum, t.Ctx, l.O, rows, width))
	}
	gate := Linear(t.GateUp, t.H1, l.GateUp, rows, 2*c.Inter())
	gate.Act = t.Act.All()
	d.MatMul(gate)
	n.residual(y, t.Inv2, t.H1, Linear(n.sum, t.Act, l.Down, rows, width))
}

// residual records y = rms(h + product). A product of few rows is made in
// parts side by side, which the norm adds up.
func (n *Network) residual(y, inv, h *Buffer, m MatMul) {
	parts := m.splitForSum(n.sum.Len())
	n.Device.MatMul(m)
	n.Device.RMSNorm(y.All(), inv.All(), h.All(), n.sum.All(), parts, m.M, m.N, n.Config.NormEps)
}

// Linear is y [rows, out] = x [rows, w.Stride] . w^T; y may be nil.
func Linear(y, x *Buffer, w Operand, rows, out int) MatMul {
	m := MatMul{M: rows, N: out, K: w.Stride, A: Operand{View: x.All(), Stride: w.Stride}, B: w, CStride: out}
	if y != nil {
		m.C = y.All()
	}
	return m
}

// ActivationOfT is silu(gate) * up over positions, per lane [It, D].
func (n *Network) ActivationOfT(t *Acts) Operand {
	size := n.Config.InterT() * n.Config.Hidden
	return Operand{View: t.GateUpT.All(), Kind: KindSwiGLU, Stride: n.Config.Hidden, KMajor: true, Batch: 2 * size, Up: size}
}

// mixPositions records, per lane with in [P, D],
//
//	h1 = rms over positions(in + down . (silu(gate . in) * (up . in)))
func (n *Network) mixPositions(l *Layer, in *Buffer, t *Acts, lanes int) {
	c, d := n.Config, n.Device
	p, width, inter := c.P(), c.Hidden, c.InterT()
	d.MatMul(MatMul{
		M: 2 * inter, N: width, K: p, A: l.GateUpT, Batch: lanes,
		B: Operand{View: in.All(), Stride: width, KMajor: true, Batch: p * width},
		C: t.GateUpT.All(), CStride: width, CBatch: 2 * inter * width,
	})
	d.MatMul(MatMul{
		M: p, N: width, K: inter, A: l.DownT, B: n.ActivationOfT(t), Batch: lanes,
		C: n.sum.All(), CStride: width, CBatch: p * width,
	})
	d.RMSNormCols(t.H1.All(), t.Inv1.All(), in.All(), n.sum.All(), lanes, p, width, c.NormEps)
}
