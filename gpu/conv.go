package gpu

import "github.com/hrmgo/hrm/runtime"

// Conv is a depthwise convolution over the grid of each lane's tokens, which lie
// behind Prefix positions: K x K taps, K odd, of D channels. A neighbour outside the
// grid adds nothing, and what is no token of the lane becomes zero.
type Conv struct{ K, D, Prefix int }

// NewConv returns that of a model.
func NewConv(c *runtime.Config) Conv { return Conv{c.Conv, c.Hidden, c.Prefix()} }

type convOptions struct {
	K    int
	Back bool
	Type string // of what is read and written
}

func (c Conv) options(back bool) (o convOptions, width int) {
	if c.D%4 == 0 {
		return convOptions{c.K, back, "vec4<f32>"}, c.D / 4
	}
	return convOptions{c.K, back, "f32"}, c.D
}

// Forward records, for every token [r, c] of every lane,
//
//	y[r, c] = sum over i, j < K of w[i, j] * x[r+i-K/2, c+j-K/2]
//
// x and y are [lanes, P, D], w [K*K, D].
func (c Conv) Forward(d *Device, y, x, w View, l Lanes) { c.record(d, y, x, w, l, false) }

// Back records the gradient of h in h + Forward(h): dx = dy + the same sum with the
// filter turned around.
func (c Conv) Back(d *Device, dx, dy, w View, l Lanes) { c.record(d, dx, dy, w, l, true) }

func (c Conv) record(d *Device, y, x, w View, l Lanes, back bool) {
	o, width := c.options(back)
	n := l.Rows() * width
	d.flat(d.kernel("conv", o), n, []uint32{uint32(n), uint32(width), uint32(l.P), uint32(c.Prefix), uint32(l.at)}, x, w, l.grids.All(), y)
}

// FilterBack adds the gradient of w, in parts that are summed side by side into
// scratch and then added in order:
//
//	dw[i, j] += sum over lanes, r, c of dy[r, c] * x[r+i-K/2, c+j-K/2]
func (c Conv) FilterBack(d *Device, dw, dy, x, scratch View, l Lanes) {
	o, width := c.options(false)
	size := c.K * c.K * c.D
	share := ceil(l.Rows(), max(1, min(scratch.N/size, ceil(l.Rows(), leastShare), maxShares)))
	parts := ceil(l.Rows(), share)
	n := parts * c.K * c.K * width
	d.flat(d.kernel("conv_filter", o), n, []uint32{uint32(n), uint32(width), uint32(l.P), uint32(c.Prefix), uint32(l.at), uint32(l.Rows()), uint32(share)},
		dy, x, l.grids.All(), scratch)
	d.Sum(View{dw.Buffer, dw.Off, size}, scratch, Sum{N: size, Parts: parts, Stride: size, Scale: 1, Add: true})
}

// A part of a filter's gradient has at least so many rows, and there are at most so
// many parts.
const (
	leastShare = 32
	maxShares  = 256
)

func (n *Network) convolutionMemory(*Arena, *Acts, bool) {}

// convolve records y = rms(x + conv(x)).
func (n *Network) convolve(l *Layer, t *Acts, lanes Lanes) {
	NewConv(n.Config).Forward(n.Device, n.sum.All(), t.In.All(), l.Conv.View, lanes)
	n.addNorm(t, 1, lanes.Rows())
}
