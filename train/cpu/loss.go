package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// heads computes logits, losses and what the host wants to know of one lane,
// and adds the gradient of zH [P, D] to dzH and that of both heads to g.
func (w *worker) heads(lane int, zH, dzH []float32, out *train.StepOut, g *gradient) {
	c := &w.d.config
	d, v := c.Hidden, c.VocabSize
	tokens, dTokens := zH[c.Prefix()*d:], dzH[c.Prefix()*d:]
	labels := w.d.state.LaneLabels(c, lane)
	s := len(labels)

	w.d.lmHead.forward(w.logits, tokens, s, &w.rounding)
	out.Labelled[lane], out.Correct[lane] = count(w.logits, labels, v)
	out.LM[lane] = w.crossEntropy(labels, int(out.Labelled[lane]))
	w.d.lmHead.backward(dTokens, g.LMHead, w.dLogit, tokens, s, true, &w.rounding)

	out.QHalt[lane], out.QContinue[lane] = w.q(zH)
	exact := float32(0)
	if out.Correct[lane] == out.Labelled[lane] {
		exact = 1
	}
	w.qBack(0, out.QHalt[lane], exact, zH[:d], dzH[:d], g)
	if c.Family == runtime.HRM {
		w.qBack(1, out.QContinue[lane], out.QTarget[lane], zH[:d], dzH[:d], g)
	}
}

// count returns how many positions have a label, and at how many of them the
// first of the largest logits is right.
func count(logits []float32, labels []int32, vocab int) (labelled, correct int32) {
	for i, label := range labels {
		if label == train.IgnoreLabel {
			continue
		}
		labelled++
		if argmax(logits[i*vocab:(i+1)*vocab]) == int(label) {
			correct++
		}
	}
	return labelled, correct
}

func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// crossEntropy returns the mean over the labelled positions, and sets dLogit
// to its gradient divided by the batch size.
func (w *worker) crossEntropy(labels []int32, labelled int) float32 {
	v := w.d.config.VocabSize
	clear(w.dLogit[:len(labels)*v])
	n := float64(max(1, labelled))
	by := 1 / (n * float64(w.d.spec.BatchSize()))
	var sum float64
	for i, label := range labels {
		if label != train.IgnoreLabel {
			sum += positionLoss(&w.d.spec, w.dLogit[i*v:(i+1)*v], w.logits[i*v:(i+1)*v], int(label), by)
		}
	}
	return float32(sum / n)
}

// positionLoss is the cross-entropy of one position, with label smoothing e over
// V tokens
//
//	(1-e) * CE(label) + e/V * sum over j of CE(j)
//
// and adds by times its gradient to dx.
func positionLoss(s *train.Spec, dx, x []float32, label int, by float64) float64 {
	loss := kernels.StablemaxCrossEntropy
	if s.Loss == train.Softmax {
		loss = kernels.SoftmaxCrossEntropy
	}
	sum := (1 - s.Smooth) * loss(dx, x, label, by*(1-s.Smooth))
	if s.Smooth > 0 {
		share := s.Smooth / float64(len(x))
		for j := range x {
			sum += share * loss(dx, x, j, by*share)
		}
	}
	return sum
}

// qBack adds the gradient of 0.5/batch * BCE(logit, target) for one row of the
// halting head, whose derivative in the logit is sigmoid(logit) - target.
func (w *worker) qBack(row int, logit, target float32, z, dz []float32, g *gradient) {
	d := len(z)
	by := float32(0.5 * (sigmoid(logit) - float64(target)) / float64(w.d.spec.BatchSize()))
	q, dq := w.d.params.QHead[row*d:(row+1)*d], g.QHead[row*d:(row+1)*d]
	for i, v := range z {
		dz[i] += by * q[i]
		dq[i] += by * v
	}
	g.QBias[row] += by
}
