package cpu

import (
	"math"

	"github.com/hrmgo/hrm/runtime"
)

// oracle is the model in float64, written as the equations stand: one lane,
// no cutting, no packing.
type oracle struct {
	m *runtime.Model
	x [][]float64 // [P][D]
	z [2][][]float64
}

func newOracle(m *runtime.Model, in runtime.Input) *oracle {
	c := &m.Config
	n := c.P() * c.Hidden
	x, zH, zL := make([]float32, n), make([]float32, n), make([]float32, n)
	if err := m.Embed(in, x); err != nil {
		panic(err)
	}
	m.Start(in, zH, zL)
	o := &oracle{m: m, x: rows64(x, c.Hidden)}
	o.z[runtime.H], o.z[runtime.L] = rows64(zH, c.Hidden), rows64(zL, c.Hidden)
	return o
}

func rows64(v []float32, cols int) [][]float64 {
	var rows [][]float64
	for ; len(v) > 0; v = v[cols:] {
		row := make([]float64, cols)
		for i := range row {
			row[i] = float64(v[i])
		}
		rows = append(rows, row)
	}
	return rows
}

// segment runs one segment and returns logits [S][vocab], q_halt, q_continue.
func (o *oracle) segment() (logits [][]float64, qHalt, qContinue float64) {
	m, c := o.m, &o.m.Config
	for _, pass := range c.Passes() {
		h := o.z[pass.Level]
		for i := range h {
			for j := range h[i] {
				if pass.Level == runtime.L {
					h[i][j] += o.z[runtime.H][i][j] + o.x[i][j]
				} else {
					h[i][j] += o.z[runtime.L][i][j]
				}
			}
		}
		for _, l := range m.Level(pass.Level) {
			h = o.block(&l, h)
		}
		o.z[pass.Level] = h
	}
	zH := o.z[runtime.H]
	q := times(zH[:1], rows64(m.QHead.Float32(), c.Hidden))[0]
	logits = times(zH[c.Prefix():], rows64(m.LMHead.Float32(), c.Hidden))
	return logits, q[0] + float64(m.QBias[0]), q[1] + float64(m.QBias[1])
}

func (o *oracle) block(l *runtime.Layer, h [][]float64) [][]float64 {
	c := &o.m.Config
	if c.MLPT {
		t := transpose(h)
		h = transpose(addNorm(t, swiglu(t, l.GateUpT.Float32(), l.DownT.Float32()), c.NormEps))
	} else {
		h = addNorm(h, o.attention(l, h), c.NormEps)
	}
	return addNorm(h, swiglu(h, l.GateUp.Float32(), l.Down.Float32()), c.NormEps)
}

func (o *oracle) attention(l *runtime.Layer, h [][]float64) [][]float64 {
	c := &o.m.Config
	d, hd := c.Hidden, c.HeadDim()
	qkv := times(h, rows64(l.QKV.Float32(), d))
	for i, row := range qkv {
		for at := 0; at < 2*d; at += hd {
			copy(row[at:], o.rotate(i, row[at:at+hd]))
		}
	}
	context := make([][]float64, len(h))
	for i := range h {
		context[i] = make([]float64, d)
		for head := range c.Heads {
			q := qkv[i][head*hd : (head+1)*hd]
			weights, sum := make([]float64, len(h)), 0.0
			for j := range h {
				k := qkv[j][d+head*hd : d+(head+1)*hd]
				s := dot(q, k) / math.Sqrt(float64(hd))
				if c.Relations != "" {
					s += float64(l.RelationBias[head*runtime.NumRelations+c.Relation(i, j)])
				}
				weights[j] = math.Exp(s)
				sum += weights[j]
			}
			for j := range h {
				for k, v := range qkv[j][2*d+head*hd : 2*d+(head+1)*hd] {
					context[i][head*hd+k] += weights[j] / sum * v
				}
			}
		}
	}
	return times(context, rows64(l.O.Float32(), d))
}

func (o *oracle) rotate(pos int, v []float64) []float64 {
	if o.m.Config.Positions != runtime.Rope {
		return v
	}
	out, half := make([]float64, len(v)), len(v)/2
	for i := range half {
		sin, cos := math.Sincos(float64(pos) * math.Pow(o.m.Config.RopeTheta, -float64(i)/float64(half)))
		out[i] = v[i]*cos - v[i+half]*sin
		out[i+half] = v[i+half]*cos + v[i]*sin
	}
	return out
}

func swiglu(h [][]float64, gateUp, down []float32) [][]float64 {
	gu := times(h, rows64(gateUp, len(h[0])))
	inter := len(gu[0]) / 2
	for i, row := range gu {
		for j := range inter {
			row[j] = row[j] / (1 + math.Exp(-row[j])) * row[inter+j]
		}
		gu[i] = row[:inter]
	}
	return times(gu, rows64(down, inter))
}

func addNorm(h, y [][]float64, eps float64) [][]float64 {
	out := make([][]float64, len(h))
	for i := range h {
		out[i] = make([]float64, len(h[i]))
		for j := range h[i] {
			out[i][j] = h[i][j] + y[i][j]
		}
		rms := math.Sqrt(dot(out[i], out[i])/float64(len(h[i])) + eps)
		for j := range out[i] {
			out[i][j] /= rms
		}
	}
	return out
}

func times(x, w [][]float64) [][]float64 {
	y := make([][]float64, len(x))
	for i := range x {
		y[i] = make([]float64, len(w))
		for j := range w {
			y[i][j] = dot(x[i], w[j])
		}
	}
	return y
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func transpose(x [][]float64) [][]float64 {
	t := make([][]float64, len(x[0]))
	for j := range t {
		t[j] = make([]float64, len(x))
		for i := range x {
			t[j][i] = x[i][j]
		}
	}
	return t
}
