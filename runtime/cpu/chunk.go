package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// chunkRows is the most rows in a chunk: enough that the weights, which every
// chunk reads whole, cost little beside the arithmetic, and few enough that
// its activations stay in the second-level cache. It is a multiple of the
// tiles of the matrix kernels.
const chunkRows = 42

// scratch is one worker's activations of one chunk.
type scratch struct {
	a, b   []float32       // [rows, 3D]: qkv; then the attention's context and a residual
	wide   []float32       // [rows, 2 gluBlock] gates and ups
	act    []float32       // [rows, I]
	scores []float32       // [rows, P]
	bias   []float32       // [P]
	logits []float32       // [vocabulary]
	rows   *kernels.RowsI8 // what int8 weights multiply; nil when there are none
}

func newScratch(c *runtime.Config, rows int, i8 bool) scratch {
	d, p, inter := c.Hidden, c.P(), c.Inter()
	if c.MLPT { // the same chunk holds rows of positions or of channels
		inter = max(inter, c.InterT())
		d = max(d, p)
	}
	s := scratch{
		a: make([]float32, rows*3*d), b: make([]float32, rows*d),
		wide: make([]float32, rows*2*gluBlock), act: make([]float32, rows*inter),
		scores: make([]float32, rows*p), bias: make([]float32, p), logits: make([]float32, c.VocabSize),
	}
	if i8 {
		s.rows = kernels.NewRowsI8(rows, max(d, inter))
	}
	return s
}

// maxChunk returns the most rows that a chunk may have. A traced lane is one
// chunk, so that its scratch holds whole layers.
func (b *Backend) maxChunk() int {
	c := &b.model.Config
	rows := c.P()
	if c.MLPT {
		rows = max(rows, c.Hidden)
	}
	if b.trace == nil {
		rows = min(rows, chunkRows)
	}
	return rows
}

// cut lists the chunks of a step.
func (t *batch) cut(lanes []int) {
	c := &t.b.model.Config
	t.rows = t.cutAxis(t.rows[:0], lanes, c.P())
	if c.MLPT {
		t.cols = t.cutAxis(t.cols[:0], lanes, c.Hidden)
	}
}

// cutAxis cuts n rows of each lane into near-equal chunks. It cuts between
// pairs of rows, because an odd row costs the matrix kernels as much as two.
func (t *batch) cutAxis(chunks []chunk, lanes []int, n int) []chunk {
	pairs, most := (n+1)/2, (t.b.maxChunk()+1)/2
	parts := (pairs + most - 1) / most
	for parts < pairs && !balanced(len(lanes)*parts, t.b.pool.Workers()) {
		parts++
	}
	for at, id := range lanes {
		for i := range parts {
			lo, hi := 2*(pairs*i/parts), min(2*(pairs*(i+1)/parts), n)
			chunks = append(chunks, chunk{&t.lanes[id], id, at, lo, hi})
		}
	}
	return chunks
}

// balanced reports whether equal tasks keep the workers busy for at least nine
// tenths of the time.
func balanced(tasks, workers int) bool {
	rounds := (tasks + workers - 1) / workers
	return 10*tasks >= 9*rounds*workers
}
