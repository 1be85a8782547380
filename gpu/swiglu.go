package gpu

func (n *Network) swiGLUMemory(a *Arena, t *Acts, keep bool) {
	rows, inter := n.Lanes*n.P, n.Config.Inter()
	t.Act = a.Buffer("activation", rows*inter)
	if keep {
		t.GateUp = a.Buffer("gate_up", rows*2*inter)
	}
}

// feedForward records y = rms(x + down . (silu(gate . x) * up . x)).
func (n *Network) feedForward(l *Layer, t *Acts, lanes Lanes) {
	rows, inter := lanes.Rows(), n.Config.Inter()
	gate := Linear(t.GateUp, t.In, l.GateUp, rows, 2*inter)
	gate.Act = t.Act.All()
	n.Device.MatMul(gate)
	n.residual(t, Linear(n.sum, t.Act, l.Down, rows, n.Config.Hidden))
}
