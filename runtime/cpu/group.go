package cpu

import "github.com/hrmgo/hrm/kernels"

// The rows of a group's lanes lie one after the other: row r is position r % P
// of its lane r / P.
type group struct {
	lanes []int // of the batch
	first int   // place of the first in Step's arguments
	*activation
	bands     []band
	chunks    []span // of all bands
	cols      []span // MLPT: channels
	layer     int    // that is being computed
	headParts int    // see cutHeads
	band      int    // the same
}

// span is rows [lo, hi) of a group, or channels.
type span struct{ lo, hi int }

// band is rows that go through the SwiGLU together, and its chunks.
type band struct {
	span
	chunks span
}

// activation is the numbers of a group's rows. What only one task needs is in
// scratch.
type activation struct {
	z       []float32       // [rows, D] the state that the pass updates
	z8      *kernels.RowsI8 // the same in int8; nil when nothing multiplies it
	context []float32       // [rows, D] of attention
	qkv     []float32       // [tasks of heads, rows, headWidth], only with more workers than such tasks
	act     []float32       // [rows of a band, I] SwiGLU

	context16, act16 []kernels.BF16 // the same in bf16, which has not those
}

// scratch is one worker's numbers of one task.
type scratch struct {
	wide   []float32       // [rows of a band, gates and ups of a block]
	out    []float32       // [rows of a chunk, D] residual
	logits []float32       // [vocabulary]
	column []float32       // MLPT: [channels, P]
	act    []float32       // MLPT: [channels, I of positions]
	rows   *kernels.RowsI8 // what int8 weights multiply; nil when there are none

	qkv  []float32        // [rows of a group, headWidth]; neither with MLPT or in bf16
	head *kernels.HeadF32 // one head's attention

	qkv16     []kernels.BF16 // the same in bf16, of one head
	attention *kernels.AttentionBF16
}

// chunkRows is the most rows whose SwiGLU is reduced, or whose scores are
// computed, at once: they stay in the second-level cache.
const chunkRows = 96

// bandRows is about how many rows a worker takes through one block of weights
// before the next: enough arithmetic to hide that weights come from further
// away than the second-level cache, and no more than it holds. int8 needs more,
// being faster.
func (b *Backend) bandRows() int {
	if b.has8() {
		return 328
	}
	return 164
}

func (b *Backend) newScratch() scratch {
	c := &b.model.Config
	d, p, inter := c.Hidden, c.P(), c.Inter()
	rows := max(b.bandRows(), b.maxChunk())
	s := scratch{
		wide:   make([]float32, rows*2*gluBlock),
		out:    make([]float32, b.maxChunk()*d),
		logits: make([]float32, c.VocabSize),
	}
	switch {
	case c.MLPT:
		s.column, s.act = make([]float32, 2*b.maxChunk()*p), make([]float32, b.maxChunk()*c.InterT())
		inter = max(inter, p, c.InterT())
	case b.bf16:
		s.attention = kernels.NewAttentionBF16(kernels.AttentionShape{P: p, Heads: 1, Dim: c.HeadDim()})
		s.qkv16 = make([]kernels.BF16, b.lanesAtOnce()*p*3*c.HeadDim())
	default:
		s.head = kernels.NewHeadF32(p, c.HeadDim())
		s.qkv = make([]float32, b.lanesAtOnce()*p*b.headWidth())
	}
	if b.has8() {
		s.rows = kernels.NewRowsI8(b.maxChunk(), max(d, inter))
	}
	return s
}

// newActivation makes room for a number of rows.
func (b *Backend) newActivation(rows int) activation {
	c := &b.model.Config
	a := activation{z: make([]float32, rows*c.Hidden)}
	context, act := rows*c.Hidden, min(rows, max(b.bandRows(), b.maxChunk()))*c.Inter()
	if b.bf16 {
		a.context16, a.act16 = make([]kernels.BF16, context), make([]kernels.BF16, act)
	} else {
		a.context, a.act = make([]float32, context), make([]float32, act)
	}
	if !b.bf16 && !c.MLPT && b.pool.Workers() > b.headTasks() && b.queryParts() > 1 {
		a.qkv = make([]float32, rows*3*c.Hidden)
	}
	if b.has8() {
		a.z8 = kernels.NewRowsI8(rows, c.Hidden)
	}
	return a
}

// maxChunk returns the most rows that a chunk may have, an even number. A
// traced lane is one chunk, so that its scratch holds whole layers.
func (b *Backend) maxChunk() int {
	c := &b.model.Config
	if b.trace == nil {
		return chunkRows
	}
	rows := c.P()
	if c.MLPT {
		rows = max(rows, c.Hidden)
	}
	return (rows + 1) / 2 * 2
}

// rowUnit is how many rows take about as long as one: in bf16 a tile of AMX.
func (b *Backend) rowUnit() int {
	if b.bf16 && b.trace == nil {
		return 16
	}
	return 2
}

// headTasks returns into how many tasks, each of some heads, attention is cut: a
// task's rows of the matrix begin at a panel.
func (b *Backend) headTasks() int {
	c := &b.model.Config
	if b.trace != nil || c.MLPT {
		return 1
	}
	tasks := c.Heads
	for tasks > 1 && (c.Heads%tasks != 0 || c.Hidden/tasks%kernels.PanelWidth != 0) {
		tasks--
	}
	return tasks
}

// headWidth is how many queries, keys and values a task's heads have.
func (b *Backend) headWidth() int { return 3 * b.model.Config.Hidden / b.headTasks() }

// queryParts is into how many parts the queries of a head are cut, if they are.
func (b *Backend) queryParts() int {
	p, most := b.model.Config.P(), b.maxChunk()
	return (p + most - 1) / most
}

// cutHeads returns into how many parts the lanes of a group are cut for heads: one,
// so that the weights of a head are read once, unless workers would have nothing to
// do. split tells that they would have nothing to do even then: projections and
// attention are steps of their own, in smaller tasks.
func (t *batch) cutHeads(g *group, worker int) (parts int, split bool) {
	workers, tasks := t.b.pool.Workers(), t.b.headTasks()
	if worker != together || workers <= tasks {
		return 1, false
	}
	return len(g.lanes), workers > tasks*len(g.lanes) && t.b.queryParts() > 1 && !t.b.bf16
}

// lanesOf are the lanes of a part of headParts.
func (g *group) lanesOf(part int) span {
	n := len(g.lanes)
	return span{n * part / g.headParts, n * (part + 1) / g.headParts}
}

// lanesAtOnce is the most lanes of a group.
func (b *Backend) lanesAtOnce() int {
	if b.trace != nil {
		return 1
	}
	return max(1, b.bandRows()/b.model.Config.P())
}

// cut makes the groups of a step. With enough lanes each group has a worker for
// itself, which reads all weights for it; else all workers share the work on
// one group, and each reads a part of them.
func (t *batch) cut(lanes []int) {
	n, workers, most := len(lanes), t.b.pool.Workers(), t.b.lanesAtOnce()
	groups := workers * ((n + workers*most - 1) / (workers * most))
	largest := (n + groups - 1) / groups
	t.apart = 8*n >= 7*groups*largest && 2*largest*t.b.model.Config.P() >= t.b.bandRows() && workers > 1
	if groups = min(groups, n); !t.apart {
		groups = (n + most - 1) / most
	}
	for len(t.groups) < groups {
		t.groups = append(t.groups, group{})
	}
	t.groups = t.groups[:groups]
	for i := range t.groups {
		lo, hi := n*i/groups, n*(i+1)/groups
		t.groups[i].first, t.groups[i].lanes = lo, lanes[lo:hi]
		t.cutGroup(&t.groups[i])
	}
	t.makeRoom()
}

// makeRoom allocates the activations that the groups need, at the first step.
func (t *batch) makeRoom() {
	p := t.b.model.Config.P()
	sets, rows := 1, p*min(len(t.lanes), t.b.lanesAtOnce())
	if t.apart {
		sets = t.b.pool.Workers()
	}
	for len(t.sets) < sets {
		t.sets = append(t.sets, t.b.newActivation(rows))
	}
}

// cutGroup cuts the rows of a group into bands of near-equal chunks.
func (t *batch) cutGroup(g *group) {
	c, b := &t.b.model.Config, t.b
	rows, workers := len(g.lanes)*c.P(), b.pool.Workers()
	if t.apart {
		workers = 1
	}
	most := max(b.bandRows(), b.maxChunk())
	bands := (rows + most - 1) / most
	g.bands, g.chunks, g.cols = g.bands[:0], g.chunks[:0], g.cols[:0]
	for i := range bands {
		all := span{rows * i / bands, rows * (i + 1) / bands}
		from := len(g.chunks)
		g.chunks = all.cut(g.chunks, b.rowUnit(), b.maxChunk(), workers)
		g.bands = append(g.bands, band{all, span{from, len(g.chunks)}})
	}
	if c.MLPT {
		g.cols = span{0, c.Hidden}.cut(g.cols, 2, b.maxChunk(), workers)
	}
}

// cut appends near-equal parts of at most most rows, between multiples of unit,
// which costs the matrix kernels about as much as one row. The parts keep the
// workers busy.
func (s span) cut(parts []span, unit, most, workers int) []span {
	units := (s.hi - s.lo + unit - 1) / unit
	n := (units + most/unit - 1) / (most / unit)
	for n < units && !balanced(n, workers) {
		n++
	}
	for i := range n {
		parts = append(parts, span{s.lo + unit*(units*i/n), min(s.lo+unit*(units*(i+1)/n), s.hi)})
	}
	return parts
}

// balanced reports whether equal tasks keep the workers busy for at least nine
// tenths of the time.
func balanced(tasks, workers int) bool {
	rounds := (tasks + workers - 1) / workers
	return 10*tasks >= 9*rounds*workers
}

// together is the worker of a step in which all workers take part.
const together = -1

// each runs a step of a group for all its tasks: on one worker, or on all.
func (t *batch) each(g *group, worker, tasks int, step int) {
	if worker == together {
		t.group = g
		t.b.pool.Run(tasks, t.loops[step])
		return
	}
	for task := range tasks {
		t.task(step, g, worker, task)
	}
}

// task runs one task of a step, unless the context has ended.
func (t *batch) task(step int, g *group, worker, task int) {
	if !t.stopped() {
		steps[step](t, g, worker, task)
	}
}

// runPasses applies one level's network to its state, in all lanes.
func (t *batch) runPasses() {
	t.layers = t.b.levels[t.pass.Level]
	if t.apart {
		t.b.pool.Run(len(t.groups), t.passes)
	} else {
		for i := range t.groups {
			t.runPass(&t.groups[i], together)
		}
	}
	if t.b.trace != nil {
		t.calls[t.network()]++
	}
}

// runPass is runPasses for a group.
func (t *batch) runPass(g *group, worker int) {
	g.activation = &t.sets[max(0, worker)]
	t.each(g, worker, len(g.chunks), stepEnter)
	var split bool
	g.headParts, split = t.cutHeads(g, worker)
	g.band = 0
	byChunk := t.byChunk(g, worker)
	for g.layer = range t.layers {
		switch {
		case t.b.model.Config.MLPT:
			t.each(g, worker, len(g.lanes)*len(g.cols), stepMixPositions)
		case t.b.bf16:
			t.each(g, worker, t.b.model.Config.Heads*g.headParts, stepHeadBF16)
		case split:
			t.each(g, worker, len(g.chunks)*t.b.headTasks(), stepProject)
			t.each(g, worker, len(g.lanes)*t.b.headTasks()*t.b.queryParts(), stepAttend)
		default:
			t.each(g, worker, t.b.headTasks()*g.headParts, stepHeads)
		}
		if byChunk {
			t.each(g, worker, len(g.chunks), stepChunk)
		} else {
			t.feedForward(g, worker)
		}
	}
	if !byChunk {
		t.each(g, worker, len(g.chunks), stepLeave)
	}
}

// byChunk tells whether workers take their chunks through all that follows the
// mixing of positions without waiting for each other. Each then reads all weights,
// which its cache must hold.
func (t *batch) byChunk(g *group, worker int) bool {
	l := &t.layers[0]
	return worker == together && len(g.bands) == 1 && l.gateUp.bytes()+l.down.bytes() <= t.b.cache
}

// coreCache is about the bytes of weights that stay in the second-level cache of a
// core.
const coreCache = 1 << 20

// feedForward is what follows the mixing of positions in a layer, in steps that
// share the weights.
func (t *batch) feedForward(g *group, worker int) {
	if t.b.model.Config.MLPT {
		t.each(g, worker, len(g.chunks), stepPrepare)
	} else {
		t.each(g, worker, len(g.chunks), stepMixHeads)
	}
	for g.band = range g.bands {
		t.each(g, worker, t.b.model.Config.Inter()/gluBlock, stepGLU)
		t.each(g, worker, g.bands[g.band].chunks.hi-g.bands[g.band].chunks.lo, stepDown)
	}
}

// pos returns the lane and the position of a row.
func (t *batch) pos(g *group, row int) (l *lane, pos int) {
	p := t.b.model.Config.P()
	return &t.lanes[g.lanes[row/p]], row % p
}
