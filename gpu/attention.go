package gpu

import (
	"fmt"
	"math"

	"github.com/hrmgo/hrm/runtime"
)

// Attention is the shape of self-attention in a model, for lanes of at most P
// positions.
type Attention struct {
	P, Heads, Dim   int
	Rope, Relations bool
}

// attentionOptions specialise the shaders. H4 is the head size in vec4.
type attentionOptions struct {
	Head, H4, Tile  int
	Step            int // keys at a time in the forward pass
	Threads, Rows   int // of a workgroup; queries of a thread
	Rope, Relations bool
	Vec             bool   // four numbers are read at once
	Type            string // of what is read
}

// attentionVector names the vectors that a gradient is written from.
type attentionVector struct {
	attentionOptions
	To, Name, I string
}

func attentionPart(o attentionOptions, to, name, i string) attentionVector {
	return attentionVector{o, to, name, i}
}

// attentionNumber is number X of such a vector; Y is its pair in a rotation.
func attentionNumber(v attentionVector, x int) any {
	return struct {
		attentionVector
		X, Y int
	}{v, x, (x + v.Head/2) % v.Head}
}

// maxHeadDim is the largest head that the shaders keep in private memory; all
// published models have 64.
const maxHeadDim = 256

// NewAttention returns the attention of a model.
func NewAttention(c *runtime.Config, p int) (*Attention, error) {
	if c.HeadDim() > maxHeadDim {
		return nil, fmt.Errorf("%w: head size %d, the attention shaders take up to %d", ErrLimit, c.HeadDim(), maxHeadDim)
	}
	return &Attention{P: p, Heads: c.Heads, Dim: c.HeadDim(), Rope: c.Turns(), Relations: c.Relations != ""}, nil
}

// options choose the largest tile whose two arrays fit 16 KiB of workgroup
// memory with room to spare. A short sequence is one workgroup.
func (a *Attention) options(rows int) attentionOptions {
	h4 := ceil(a.Dim, 4)
	o := attentionOptions{Head: a.Dim, H4: h4, Step: 8, Threads: 64, Rows: rows, Rope: a.Rope, Relations: a.Relations, Vec: a.Dim%4 == 0, Type: "f32"}
	for o.Step > 1 && o.Step*h4 > 64 {
		o.Step /= 2
	}
	o.Tile = max(1, min(32, 320/h4)/o.Step) * o.Step
	if a.P <= 128 {
		o.Threads = ceil(ceil(a.P, rows), 16) * 16
	}
	if o.Vec {
		o.Type = "vec4<f32>"
	}
	return o
}

// forwardRows is the number of queries that a thread of the forward pass has:
// two, where registers hold them, as each key is then read half as often.
func (a *Attention) forwardRows() int {
	if a.Dim <= 32 && a.P > 32 {
		return 2
	}
	return 1
}

func (a *Attention) params(l Lanes) []uint32 {
	width := a.Heads * a.Dim
	return []uint32{uint32(l.P), uint32(a.Heads), uint32(width), uint32(3 * width), uint32(l.N), bits(1 / math.Sqrt(float64(a.Dim))), uint32(l.at)}
}

func (a *Attention) record(d *Device, file string, rows int, l Lanes, views []View) {
	o := a.options(rows)
	d.Dispatch(d.kernel(file, o), ceil(l.P, o.Threads*o.Rows), a.Heads, l.N, a.params(l), views...)
}

// inputs are the bindings that all kernels begin with.
func (a *Attention) inputs(qkv, bias View, l Lanes) []View {
	if a.Relations {
		return []View{qkv, l.grids.All(), bias}
	}
	return []View{qkv, l.grids.All()}
}

// Forward records, per lane and head, over its positions, with q and k rotated when
// Rope,
//
//	ctx[i] = sum over j of softmax_j(q[i] . k[j] / sqrt(Dim) + bias[head, relation(i, j)]) * v[j]
//
// and ctx = 0 behind them. qkv is [lanes, P, 3D], ctx [lanes, P, D], bias [Heads, 8]
// with Relations. stats [2, lanes, Heads, P] keeps the logarithms of the sums.
func (a *Attention) Forward(d *Device, ctx, stats, qkv, bias View, l Lanes) {
	views := append(a.inputs(qkv, bias, l), ctx, stats)
	run := func(way int) { a.record(d, "attention", way+1, l, views) }
	run(d.choose(a.key("attention", l.N), 2, a.forwardRows()-1, ctx.Buffer, run))
}

// StatsLen and RelationsLen are the sizes of stats and of drel.
func (a *Attention) StatsLen(lanes int) int { return 2 * lanes * a.Heads * a.P }

func (a *Attention) RelationsLen(lanes int) int {
	return lanes * a.backTiles() * a.Heads * runtime.NumRelations
}

// backTiles is the number of workgroups that share a lane and head in the
// backward pass.
func (a *Attention) backTiles() int { return ceil(a.P, a.options(1).Threads) }

// shortBack are the options of the backward pass in one kernel, if a workgroup
// has the shared memory for all rows of a head and the registers for one.
func (a *Attention) shortBack(l Limits) (o attentionOptions, ok bool) {
	o = a.options(1)
	o.Tile, o.Threads = 16, max(16, ceil(a.P, 4)*4)
	shared := 16 * (2*o.Threads*(o.H4+1+o.Tile/4+1) + 2*o.Tile*o.H4 + 2)
	return o, a.P <= 128 && a.Dim <= 32 && a.Dim%8 == 0 && shared <= l.WorkgroupStorage
}

// Back are the buffers of Attention.Back: DQKV is written, DBias added to.
// Drel is scratch of RelationsLen.
type Back struct {
	DQKV, DBias, Drel           View
	DCtx, Ctx, Stats, QKV, Bias View
}

// Back records the gradient of qkv, before the rotation, and of the bias.
func (a *Attention) Back(d *Device, b Back, l Lanes) {
	ways := []func(){func() { a.longBack(d, b, l) }}
	if o, ok := a.shortBack(d.info.Limits); ok {
		ways = append(ways, func() { a.recordShortBack(d, b, o, l) })
	}
	way := d.choose(a.key("attention_back", l.N), len(ways), len(ways)-1, b.DQKV.Buffer, func(i int) { ways[i]() })
	ways[way]()
	if a.Relations {
		n := a.Heads * runtime.NumRelations
		d.Sum(b.DBias, b.Drel, Sum{N: n, Parts: l.N * a.backTiles(), Stride: n, Scale: 1, Add: true})
	}
}

func (a *Attention) recordShortBack(d *Device, b Back, o attentionOptions, l Lanes) {
	views := append(a.inputs(b.QKV, b.Bias, l), b.Ctx, b.DCtx, b.Stats, b.DQKV)
	if a.Relations {
		views = append(views, b.Drel)
	}
	d.Dispatch(d.kernel("attention_back", o), 1, a.Heads, l.N, a.params(l), views...)
}

func (a *Attention) key(file string, lanes int) attentionKey {
	return attentionKey{file, a.P, a.Heads, a.Dim, a.Rope, a.Relations, lanes}
}

// longBack passes over all queries and over all keys in turn.
func (a *Attention) longBack(d *Device, b Back, l Lanes) {
	q := append(a.inputs(b.QKV, b.Bias, l), b.Ctx, b.DCtx, b.Stats, b.DQKV)
	if a.Relations {
		q = append(q, b.Drel)
	}
	a.record(d, "attention_back_q", 1, l, q)
	a.record(d, "attention_back_kv", 1, l, append(a.inputs(b.QKV, b.Bias, l), b.DCtx, b.Stats, b.DQKV))
}

func (n *Network) attentionMemory(a *Arena, t *Acts, _ bool) {
	rows, d := n.Lanes*n.P, n.Config.Hidden
	t.QKV, t.Ctx = a.Buffer("qkv", rows*3*d), a.Buffer("attention output", rows*d)
	t.Stats = a.Buffer("softmax sums", n.Attention.StatsLen(n.Lanes))
}

// attend records y = rms(x + o . Attention(x)).
func (n *Network) attend(l *Layer, t *Acts, lanes Lanes) {
	rows, width := lanes.Rows(), n.Config.Hidden
	n.Device.MatMul(Linear(t.QKV, t.In, l.QKV, rows, 3*width))
	n.Attention.Forward(n.Device, t.Ctx.All(), t.Stats.All(), t.QKV.All(), l.RelationBias.View, lanes)
	n.residual(t, Linear(n.sum, t.Ctx, l.O, rows, width))
}
