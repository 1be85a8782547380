package reference

import "math"

// Labels of a puzzle's tokens; Ignore marks one that is not scored.
const Ignore = -100

// Loss is the loss of one puzzle after one segment, before it is divided by the
// batch:
//
//	mean over labelled tokens of CE(logits, label) + 0.5 * BCE(q_halt, exact)
//
// exact is 1 when every labelled token is right (a puzzle without labels counts as
// right). The upper half of a label is the segment before which the token of the input,
// own, is asked instead; exact asks for the label, which 0xffff stands for none of.
// softmax chooses the cross-entropy, else it is stablemax; smooth is spread
// over the vocabulary. q_continue, whose target is another segment's, is left out: it
// is TRM's loss.
func (o *Output) Loss(labels, own []int32, segment int32, softmax bool, smooth float64) float64 {
	var sum float64
	labelled, counted, correct := 0, 0, 0
	for i, label := range labels {
		if label == Ignore {
			continue
		}
		from := label >> 16
		if label &= 0xffff; label != 0xffff {
			labelled++
			if argmax(o.Logits[i]) == int(label) {
				correct++
			}
		}
		switch {
		case from > segment:
			label = own[i]
		case label == 0xffff:
			continue
		}
		counted++
		p := probabilities(o.Logits[i], softmax)
		sum -= (1 - smooth) * math.Log(p[label])
		for _, q := range p {
			sum -= smooth / float64(len(p)) * math.Log(q)
		}
	}
	exact := 0.0
	if correct == labelled {
		exact = 1
	}
	return sum/float64(max(1, counted)) + 0.5*crossEntropy(o.QHalt, exact)
}

// probabilities are those of softmax, or of stablemax: s / sum s with s(x) = x + 1
// for x >= 0 and 1 / (1 - x) for x < 0.
func probabilities(x []float64, soft bool) []float64 {
	if soft {
		return softmax(x)
	}
	sum, p := 0.0, make([]float64, len(x))
	for i, v := range x {
		if p[i] = v + 1; v < 0 {
			p[i] = 1 / (1 - v)
		}
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// crossEntropy is that of a logit and the probability that it should say.
func crossEntropy(logit, target float64) float64 {
	return math.Max(logit, 0) - logit*target + math.Log1p(math.Exp(-math.Abs(logit)))
}

// argmax is the first of the largest.
func argmax(x []float64) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
