package gpu

func (n *Network) positionMemory(a *Arena, t *Acts, _ bool) {
	t.GateUpT = a.Buffer("gate_up over positions", n.Lanes*2*n.Config.InterT()*n.Config.Hidden)
	t.Inv = a.Buffer("inverse norm", n.Lanes*n.Config.Hidden)
}

// mixPositions records, per lane with x [P, D],
//
//	y = rms over positions(x + down . (silu(gate . x) * (up . x)))
func (n *Network) mixPositions(l *Layer, t *Acts, lanes Lanes) {
	c, d := n.Config, n.Device
	p, width, inter := lanes.P, c.Hidden, c.InterT()
	d.MatMul(MatMul{
		M: 2 * inter, N: width, K: p, A: l.GateUpT, Batch: lanes.N,
		B: Operand{View: t.In.All(), Stride: width, KMajor: true, Batch: p * width},
		C: t.GateUpT.All(), CStride: width, CBatch: 2 * inter * width,
	})
	d.MatMul(MatMul{
		M: p, N: width, K: inter, A: l.DownT, B: n.ActivationOfT(t), Batch: lanes.N,
		C: n.sum.All(), CStride: width, CBatch: p * width,
	})
	d.RMSNormCols(t.Y.All(), t.Inv.All(), t.In.All(), n.sum.All(), lanes.N, p, width, c.NormEps)
}

// ActivationOfT is silu(gate) * up over positions, per lane [It, D].
func (n *Network) ActivationOfT(t *Acts) Operand {
	size := n.Config.InterT() * n.Config.Hidden
	return Operand{View: t.GateUpT.All(), Kind: KindSwiGLU, Stride: n.Config.Hidden, KMajor: true, Batch: 2 * size, Up: size}
}
