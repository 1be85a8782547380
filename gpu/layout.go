package gpu

import "github.com/hrmgo/hrm/runtime"

// layout says where in a batch's results the parts lie, so that one read-back
// has what a step wants: with logits or without, of lanes that were computed
// in this step, ahead, or both.
//
//	logits of the step | its results | results ahead | logits ahead
//
// The results of n lanes are their tokens [n, S] and then their halting values
// [n, 2]. The logits of a step end where its results begin.
type layout struct {
	tokens  int // S, of the largest puzzle
	lane    int // P * vocabulary, logits of a lane
	results int // of all lanes, a multiple of 64
	begin   int // of the step's results, a multiple of 64
	total   int
}

func newLayout(c *runtime.Config, lanes, tokens int) layout {
	l := layout{tokens: tokens, lane: (c.Prefix() + tokens) * c.VocabSize, results: ceil(lanes*(tokens+2), 64) * 64}
	l.begin = ceil(lanes*l.lane, 64) * 64
	l.total = l.begin + 2*l.results + lanes*l.lane
	return l
}

// part is where the results of a segment begin, and its logits, -1 for none.
type part struct{ results, logits int }

// step is the part of n lanes that are computed in a step.
func (l *layout) step(n int, logits bool) part {
	if !logits {
		return part{l.begin, -1}
	}
	return part{l.begin, l.begin - n*l.lane}
}

// ahead is the part of n lanes that are computed ahead.
func (l *layout) ahead(n int, logits bool) part {
	if !logits {
		return part{l.begin + l.results, -1}
	}
	return part{l.begin + l.results, l.begin + 2*l.results}
}

// place is where the results of one lane begin.
type place struct{ tokens, q, logits int }

// place of lane i of the n lanes of a part.
func (l *layout) place(p part, n, i int) place {
	return place{p.results + i*l.tokens, p.results + n*l.tokens + 2*i, p.logits + i*l.lane}
}

// span is what to read back of fresh lanes of a step, and of n lanes that were
// computed ahead when some of those are taken.
func (l *layout) span(step, ahead part, fresh, n, taken int) (from, to int) {
	from, to = step.results, step.results+fresh*(l.tokens+2)
	if fresh == 0 {
		from = ahead.results
	} else if step.logits >= 0 {
		from = step.logits
	}
	if taken > 0 {
		to = ahead.results + n*(l.tokens+2)
		if ahead.logits >= 0 {
			to = ahead.logits + n*l.lane
		}
	}
	return from, to
}
