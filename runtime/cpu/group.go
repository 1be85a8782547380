package cpu

import (
	"cmp"
	"slices"

	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// group is lanes of one shape that go through a pass together. Their rows lie one
// after the other: row r is position r % P of lane r / P.
type group struct {
	lanes  []int // of the batch
	places []int // of the lanes in Step's arguments
	grid   *geometry
	*activation
	plans [2]plan // by runtime.Level; TRM: of L alone
	*plan         // of the pass
	at    *step   // that is being computed
}

// activation is the numbers of a group's rows. What only one task needs is in
// scratch.
type activation struct {
	z       [2][]float32    // [rows, D] the state that the pass updates; the second only with a convolution
	z8      *kernels.RowsI8 // the same in int8; nil when nothing multiplies it
	context []float32       // [rows, D] of attention
	qkv     []float32       // [tasks of heads, rows, headWidth], only where heads are split
	act     []float32       // [rows of a band, I] SwiGLU

	context16, act16 []kernels.BF16 // the same in bf16, which has not those
}

// scratch is one worker's numbers of one task, which grow as they are asked for.
type scratch struct {
	wide   []float32      // [rows of a band, gates and ups of a block]
	out    []float32      // [rows of a chunk, D] residual
	logits []float32      // [vocabulary]
	column []float32      // SwiGLU over positions: [2, channels, P]
	act    []float32      // the same: [channels, I of positions]
	rows   kernels.RowsI8 // what int8 weights multiply
	widest int            // row of them

	qkv   []float32                // [rows of a group, headWidth]
	heads map[int]*kernels.HeadF32 // one head's attention, by positions
	qkv16 []kernels.BF16           // qkv in bf16, of one head
	bf16  map[int]*kernels.AttentionBF16
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

// maxChunk returns the most rows that a chunk may have, an even number, for lanes of
// p positions. A traced lane is one chunk, so that its scratch holds whole layers.
func (b *Backend) maxChunk(p int) int {
	if b.trace == nil {
		return chunkRows
	}
	return (max(p, b.model.Config.Hidden) + 1) / 2 * 2
}

// rowUnit is how many rows take about as long as one: in bf16 a tile of AMX.
func (b *Backend) rowUnit() int {
	if b.bf16 && b.trace == nil {
		return 16
	}
	return 2
}

// queryParts is into how many parts the queries of a head are cut, if they are.
func (b *Backend) queryParts(p int) int {
	most := b.maxChunk(p)
	return (p + most - 1) / most
}

// lanesAtOnce is the most lanes of p positions in a group.
func (b *Backend) lanesAtOnce(p int) int {
	if b.trace != nil {
		return 1
	}
	return max(1, b.bandRows()/p)
}

// coreCache is about the bytes of weights that stay in the second-level cache of a
// core.
const coreCache = 1 << 20

// measure returns what the plan of a group of lanes goes by.
func (b *Backend) measure(layers []layer, lanes, positions int, apart bool) measures {
	c := &b.model.Config
	m := measures{
		sublayers: b.sublayers, layers: len(layers), lanes: lanes, positions: positions, workers: b.pool.Workers(),
		hidden: c.Hidden, inter: c.Inter(), maxChunk: b.maxChunk(positions), rowUnit: b.rowUnit(), bandRows: b.bandRows(),
		headTasks: b.headTasks(), queryParts: b.queryParts(positions), splits: !b.bf16,
		joined: !apart && layers[0].GateUp.bytes()+layers[0].Down.bytes() <= b.cache,
	}
	if b.bf16 {
		m.headTasks = c.Heads
	}
	if apart {
		m.workers = 1
	}
	return m
}

// fit makes room for a group's rows.
func (a *activation) fit(b *Backend, g *group) {
	c := &b.model.Config
	rows := len(g.lanes) * g.grid.positions
	if len(a.z[0]) < rows*c.Hidden {
		*a = b.newActivation(rows, g.grid.positions)
	}
	if len(a.qkv) < len(a.z[0])*3 && g.plans[runtime.L].split {
		a.qkv = make([]float32, len(a.z[0])*3)
	}
}

func (b *Backend) newActivation(rows, positions int) activation {
	c := &b.model.Config
	n, act := rows*c.Hidden, min(rows, max(b.bandRows(), b.maxChunk(positions)))*c.Inter()
	a := activation{z: [2][]float32{make([]float32, n)}}
	if c.Has(runtime.Convolution) {
		a.z[1] = make([]float32, n)
	}
	switch {
	case b.bf16:
		a.context16, a.act16 = make([]kernels.BF16, n), make([]kernels.BF16, act)
	case c.Has(runtime.Attention):
		a.context, a.act = make([]float32, n), make([]float32, act)
	default:
		a.act = make([]float32, act)
	}
	if b.has8() {
		a.z8 = kernels.NewRowsI8(rows, c.Hidden)
	}
	return a
}

// cut makes the groups of a step, each of lanes of one shape. With enough lanes a
// group has a worker for itself, which reads all weights for it; else all workers
// share the work on one group, and each reads a part of them.
func (t *batch) cut(lanes []int) {
	t.sortLanes(lanes)
	t.groups = t.groups[:0]
	alike := func(i, j int) bool { return t.lanes[t.sorted[i]].grid == t.lanes[t.sorted[j]].grid }
	n, workers := len(lanes), t.b.pool.Workers()
	if n > 0 && alike(0, n-1) {
		t.apart = t.cutAlike(0, n, workers)
	} else {
		for lo, hi := 0, 0; lo < n; lo = hi {
			for hi = lo + 1; hi < n && alike(lo, hi); hi++ {
			}
			t.cutAlike(lo, hi, 1)
		}
		t.apart = workers > 1 && len(t.groups) >= 2*workers
	}
	t.plan()
}

// sortLanes sets sorted to the lanes, those of a shape together, and places to where
// each was.
func (t *batch) sortLanes(lanes []int) {
	t.sorted, t.places = t.sorted[:0], t.places[:0]
	for i := range lanes {
		t.places = append(t.places, i)
	}
	slices.SortStableFunc(t.places, func(a, b int) int {
		s, o := t.lanes[lanes[a]].grid.shape, t.lanes[lanes[b]].grid.shape
		return cmp.Or(cmp.Compare(s.Rows, o.Rows), cmp.Compare(s.Cols, o.Cols))
	})
	for _, i := range t.places {
		t.sorted = append(t.sorted, lanes[i])
	}
}

// cutAlike makes groups of sorted lanes lo to hi-1, which have one shape, for so many
// workers, and reports whether there is one for each worker.
func (t *batch) cutAlike(lo, hi, workers int) (apart bool) {
	grid := t.lanes[t.sorted[lo]].grid
	n, most := hi-lo, t.b.lanesAtOnce(grid.positions)
	groups := workers * ((n + workers*most - 1) / (workers * most))
	largest := (n + groups - 1) / groups
	apart = 8*n >= 7*groups*largest && 2*largest*grid.positions >= t.b.bandRows() && workers > 1
	if groups = min(groups, n); !apart {
		groups = (n + most - 1) / most
	}
	for i := range groups {
		if len(t.groups) < cap(t.groups) { // keeps the memory of plans
			t.groups = t.groups[:len(t.groups)+1]
		} else {
			t.groups = append(t.groups, group{})
		}
		from, to := lo+n*i/groups, lo+n*(i+1)/groups
		g := &t.groups[len(t.groups)-1]
		g.grid, g.lanes, g.places = grid, t.sorted[from:to], t.places[from:to]
	}
	return apart
}

// plan plans the groups, and makes room for their activations.
func (t *batch) plan() {
	sets := 1
	if t.apart {
		sets = t.b.pool.Workers()
	}
	for len(t.sets) < sets {
		t.sets = append(t.sets, activation{})
	}
	for i := range t.groups {
		g := &t.groups[i]
		for _, level := range t.b.networks {
			m := t.b.measure(t.b.levels[level], len(g.lanes), g.grid.positions, t.apart)
			g.plans[level].cut(&m)
		}
		for j := range sets {
			t.sets[j].fit(t.b, g)
		}
	}
	t.b.pool.Run(1, t.room) // no other loop runs then
}

// fitScratch makes room in the scratch of all workers, so that no step allocates.
func (t *batch) fitScratch(int, int) {
	for i := range t.groups {
		for j := range t.b.scratch {
			t.b.scratch[j].fit(t.b, &t.groups[i])
		}
	}
}

// fit makes room for the tasks of a group.
func (s *scratch) fit(b *Backend, g *group) {
	c, p := &b.model.Config, g.grid.positions
	chunk, width := b.maxChunk(p), max(b.bandRows(), b.maxChunk(p))*2*gluBlock
	reuse.Grow(&s.out, chunk*c.Hidden)
	reuse.Grow(&s.logits, c.Vocabulary(g.grid.shape.Len()))
	if b.has8() {
		s.room(chunk)
	}
	for _, sublayer := range b.sublayers {
		switch {
		case sublayer == runtime.CandidateMeans:
			reuse.Grow(&s.out, p*c.Hidden)
			reuse.Grow(&s.column, 2*g.grid.units.Len())
		case sublayer == runtime.ColourMeans:
			reuse.Grow(&s.out, p*c.Hidden)
			reuse.Grow(&s.act, p*c.Hidden)
			reuse.Grow(&s.column, max(2*g.grid.units.Len(), g.grid.turns.Len()))
		case sublayer == runtime.PositionSwiGLU:
			reuse.Grow(&s.column, 2*chunk*p)
			reuse.Grow(&s.act, chunk*c.InterT())
		case sublayer == runtime.Attention && b.bf16:
			s.headBF16(p, c.HeadDim())
			reuse.Grow(&s.qkv16, b.lanesAtOnce(p)*p*3*c.HeadDim())
		case sublayer == runtime.Attention:
			s.head(p, c.HeadDim())
			reuse.Grow(&s.qkv, len(g.lanes)*p*b.headWidth())
		}
	}
	reuse.Grow(&s.wide, width)
}

// together is the worker of a step in which all workers take part.
const together = -1

// run runs a step of a group for all its tasks: on one worker, or on all.
func (t *batch) run(g *group, worker int, s *step) {
	g.at = s
	if worker == together {
		t.group = g
		t.b.pool.Run(s.tasks, t.loops[s.kind])
		return
	}
	for task := range s.tasks {
		t.task(s.kind, g, worker, task)
	}
}

// task runs one task of a step, unless the context has ended.
func (t *batch) task(kind stepKind, g *group, worker, task int) {
	if !t.stopped() {
		steps[kind](t, g, worker, task)
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
	g.plan = &g.plans[t.b.model.Config.Network(t.pass.Level)]
	for i := range g.steps {
		t.run(g, worker, &g.steps[i])
	}
}

// pos returns the lane and the position of a row.
func (t *batch) pos(g *group, row int) (l *lane, pos int) {
	p := g.grid.positions
	return &t.lanes[g.lanes[row/p]], row % p
}
