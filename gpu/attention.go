package gpu

import (
	"fmt"
	"math"

	"github.com/hrmgo/hrm/runtime"
)

// Attention is the shape of self-attention in a model, and its tables on the
// device.
type Attention struct {
	P, Heads, Dim   int
	Rope, Relations bool
	Tables          *Buffer
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

// NewAttention uploads the rotary table and the relation classes of a model.
func NewAttention(d *Device, c *runtime.Config) (*Attention, error) {
	if c.HeadDim() > maxHeadDim {
		return nil, fmt.Errorf("%w: head size %d, the attention shaders take up to %d", ErrLimit, c.HeadDim(), maxHeadDim)
	}
	a := &Attention{P: c.P(), Heads: c.Heads, Dim: c.HeadDim(), Rope: c.Positions == runtime.Rope || c.Positions == runtime.Rope2D, Relations: c.Relations != ""}
	table := a.table(c)
	var err error
	if a.Tables, err = d.NewBuffer("attention tables", len(table)); err != nil {
		return nil, err
	}
	if err := Write(a.Tables, 0, table); err != nil {
		a.Release()
		return nil, err
	}
	return a, nil
}

// table is cos and sin of every angle, then the classes by query and by key.
func (a *Attention) table(c *runtime.Config) []uint32 {
	table := make([]uint32, 0, a.P*a.Dim+1)
	if a.Rope {
		cos, sin := c.RopeTable(c.Grid())
		for i := range cos {
			table = append(table, math.Float32bits(cos[i]), math.Float32bits(sin[i]))
		}
	}
	if a.Relations {
		table = append(table, packClasses(a.P, func(i, j int) int { return c.Relation(c.Grid(), i, j) })...)
		table = append(table, packClasses(a.P, func(j, i int) int { return c.Relation(c.Grid(), i, j) })...)
	}
	if len(table) == 0 {
		table = append(table, 0)
	}
	return table
}

// packClasses is class(i, j) [P, P], eight of a row in a word, the first lowest.
func packClasses(p int, class func(i, j int) int) []uint32 {
	words := ceil(p, 8)
	packed := make([]uint32, p*words)
	for i := range p {
		for j := range p {
			packed[i*words+j/8] |= uint32(class(i, j)) << (4 * (j % 8))
		}
	}
	return packed
}

// Release frees the tables.
func (a *Attention) Release() {
	if a != nil {
		a.Tables.Release()
	}
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

func (a *Attention) params(lanes int) []uint32 {
	width := a.Heads * a.Dim
	return []uint32{uint32(a.P), uint32(a.Heads), uint32(width), uint32(3 * width), uint32(lanes), bits(1 / math.Sqrt(float64(a.Dim)))}
}

func (a *Attention) record(d *Device, file string, rows, lanes int, views []View) {
	o := a.options(rows)
	d.Dispatch(d.kernel(file, o), ceil(a.P, o.Threads*o.Rows), a.Heads, lanes, a.params(lanes), views...)
}

// inputs are the bindings that all three kernels begin with.
func (a *Attention) inputs(qkv, bias View) []View {
	if a.Relations {
		return []View{qkv, a.Tables.All(), bias}
	}
	return []View{qkv, a.Tables.All()}
}

// Forward records, per lane and head, with q and k rotated when Rope,
//
//	ctx[i] = sum over j of softmax_j(q[i] . k[j] / sqrt(Dim) + bias[head, relation(i, j)]) * v[j]
//
// qkv is [lanes, P, 3D], ctx [lanes, P, D], bias [Heads, 8] with Relations.
// stats [2, lanes, Heads, P] keeps the logarithms of the sums.
func (a *Attention) Forward(d *Device, ctx, stats, qkv, bias View, lanes int) {
	views := append(a.inputs(qkv, bias), ctx, stats)
	run := func(way int) { a.record(d, "attention", way+1, lanes, views) }
	run(d.choose(a.key("attention", lanes), 2, a.forwardRows()-1, ctx.Buffer, run))
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
func (a *Attention) Back(d *Device, b Back, lanes int) {
	ways := []func(){func() { a.longBack(d, b, lanes) }}
	if o, ok := a.shortBack(d.info.Limits); ok {
		ways = append(ways, func() { a.recordShortBack(d, b, o, lanes) })
	}
	way := d.choose(a.key("attention_back", lanes), len(ways), len(ways)-1, b.DQKV.Buffer, func(i int) { ways[i]() })
	ways[way]()
	if a.Relations {
		n := a.Heads * runtime.NumRelations
		d.Sum(b.DBias, b.Drel, Sum{N: n, Parts: lanes * a.backTiles(), Stride: n, Scale: 1, Add: true})
	}
}

func (a *Attention) recordShortBack(d *Device, b Back, o attentionOptions, lanes int) {
	views := append(a.inputs(b.QKV, b.Bias), b.Ctx, b.DCtx, b.Stats, b.DQKV)
	if a.Relations {
		views = append(views, b.Drel)
	}
	d.Dispatch(d.kernel("attention_back", o), 1, a.Heads, lanes, a.params(lanes), views...)
}

func (a *Attention) key(file string, lanes int) attentionKey {
	return attentionKey{file, a.P, a.Heads, a.Dim, a.Rope, a.Relations, lanes}
}

// longBack passes over all queries and over all keys in turn.
func (a *Attention) longBack(d *Device, b Back, lanes int) {
	q := append(a.inputs(b.QKV, b.Bias), b.Ctx, b.DCtx, b.Stats, b.DQKV)
	if a.Relations {
		q = append(q, b.Drel)
	}
	a.record(d, "attention_back_q", 1, lanes, q)
	a.record(d, "attention_back_kv", 1, lanes, append(a.inputs(b.QKV, b.Bias), b.DCtx, b.Stats, b.DQKV))
}
