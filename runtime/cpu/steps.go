package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// The code of a step: what it does for one task. A kind of sublayer has a file of its
// own: conv.go, attention.go (and attention_bf16.go), candidates.go,
// positions.go, swiglu.go.
var steps = [numSteps]func(t *batch, g *group, worker, task int){
	stepRows:       (*batch).rows,
	stepHeads:      (*batch).heads,
	stepProject:    (*batch).project,
	stepAttend:     (*batch).attend,
	stepPositions:  (*batch).positions,
	stepCandidates: (*batch).candidates,
	stepColours:    (*batch).colours,
	stepGLU:        (*batch).glu,
	stepDown:       (*batch).down,
	stepRead:       (*batch).read,
}

// rows does a task's row work on its chunk.
func (t *batch) rows(g *group, worker, task int) {
	k := g.chunks[task]
	for _, w := range [...]struct {
		work rowWork
		do   func(t *batch, g *group, worker int, k span)
	}{
		{rowEnter, (*batch).enter},
		{rowConvolve, (*batch).convolve},
		{rowMix, (*batch).mix},
		{rowRound, (*batch).roundRows},
		{rowSwiGLU, (*batch).swiGLU},
		{rowLeave, (*batch).leave},
	} {
		if g.at.rows&w.work != 0 {
			w.do(t, g, worker, k)
		}
	}
}

// enter starts a pass for some rows: it adds what the other level and the puzzle
// say,
//
//	L: z = zL + zH + x    H: z = zH + zL
func (t *batch) enter(g *group, _ int, k span) {
	d := t.b.model.Config.Hidden
	const rows = 8 // at a time: they stay in the first-level cache
	for lo := k.lo; lo < k.hi; lo += rows {
		some := span{lo, min(lo+rows, k.hi)}
		for row := some.lo; row < some.hi; row++ {
			l, pos := t.pos(g, row)
			lo, hi := pos*d, (pos+1)*d
			z := g.state(row, row+1, d)
			copy(z, l.z[t.pass.Level][lo:hi])
			if t.pass.Level == runtime.L {
				kernels.Add2(z, l.z[runtime.H][lo:hi], l.x[lo:hi])
			} else {
				kernels.Add(z, l.z[runtime.L][lo:hi])
			}
		}
		t.roundRows(g, 0, some)
	}
}

// leave ends a pass for some rows.
func (t *batch) leave(g *group, _ int, k span) {
	d := t.b.model.Config.Hidden
	for row := k.lo; row < k.hi; row++ {
		l, pos := t.pos(g, row)
		copy(l.z[t.pass.Level][pos*d:], g.state(row, row+1, d))
	}
}

// state returns rows [lo, hi) of the state.
func (g *group) state(lo, hi, d int) []float32 { return g.z[g.at.z][lo*d : hi*d] }

// operand returns rows of the state, in int8 as roundRows left them.
func (t *batch) operand(g *group, k span) operand {
	d := t.b.model.Config.Hidden
	x := operand{x: g.state(k.lo, k.hi, d), k: d, rows: k.hi - k.lo}
	if g.z8 != nil {
		x.i8 = g.z8.Rows(k.lo, x.rows)
	}
	return x
}

// roundRows rounds rows of the state for the int8 matrices that multiply it.
func (t *batch) roundRows(g *group, _ int, k span) {
	if g.z8 != nil {
		x := t.operand(g, k)
		x.quantize()
	}
}

// addNorm is z = rms(z + y) for some rows, and roundRows.
func (t *batch) addNorm(g *group, k span, y []float32) {
	d := t.b.model.Config.Hidden
	z := g.state(k.lo, k.hi, d)
	if g.z8 != nil {
		rows := g.z8.Rows(k.lo, k.hi-k.lo)
		rows.AddRMSNorm(z, y, d, t.b.eps)
		return
	}
	kernels.AddRMSNorm(z, y, d, t.b.eps)
}
