package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// read computes the outputs of a chunk's tokens, and of the lane when the
// chunk holds position 0.
func (t *batch) read(worker, task int) {
	k := &t.rows[task]
	c := &t.b.model.Config
	if k.lo == 0 {
		t.readQ(k)
	}
	d, prefix, vocab := c.Hidden, c.Prefix(), c.VocabSize
	lo := max(k.lo, prefix)
	zH := k.lane.z[runtime.H]
	logits := t.b.scratch[worker].logits[:vocab]
	for pos := lo; pos < k.hi; pos++ {
		at := k.at*c.SeqLen + pos - prefix
		if t.out.WantLogits {
			logits = t.out.Logits[at*vocab : (at+1)*vocab]
		}
		kernels.MatMulT(logits, vocab, zH[pos*d:(pos+1)*d], d, 1, t.b.lmHead.f32)
		t.out.Tokens[at] = argMax(logits)
	}
}

// readQ computes q_halt and q_continue from position 0.
func (t *batch) readQ(k *chunk) {
	d := t.b.model.Config.Hidden
	var q [2]float32
	kernels.MatMulT(q[:], 2, k.lane.z[runtime.H][:d], d, 1, t.b.qHead.f32)
	t.out.QHalt[k.at] = q[0] + t.b.model.QBias[0]
	t.out.QContinue[k.at] = q[1] + t.b.model.QBias[1]
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
