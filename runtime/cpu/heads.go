package cpu

import (
	"github.com/hrmgo/hrm/internal/reuse"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// read computes the outputs of a chunk's tokens, and of each lane whose
// position 0 it holds.
func (t *batch) read(g *group, worker, task int) {
	c := &t.b.model.Config
	d, prefix, vocab := c.Hidden, c.Prefix(), c.VocabSize
	logits := reuse.Grow(&t.b.scratch[worker].logits, vocab)
	if c.ByCandidate() {
		t.readCandidates(g, worker, g.chunks[task])
		return
	}
	for row := g.chunks[task].lo; row < g.chunks[task].hi; row++ {
		l, pos := t.pos(g, row)
		lane, z := g.places[row/g.grid.positions], l.z[runtime.H][pos*d:(pos+1)*d]
		if pos == 0 && !t.softMin() {
			t.out.QHalt[lane], t.out.QContinue[lane] = t.readQ(z)
		}
		if pos < prefix {
			continue
		}
		at := lane*t.out.Stride + pos - prefix
		if t.softMin() {
			t.q[0][at], t.q[1][at] = t.readQ(z)
		}
		if t.out.WantLogits {
			logits = t.out.Logits[at*vocab : (at+1)*vocab]
		}
		kernels.MatMulT(logits, vocab, z, d, 1, t.b.lmHead.f32)
		t.out.Tokens[at] = argMax(logits)
	}
}

// readCandidates is read of the cells whose first candidates the rows hold. The soft
// minimum over all candidates is that over cells of those over their candidates.
func (t *batch) readCandidates(g *group, worker int, rows span) {
	c, s, p := &t.b.model.Config, &t.b.scratch[worker], g.grid.positions
	n, legend := c.Candidates(g.grid.shape), c.Legend(g.grid.shape)
	for row := (rows.lo + n - 1) / n * n; row < rows.hi; row += n {
		l, pos := t.pos(g, row)
		z := l.z[runtime.H][pos*c.Hidden : (pos+n)*c.Hidden]
		at := g.places[row/p]*t.out.Stride + legend + pos/n
		if pos == 0 {
			t.readLegend(at-legend, legend)
		}
		each := reuse.Grow(&s.column, 3*n)
		halt, cont, each := each[:n], each[n:2*n], each[2*n:]
		for i := range n {
			halt[i], cont[i] = t.readQ(z[i*c.Hidden : (i+1)*c.Hidden])
		}
		t.q[0][at], t.q[1][at] = runtime.SoftMinimum(halt), runtime.SoftMinimum(cont)
		logits := reuse.Grow(&s.logits, t.out.Vocab)
		if t.out.WantLogits {
			logits = t.out.Logits[at*t.out.Vocab : (at+1)*t.out.Vocab]
		}
		kernels.MatMulT(each, 1, z, c.Hidden, n, t.b.lmHead.f32)
		runtime.CandidateLogits(c, logits, each)
		t.out.Tokens[at] = argMax(logits)
	}
}

// readLegend sets the outputs of n tokens without positions.
func (t *batch) readLegend(at, n int) {
	c := &t.b.model.Config
	clear(t.out.Tokens[at : at+n])
	if t.out.WantLogits {
		runtime.CandidateLogits(c, t.out.Logits[at*t.out.Vocab:(at+n)*t.out.Vocab], nil)
	}
}

// readQ computes q_halt and q_continue from a position.
func (t *batch) readQ(z []float32) (halt, cont float32) {
	var q [2]float32
	kernels.MatMulT(q[:], 2, z, len(z), 1, t.b.qHead.f32)
	return q[0] + t.b.model.QBias[0], q[1] + t.b.model.QBias[1]
}

func (t *batch) softMin() bool { return t.b.model.Config.HaltPool == runtime.SoftMin }

// pool sets q_halt and q_continue of each lane from those of its tokens.
func (t *batch) pool(lanes []int) {
	for i, lane := range lanes {
		shape := t.lanes[lane].grid.shape
		lo, hi := i*t.out.Stride+t.b.model.Config.Legend(shape), i*t.out.Stride+shape.Len()
		t.out.QHalt[i] = runtime.SoftMinimum(t.q[0][lo:hi])
		t.out.QContinue[i] = runtime.SoftMinimum(t.q[1][lo:hi])
	}
}

// argMax returns the index of the largest number, the first on a tie.
func argMax(v []float32) int32 {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return int32(best)
}
