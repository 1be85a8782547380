package gpu

import (
	"context"
	"math"
	"time"
)

// Speculation says when a batch submits the next segment of its lanes before
// it knows whether they go on.
type Speculation int

const (
	// SpeculateAuto submits ahead when the device would wait longer for the
	// host than a segment for lanes that stop takes it, by what was measured.
	SpeculateAuto Speculation = iota
	SpeculateAlways
	SpeculateNever
)

func (s Speculation) String() string {
	return [...]string{"auto", "always", "never"}[s]
}

// Speculate changes when the batches of b submit segments ahead. Answers do
// not depend on it. No batch may be in use meanwhile.
func (b *Backend) Speculate(s Speculation) { b.speculation = s }

// ahead is a segment that was submitted before it was asked for:
//
//	step k      submit: commit k, read back k | submit: k+1 in the work space | wait for k
//	step k+1    submit: commit k+1, ...
//
// A lane's slot keeps what the lane has come to. What was computed ahead lies
// in the work space until a step asks for that lane: it is committed to the
// slot, for the lanes that go on alone. To undo it for the others, nothing is
// done at all.
type ahead struct {
	n       int     // lanes in the work space; 0: nothing is there
	tokens  int     // that they have there
	logits  bool    // theirs are kept too
	place   []int32 // [lanes] which of them a lane is; -1: none
	stepped []bool  // [lanes] of the last step, and not Reset since
	steps   int     // number of them
	pace    pace
}

func newAhead(lanes int) ahead {
	a := ahead{place: make([]int32, lanes), stepped: make([]bool, lanes), pace: pace{stop: 0.25}}
	a.clear()
	return a
}

// clear forgets the segment that was computed ahead.
func (a *ahead) clear() {
	a.n = 0
	for i := range a.place {
		a.place[i] = -1
	}
}

// forget forgets one lane of it, whose puzzle is another now.
func (a *ahead) forget(lane int) { a.place[lane], a.stepped[lane] = -1, false }

// note keeps which lanes a step has, and which share of the last one's lanes
// stopped.
func (a *ahead) note(lanes []int) {
	on := 0
	for _, i := range lanes {
		if a.stepped[i] {
			on++
		}
	}
	if a.steps > 0 {
		average(&a.pace.stop, 1-float64(on)/float64(a.steps))
	}
	clear(a.stepped)
	for _, i := range lanes {
		a.stepped[i] = true
	}
	a.steps = len(lanes)
}

func (a *ahead) worth(b *Backend, lanes int) bool {
	switch b.speculation {
	case SpeculateAlways:
		return true
	case SpeculateNever:
		return false
	}
	return a.pace.worth(lanes, b.latency)
}

// pace is what speculation gains and costs, as running averages in seconds.
type pace struct {
	segment float64 // of the device for one lane; 0: not measured yet
	outside float64 // from a result to the next step
	record  float64 // to record and submit a segment
	stop    float64 // share of lanes that stop at a segment

	at, gotten time.Time // of the last event of this step, of the last result
}

func average(mean *float64, sample float64) { *mean += (sample - *mean) / 4 }

// worth compares the device's wait for the host, which ends when a segment is
// submitted ahead, with its work for the lanes that stop.
func (p *pace) worth(lanes int, latency float64) bool {
	return p.segment > 0 && p.stop*p.segment*float64(lanes) < p.outside+p.record+latency
}

func (p *pace) begin() {
	p.at = time.Now()
	if !p.gotten.IsZero() {
		average(&p.outside, p.at.Sub(p.gotten).Seconds())
	}
}

// submitted ends the recording that began at the last event; full says whether
// it was of a segment.
func (p *pace) submitted(full bool) {
	now := time.Now()
	if full {
		average(&p.record, now.Sub(p.at).Seconds())
	}
	p.at = now
}

// result ends the wait for a segment of n lanes, which is the device's time
// for it when nothing was computed ahead.
func (p *pace) result(n, taken int, latency float64) {
	p.gotten = time.Now()
	if taken > 0 || n == 0 {
		return
	}
	sample := max(1e-9, p.gotten.Sub(p.at).Seconds()-latency) / float64(n)
	if p.segment == 0 {
		p.segment = sample
	}
	average(&p.segment, sample)
}

// commit records copies of what was computed ahead for these lanes to their
// slots, leaves the others in fresh, and finds the places of all results.
func (t *batch) commit(lanes []int, logits bool) (r results, err error) {
	t.ahead.note(lanes)
	n := t.ahead.n
	t.fresh, t.words = t.fresh[:0], grow(t.words, n)
	for i := range t.words {
		t.words[i] = math.MaxUint32
	}
	for _, lane := range lanes {
		if p := t.ahead.place[lane]; p >= 0 {
			t.words[p] = uint32(lane)
			r.taken++
		} else {
			t.fresh = append(t.fresh, lane)
		}
	}
	step, ahead := t.layout.step(len(t.fresh), t.largest(t.fresh), logits), t.layout.ahead(n, t.ahead.tokens, logits)
	t.where = t.where[:0]
	fresh := 0
	for _, lane := range lanes {
		if p := t.ahead.place[lane]; p >= 0 {
			t.where = append(t.where, ahead.place(int(p)))
		} else {
			t.where = append(t.where, step.place(fresh))
			fresh++
		}
	}
	t.ahead.clear()
	r.from, r.to = t.layout.span(step, ahead, r.taken)
	if r.taken == 0 {
		return r, nil
	}
	if err := Write(t.index, 0, t.words); err != nil {
		return r, err
	}
	t.scatter(t.index.View(0, t.indexPart), n, ahead.tokens)
	return r, nil
}

// results are the numbers of out that a step reads back, and how many of its
// lanes were computed ahead.
type results struct{ from, to, taken int }

// lookAhead submits the next segment of lanes in the work space. A context
// that ends meanwhile concerns the next step, not this one.
func (t *batch) lookAhead(ctx context.Context, lanes []int, logits bool) error {
	d, tokens := t.b.device, t.largest(lanes)
	on, err := t.gather(lanes, tokens)
	if err == nil {
		err = t.think(ctx, &t.work, on, t.layout.ahead(len(lanes), tokens, logits))
	}
	if ctx.Err() != nil {
		d.Drop()
		return nil
	}
	if err == nil {
		err = d.Flush()
	}
	if err != nil {
		return err
	}
	t.ahead.pace.submitted(true)
	t.ahead.n, t.ahead.tokens, t.ahead.logits = len(lanes), tokens, logits
	for i, lane := range lanes {
		t.ahead.place[lane] = int32(i)
	}
	return nil
}
