package gpu

import "github.com/hrmgo/hrm/runtime"

// layout says where in a batch's results the parts lie, so that one read-back
// has what a step wants: with logits or without, of lanes that were computed
// in this step, ahead, or both.
//
//	logits of the step | its results | results ahead | logits ahead
//
// The results of n lanes are their tokens [n, S] and then their halting values
// [n, 2], S being that of the largest puzzle among them. The logits of a step end where
// its results begin.
type layout struct {
	prefix, vocab int
	tokens        int // of the largest puzzle that there may be
	results       int // of all lanes, a multiple of 64
	begin         int // of the step's results, a multiple of 64
	total         int
}

func newLayout(c *runtime.Config, lanes, tokens int) layout {
	l := layout{prefix: c.Prefix(), vocab: c.Vocabulary(tokens), tokens: tokens, results: ceil(lanes*(tokens+2), 64) * 64}
	logits := lanes * (l.prefix + tokens) * l.vocab
	l.begin = ceil(logits, 64) * 64
	l.total = l.begin + 2*l.results + logits
	return l
}

// part is where the results of a segment of n lanes begin, and its logits, -1 for
// none; a lane has so many tokens and numbers of logits.
type part struct{ results, logits, n, tokens, lane int }

func (l *layout) part(n, tokens int) part {
	return part{l.begin, -1, n, tokens, (l.prefix + tokens) * l.vocab}
}

// step is the part of n lanes that are computed in a step.
func (l *layout) step(n, tokens int, logits bool) part {
	p := l.part(n, tokens)
	if logits {
		p.logits = p.results - n*p.lane
	}
	return p
}

// ahead is the part of n lanes that are computed ahead.
func (l *layout) ahead(n, tokens int, logits bool) part {
	p := l.part(n, tokens)
	p.results += l.results
	if logits {
		p.logits = l.begin + 2*l.results
	}
	return p
}

// end is the number behind its results.
func (p part) end() int { return p.results + p.n*(p.tokens+2) }

// place is where the results of one lane begin, and how many tokens it has.
type place struct{ tokens, q, logits, n int }

// place of lane i of a part.
func (p part) place(i int) place {
	return place{p.results + i*p.tokens, p.results + p.n*p.tokens + 2*i, p.logits + i*p.lane, p.tokens}
}

// span is what to read back of a step's fresh lanes, and of those that were computed
// ahead when some of those are taken.
func (l *layout) span(step, ahead part, taken int) (from, to int) {
	from, to = step.results, step.end()
	if step.n == 0 {
		from = ahead.results
	} else if step.logits >= 0 {
		from = step.logits
	}
	if taken > 0 {
		to = ahead.end()
		if ahead.logits >= 0 {
			to = ahead.logits + ahead.n*ahead.lane
		}
	}
	return from, to
}
