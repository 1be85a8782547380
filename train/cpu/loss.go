package cpu

import (
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// heads computes logits, losses and what the host wants to know of one lane,
// and adds the gradient of zH [P, D] to dzH and that of both heads to g.
func (w *worker) heads(in *train.StepIn, lane int, zH, dzH []float32, out *train.StepOut, g *gradient) {
	c := &w.d.config
	d, v := c.Hidden, c.VocabSize
	tokens, dTokens := zH[c.Prefix()*d:], dzH[c.Prefix()*d:]
	labels, shape := w.d.state.LaneLabels(c, lane), w.d.state.Shape(c, lane)

	w.say(tokens, shape)
	out.Labelled[lane], out.Correct[lane] = count(w.logits, labels, w.d.state.LaneTokens(c, lane), v)
	out.LM[lane] = w.crossEntropy(labels, w.d.state.LaneTokens(c, lane), in.Segment[lane])
	w.sayBack(tokens, dTokens, shape, g)

	out.QHalt[lane], out.QContinue[lane] = w.q(zH)
	exact := float32(0)
	if out.Correct[lane] == out.Labelled[lane] {
		exact = 1
	}
	slope := w.qSlope(out.QHalt[lane], exact)
	if c.HaltPool == runtime.SoftMin {
		w.poolBack(out.QHalt[lane], slope, tokens, dTokens, g)
		return
	}
	w.qBack(0, slope, zH[:d], dzH[:d], g)
	if w.d.spec.Continues() {
		w.qBack(1, w.qSlope(out.QContinue[lane], out.QTarget[lane]), zH[:d], dzH[:d], g)
	}
}

// say sets the logits of a grid's tokens from zH of their positions.
func (w *worker) say(z []float32, shape runtime.Shape) {
	c := &w.d.config
	p, v := len(z)/c.Hidden, c.VocabSize
	if !c.ByCandidate() {
		w.d.lmHead.forward(w.logits, z, p, &w.rounding)
		return
	}
	w.d.lmHead.forward(w.candidates, z, p, &w.rounding)
	w.eachCell(shape, func(token int, candidates []float32) {
		runtime.CandidateLogits(c, w.logits[token*v:(token+1)*v], candidates)
	})
}

// sayBack adds the gradient of zH and of the head, given that of the logits.
func (w *worker) sayBack(z, dz []float32, shape runtime.Shape, g *gradient) {
	c, dLogit := &w.d.config, w.dLogit
	p, v := len(z)/c.Hidden, c.VocabSize
	if c.ByCandidate() {
		dLogit = w.candidates
		w.eachCell(shape, func(token int, candidates []float32) {
			copy(candidates, w.dLogit[token*v+c.FirstCandidate():])
		})
	}
	w.d.lmHead.backward(dz, g.LMHead, dLogit, z, p, true, &w.rounding)
}

// eachCell calls f with every token of a grid and what w.candidates has of its
// candidates: nothing of those of a legend.
func (w *worker) eachCell(shape runtime.Shape, f func(token int, candidates []float32)) {
	legend, n, rest := w.d.config.Legend(shape), w.d.config.Candidates(shape), w.candidates
	for token := range shape.Len() {
		if token < legend {
			f(token, nil)
			continue
		}
		f(token, rest[:n])
		rest = rest[n:]
	}
}

// count notes in the labels what was said, the first of the largest logits, and returns
// how many positions have a label, and how many of them are right.
func count(logits []float32, labels, own []int32, vocab int) (labelled, correct int32) {
	for i, label := range labels {
		token := int32(argmax(logits[i*vocab : (i+1)*vocab]))
		label = train.Said(label, own[i], token)
		labels[i] = label
		if train.Final(label) < 0 {
			continue
		}
		labelled++
		if train.Right(label, token) {
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

// crossEntropy returns the mean over the positions that are asked in a segment, and
// sets dLogit to its gradient divided by the batch size.
func (w *worker) crossEntropy(labels, own []int32, segment int32) float32 {
	v := w.d.config.VocabSize
	clear(w.dLogit[:len(labels)*v])
	n := float64(max(1, train.CountAsked(labels, own, segment)))
	by := 1 / (n * float64(w.d.spec.BatchSize()))
	var sum float64
	for i, label := range labels {
		if token := train.Asked(label, own[i], segment); token >= 0 {
			sum += positionLoss(&w.d.spec, w.dLogit[i*v:(i+1)*v], w.logits[i*v:(i+1)*v], int(token), by)
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

// qSlope is the derivative of 0.5/batch * BCE(logit, target) in the logit.
func (w *worker) qSlope(logit, target float32) float32 {
	return float32(0.5 * (sigmoid(logit) - float64(target)) / float64(w.d.spec.BatchSize()))
}

// qBack adds slope times the gradient of one row of the halting head at a position.
func (w *worker) qBack(row int, slope float32, z, dz []float32, g *gradient) {
	d := len(z)
	q, dq := w.d.params.QHead[row*d:(row+1)*d], g.QHead[row*d:(row+1)*d]
	for i, v := range z {
		dz[i] += slope * q[i]
		dq[i] += slope * v
	}
	g.QBias[row] += slope
}

// poolBack adds slope times the gradient of q_halt, the soft minimum that w.q left
// over its tokens, see runtime.SoftMinimum.
func (w *worker) poolBack(halt, slope float32, z, dz []float32, g *gradient) {
	d := w.d.config.Hidden
	n := len(z) / d
	for i, q := range w.qTokens[:n] {
		share := slope * float32(math.Exp(float64(halt)-float64(q))/float64(n))
		w.qBack(0, share, z[i*d:(i+1)*d], dz[i*d:(i+1)*d], g)
	}
}
