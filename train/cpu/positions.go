package cpu

import "github.com/hrmgo/hrm/kernels"

func (d *Device) positionMemory(a *acts, rows int, _ bool) {
	c := &d.config
	columns := rows / c.P() * c.Hidden
	a.inv = make([]float32, columns)
	a.guT, a.actT = make([]float32, columns*2*c.InterT()), make([]float32, columns*c.InterT())
	a.xT, a.yT = make([]float32, rows*c.Hidden), make([]float32, rows*c.Hidden)
}

// mixPositions sets a.y = norm(x + SwiGLU(x)), all of it over the positions.
func (w *worker) mixPositions(l *layer, a *acts) {
	p, d, inter := w.d.config.P(), w.d.config.Hidden, w.d.config.InterT()
	columns := w.lanes * d
	w.transpose(a.xT, a.x, p, d)
	l.GateUpT.forward(a.guT, a.xT, columns, &w.rounding)
	kernels.SwiGLU(a.actT[:columns*inter], a.guT, inter)
	l.DownT.forward(w.tmp, a.actT, columns, &w.rounding)
	kernels.ResidualNorm(a.yT, nil, a.inv[:columns], a.xT, w.tmp, p, w.d.eps)
	w.transpose(a.y, a.yT, d, p)
	if a.y16 != nil {
		kernels.RoundBF16(a.y16, a.y[:w.rows*d])
	}
}

func (w *worker) mixPositionsBack(l *layer, g *layerGrad, a *acts, dy []float32) {
	p, d, inter := w.d.config.P(), w.d.config.Hidden, w.d.config.InterT()
	columns := w.lanes * d
	w.transpose(w.tmp, dy, p, d)
	kernels.ResidualNormBack(w.tmp, w.tmp, a.yT, a.inv[:columns], p)
	l.DownT.backward(w.dAct, g.DownT, w.tmp, a.actT, columns, false, &w.rounding)
	kernels.SwiGLUBack(w.dWide, w.dAct[:columns*inter], a.guT, inter)
	l.GateUpT.backward(w.tmp, g.GateUpT, w.dWide, a.xT, columns, true, &w.rounding)
	w.transpose(dy, w.tmp, d, p)
}

// transpose exchanges the rows and columns of every lane's matrix.
func (w *worker) transpose(dst, src []float32, rows, cols int) {
	for lane := range w.lanes {
		at := lane * rows * cols
		in, out := src[at:at+rows*cols], dst[at:at+rows*cols]
		for i := range rows {
			for j, v := range in[i*cols : (i+1)*cols] {
				out[j*rows+i] = v
			}
		}
	}
}
