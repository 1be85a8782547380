package gpu_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
)

// attentionOracle computes attention and its gradients in float64, with the
// rotation inside.
type attentionOracle struct {
	c              *runtime.Config
	shape          runtime.Shape
	qkv, bias      []float64 // [P, 3D], [Heads, 8]
	ctx, dqkv      []float64
	dbias          []float64
	positions, dim int
}

func (o *attentionOracle) angle(i, pair int) (cos, sin float64) {
	place, pairs := i, o.dim/2
	switch cell := i - o.c.Prefix(); {
	case o.c.Positions == runtime.Rope:
	case o.c.Positions != runtime.Rope2D || cell < 0:
		return 1, 0
	case pair < pairs/2:
		place, pairs = cell/o.shape.Cols, pairs/2
	default:
		place, pair, pairs = cell%o.shape.Cols, pair-pairs/2, pairs/2
	}
	a := float64(place) * math.Pow(o.c.RopeTheta, -float64(pair)/float64(pairs))
	return math.Cos(a), math.Sin(a)
}

// vector returns the rotated q (part 0) or k (1), or v (2) of a position.
func (o *attentionOracle) vector(i, head, part int) []float64 {
	d := o.c.Hidden
	x := append([]float64(nil), o.qkv[i*3*d+part*d+head*o.dim:][:o.dim]...)
	if part < 2 {
		o.rotate(x, i, 1)
	}
	return x
}

func (o *attentionOracle) rotate(x []float64, i int, direction float64) {
	half := o.dim / 2
	for p := range half {
		cos, sin := o.angle(i, p)
		sin *= direction
		x[p], x[p+half] = x[p]*cos-x[p+half]*sin, x[p+half]*cos+x[p]*sin
	}
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

func axpy(y []float64, a float64, x []float64) {
	for i := range y {
		y[i] += a * x[i]
	}
}

func (o *attentionOracle) class(i, j int) int {
	if o.c.Relations == "" {
		return 0
	}
	return o.c.Relation(o.shape, i, j)
}

func (o *attentionOracle) run(dctx []float64) {
	p, d := o.positions, o.c.Hidden
	o.ctx, o.dqkv, o.dbias = make([]float64, p*d), make([]float64, p*3*d), make([]float64, o.c.Heads*8)
	scale := 1 / math.Sqrt(float64(o.dim))
	for h := range o.c.Heads {
		var q, k, v, dq, dk, dv [][]float64
		for i := range p {
			q, k, v = append(q, o.vector(i, h, 0)), append(k, o.vector(i, h, 1)), append(v, o.vector(i, h, 2))
			dq, dk, dv = append(dq, make([]float64, o.dim)), append(dk, make([]float64, o.dim)), append(dv, make([]float64, o.dim))
		}
		w := make([]float64, p)
		for i := range p {
			top, sum := math.Inf(-1), 0.0
			for j := range p {
				w[j] = scale*dot(q[i], k[j]) + o.bias[h*8+o.class(i, j)]
				top = math.Max(top, w[j])
			}
			for j := range p {
				w[j] = math.Exp(w[j] - top)
				sum += w[j]
			}
			ctx, g := o.ctx[i*d+h*o.dim:][:o.dim], dctx[i*d+h*o.dim:][:o.dim]
			for j := range p {
				w[j] /= sum
				axpy(ctx, w[j], v[j])
			}
			delta := dot(g, ctx)
			for j := range p {
				ds := w[j] * (dot(g, v[j]) - delta)
				o.dbias[h*8+o.class(i, j)] += ds
				axpy(dv[j], w[j], g)
				axpy(dq[i], ds*scale, k[j])
				axpy(dk[j], ds*scale, q[i])
			}
		}
		for i := range p {
			o.rotate(dq[i], i, -1)
			o.rotate(dk[i], i, -1)
			for part, g := range [][]float64{dq[i], dk[i], dv[i]} {
				copy(o.dqkv[i*3*d+part*d+h*o.dim:], g)
			}
		}
	}
}

func attentionCases() map[string]*runtime.Config {
	cases := map[string]*runtime.Config{
		"1":            {SeqLen: 1, Hidden: 16, Heads: 2, Positions: runtime.Rope},
		"81/no-rope":   {SeqLen: 81, Hidden: 48, Heads: 3, Positions: runtime.NoPos},
		"82/relations": {SeqLen: 81, PuzzleEmbLen: 1, Hidden: 24, Heads: 4, Positions: runtime.Rope, Relations: "sudoku"},
		"81/relations": {SeqLen: 81, Hidden: 10, Heads: 2, Positions: runtime.NoPos, Relations: "sudoku"},
		"81/16":        {SeqLen: 81, Hidden: 32, Heads: 2, Positions: runtime.NoPos, Relations: "sudoku"},
		"82/16":        {SeqLen: 81, PuzzleEmbLen: 1, Hidden: 32, Heads: 2, Positions: runtime.Rope, Relations: "sudoku"},
		"5/8":          {SeqLen: 5, Hidden: 16, Heads: 2, Positions: runtime.Rope},
		"81/32":        {SeqLen: 81, Hidden: 64, Heads: 2, Positions: runtime.NoPos, Relations: "sudoku"},
		"82/64":        {SeqLen: 81, PuzzleEmbLen: 1, Hidden: 64, Heads: 1, Positions: runtime.Rope},
		"82/100":       {SeqLen: 81, PuzzleEmbLen: 1, Hidden: 100, Heads: 1, Positions: runtime.Rope},
		"901":          {SeqLen: 900, PuzzleEmbLen: 1, Hidden: 32, Heads: 2, Positions: runtime.Rope},
		"82/2d":        {SeqLen: 81, PuzzleEmbLen: 1, Hidden: 32, Heads: 2, Positions: runtime.Rope2D},
	}
	for _, c := range cases {
		c.RopeTheta = 10000
	}
	return cases
}

func TestAttention(t *testing.T) {
	d := open(t)
	for name, c := range attentionCases() {
		t.Run(name, func(t *testing.T) { testAttention(t, d, c) })
	}
}

// attentionShapes are those of the lanes: the configuration's and smaller ones.
func attentionShapes(c *runtime.Config) []runtime.Shape {
	switch {
	case c.Relations != "":
		return []runtime.Shape{c.Grid(), {Rows: 4, Cols: 4}, {Rows: 6, Cols: 6}}
	case c.SeqLen < 9:
		return []runtime.Shape{c.Grid(), {Rows: 1, Cols: 1}}
	}
	return []runtime.Shape{c.Grid(), {Rows: 2, Cols: 3}, {Rows: c.SeqLen / 7, Cols: 5}}
}

// grids returns shapes on the device, of lanes with room for so many tokens, gathered
// in the order of shapes behind those of other lanes.
func grids(t *testing.T, d *gpu.Device, c *runtime.Config, shapes []runtime.Shape, tokens int) gpu.Lanes {
	t.Helper()
	a := &gpu.Arena{Device: d}
	t.Cleanup(a.Release)
	g := gpu.NewGrids(a, c, len(shapes)+1, tokens)
	check(t, a.Err)
	check(t, g.Set(0, shapes[len(shapes)-1]))
	var order []int
	for i, s := range shapes {
		check(t, g.Set(i+1, s))
		order = append(order, i+1)
	}
	check(t, g.Gather(order))
	return g.Gathered(len(shapes), tokens)
}

func testAttention(t *testing.T, d *gpu.Device, c *runtime.Config) {
	p, width, shapes := c.P(), c.Hidden, attentionShapes(c)
	lanes, on := len(shapes), grids(t, d, c, attentionShapes(c), c.SeqLen)
	a, err := gpu.NewAttention(c, p)
	check(t, err)
	r := random(uint64(p * width))
	qkv, dctx, bias := normal(r, lanes*p*3*width), normal(r, lanes*p*width), zeros(c.Heads*8)
	if c.Relations != "" {
		bias = normal(r, c.Heads*8)
	}
	var ctx, dqkv []float64
	dbias := make([]float64, c.Heads*8)
	for lane, s := range shapes {
		n := c.Prefix() + s.Len()
		o := attentionOracle{c: c, shape: s, positions: n, dim: c.HeadDim(), bias: doubles(bias), qkv: doubles(qkv[lane*p*3*width:][:n*3*width])}
		o.run(doubles(dctx[lane*p*width:][:n*width]))
		ctx, dqkv = append(ctx, o.ctx...), append(dqkv, o.dqkv...)
		ctx, dqkv = append(ctx, make([]float64, (p-n)*width)...), append(dqkv, make([]float64, (p-n)*3*width)...)
		axpy(dbias, 1, o.dbias)
		for i := n * width; i < p*width; i++ { // behind the positions: read by nobody
			dctx[lane*p*width+i] = float32(math.NaN())
		}
		for i := n * 3 * width; i < p*3*width; i++ {
			qkv[lane*p*3*width+i] = float32(math.NaN())
		}
	}
	dev := struct{ qkv, dctx, bias, ctx, stats, dqkv, dbias, drel array }{
		upload(t, d, qkv), upload(t, d, dctx), upload(t, d, bias), upload(t, d, zeros(len(ctx))),
		upload(t, d, zeros(a.StatsLen(lanes))), upload(t, d, zeros(len(dqkv))), upload(t, d, zeros(len(dbias))), upload(t, d, zeros(a.RelationsLen(lanes))),
	}
	a.Forward(d, dev.ctx.view(), dev.stats.view(), dev.qkv.view(), dev.bias.view(), on)
	near(t, "ctx", download[float32](t, d, dev.ctx), ctx)
	a.Back(d, gpu.Back{
		DQKV: dev.dqkv.view(), DBias: dev.dbias.view(), Drel: dev.drel.view(), DCtx: dev.dctx.view(),
		Ctx: dev.ctx.view(), Stats: dev.stats.view(), QKV: dev.qkv.view(), Bias: dev.bias.view(),
	}, on)
	near(t, "dqkv", download[float32](t, d, dev.dqkv), dqkv)
	if c.Relations != "" {
		near(t, "dbias", download[float32](t, d, dev.dbias), dbias)
	}
	download[float32](t, d, dev.stats)
	download[float32](t, d, dev.drel)
}

// The log-sum-exp accumulates tile by tile; large scores must not overflow.
func TestAttentionLargeScores(t *testing.T) {
	d := open(t)
	c := &runtime.Config{SeqLen: 82, Hidden: 8, Heads: 1, Positions: runtime.NoPos, RopeTheta: 1e4}
	a, err := gpu.NewAttention(c, 82)
	check(t, err)
	qkv := normal(random(1), 82*24)
	for i := range qkv {
		qkv[i] *= 30
	}
	o := attentionOracle{c: c, positions: 82, dim: 8, bias: make([]float64, 8), qkv: doubles(qkv)}
	o.run(make([]float64, 82*8))
	ctx := upload(t, d, zeros(82*8))
	a.Forward(d, ctx.view(), upload(t, d, zeros(a.StatsLen(1))).view(), upload(t, d, qkv).view(), gpu.View{}, grids(t, d, c, []runtime.Shape{c.Grid()}, 82))
	got := download[float32](t, d, ctx)
	for i, v := range got {
		if math.IsNaN(float64(v)) {
			t.Fatal(fmt.Sprint("number ", i, " is NaN"))
		}
	}
	near(t, "ctx", got, o.ctx)
}

func TestAttentionRefusesWideHeads(t *testing.T) {
	_, err := gpu.NewAttention(&runtime.Config{SeqLen: 1, Hidden: 257, Heads: 1}, 1)
	if !errors.Is(err, gpu.ErrLimit) {
		t.Fatalf("got %v, want ErrLimit", err)
	}
}
