package gpu

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime"
)

// Layer is the weights of one block on the device.
type Layer = runtime.Block[Operand]

// Carry is zH, zL and the input embedding x of some lanes, each [R, D] with R =
// lanes * P rows.
type Carry struct{ ZH, ZL, X *Buffer }

// NewCarry allocates a carry.
func NewCarry(a *Arena, c *runtime.Config, lanes, p int) Carry {
	n := lanes * p * c.Hidden
	return Carry{a.Buffer("zH", n), a.Buffer("zL", n), a.Buffer("x", n)}
}

// Z returns the state of a level.
func (z *Carry) Z(level runtime.Level) *Buffer {
	if level == runtime.H {
		return z.ZH
	}
	return z.ZL
}

// Acts is what the forward pass of one sublayer reads, writes, and leaves behind for
// its backward pass, R = lanes * P rows.
type Acts struct {
	In, Y *Buffer // [R, D] input and result, as Block was told
	Inv   *Buffer // [R] of the norm; of positions [lanes, D]

	QKV, Ctx, Stats *Buffer // attention: [R, 3D], [R, D], [2, lanes, heads, P]
	GateUpT         *Buffer // over positions: [lanes, 2It, D]
	GateUp          *Buffer // SwiGLU: [R, 2I], nil where there is no backward pass
	Act             *Buffer // [R, I] silu(gate) * up
	Units           *Buffer // candidates: their means, see Candidates

	own *Buffer // result where the caller has no buffer for it
}

// sublayer is the code of a kind: memory allocates what its forward pass needs, with
// keep all that a backward pass does, and forward records a.Y = rms(a.In + f(a.In)).
// Each kind has a file of its own: conv.go, attention.go, positions.go, candidates.go,
// swiglu.go.
type sublayer struct {
	memory  func(n *Network, a *Arena, t *Acts, keep bool)
	forward func(n *Network, l *Layer, t *Acts, lanes Lanes)
}

var sublayers = [...]sublayer{
	runtime.Convolution:    {(*Network).convolutionMemory, (*Network).convolve},
	runtime.Attention:      {(*Network).attentionMemory, (*Network).attend},
	runtime.PositionSwiGLU: {(*Network).positionMemory, (*Network).mixPositions},
	runtime.CandidateMeans: {(*Network).candidateMemory, (*Network).mixCandidates},
	runtime.SwiGLU:         {(*Network).swiGLUMemory, (*Network).feedForward},
}

// supported reports a sublayer that has no code here, wrapping ErrLimit.
func supported(c *runtime.Config) error {
	for _, s := range c.Sublayers() {
		if int(s) >= len(sublayers) || sublayers[s].forward == nil {
			return fmt.Errorf("%w: no shaders for %v", ErrLimit, s)
		}
	}
	return nil
}

// Network records passes of a model on lanes of at most P positions.
type Network struct {
	Device    *Device
	Config    *runtime.Config
	Attention *Attention // nil where there is none
	Lanes, P  int        // at most

	sublayers []runtime.Sublayer
	sum       *Buffer    // [R, D] what a residual adds
	units     *Buffer    // candidates: products of their means
	stage     [2]*Buffer // [R, D] inputs of blocks
	scratch   []*Acts    // of a block whose activations nobody wants
}

// NewNetwork allocates what all blocks share.
func NewNetwork(a *Arena, c *runtime.Config, lanes, p int) *Network {
	n := &Network{Device: a.Device, Config: c, Lanes: lanes, P: p, sublayers: c.Sublayers()}
	if a.Err == nil {
		a.Err = supported(c)
	}
	if c.Has(runtime.Attention) && a.Err == nil {
		n.Attention, a.Err = NewAttention(c, p)
	}
	if a.Err != nil {
		return n
	}
	size := lanes * p * c.Hidden
	n.sum = a.Buffer("residual", residualSize(lanes*p, c.Hidden))
	n.stage = [2]*Buffer{a.Buffer("block input", size), a.Buffer("block input", size)}
	n.scratch = n.newActs(a, false)
	return n
}

// residualSize is room for a residual, in parts where it has few rows.
func residualSize(rows, width int) int { return max(rows, min(maxParts*rows, 8192)) * width }

// newActs allocates one block's activations, with keep all that a backward pass
// needs; the result too, else only those of its inner sublayers.
func (n *Network) newActs(a *Arena, keep bool) (acts []*Acts) {
	rows := n.Lanes * n.P
	for i, s := range n.sublayers {
		t := &Acts{Inv: a.Buffer("inverse norm", rows)}
		if keep || i < len(n.sublayers)-1 {
			t.own = a.Buffer("result of a sublayer", rows*n.Config.Hidden)
		}
		sublayers[s].memory(n, a, t, keep)
		acts = append(acts, t)
	}
	return acts
}

// Saved is what a differentiated pass leaves behind: what goes into its first layer,
// and the activations of every layer.
type Saved struct {
	In     *Buffer
	Layers [][]*Acts
}

// NewSaved allocates that of a pass of so many layers.
func (n *Network) NewSaved(a *Arena, layers int) *Saved {
	s := &Saved{In: a.Buffer("pass input", n.Lanes*n.P*n.Config.Hidden)}
	for range layers {
		s.Layers = append(s.Layers, n.newActs(a, true))
	}
	return s
}

// Pass records one pass of a segment, and with saved keeps what its backward pass
// needs:
//
//	L: zL = L(zL + zH + x)    H: zH = H(zH + zL)
func (n *Network) Pass(level runtime.Level, layers []Layer, z *Carry, saved *Saved, lanes Lanes) {
	in, to := n.stage[0], z.Z(level)
	if saved != nil {
		in = saved.In
	}
	terms := []View{z.ZH.All(), z.ZL.All()}
	if level == runtime.L {
		terms = append(terms, z.X.All())
	}
	n.Device.Enter(in.All(), terms, n.Config.Hidden, lanes)
	for i := range layers {
		if saved != nil {
			in = n.block(&layers[i], saved.Layers[i], in, nil, lanes)
			continue
		}
		y := n.stage[(i+1)%2]
		if i == len(layers)-1 {
			y = to
		}
		in = n.block(&layers[i], n.scratch, in, y, lanes)
	}
	if saved != nil {
		n.Device.Copy(to.All(), in.All())
	}
}

// block records x = rms(x + f(x)) for every sublayer f, from in to y, or where that
// is nil to a buffer of acts, and returns where the result is.
func (n *Network) block(l *Layer, acts []*Acts, in, y *Buffer, lanes Lanes) *Buffer {
	for i, s := range n.sublayers {
		t := acts[i]
		if t.In, t.Y = in, t.own; i == len(acts)-1 && y != nil {
			t.Y = y
		}
		sublayers[s].forward(n, l, t, lanes)
		in = t.Y
	}
	return in
}

// residual records t.Y = rms(t.In + product). A product of few rows is made in parts
// side by side, which the norm adds up.
func (n *Network) residual(t *Acts, m MatMul) {
	parts := m.splitForSum(n.sum.Len())
	n.Device.MatMul(m)
	n.addNorm(t, parts, m.M)
}

// addNorm records t.Y = rms(t.In + sum), of which there are parts.
func (n *Network) addNorm(t *Acts, parts, rows int) {
	n.Device.RMSNorm(t.Y.All(), t.Inv.All(), t.In.All(), n.sum.All(), parts, rows, n.Config.Hidden, n.Config.NormEps)
}

// Linear is y [rows, out] = x [rows, w.Stride] . w^T; y may be nil.
func Linear(y, x *Buffer, w Operand, rows, out int) MatMul {
	m := MatMul{M: rows, N: out, K: w.Stride, A: Operand{View: x.All(), Stride: w.Stride}, B: w, CStride: out}
	if y != nil {
		m.C = y.All()
	}
	return m
}
