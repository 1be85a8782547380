package cpu

import "github.com/hrmgo/hrm/runtime"

// A pass over a group of lanes is a list of steps, one after the other; the tasks of a
// step run side by side, in any order, on the workers that the group has. plan makes
// the list:
//
//	rows of the lanes, one lane after the other:    |--lane 0--|--lane 1--|--lane 2--|
//	chunks, at most chunkRows rows each:            |--|--|--|--|--|--|--|--|--|--|--|
//	bands, whole chunks that share weights:         |-------band 0-------|--band 1---|
//
//	enter        chunks          z = zL + zH + x, or zH + zL
//	per layer, as its sublayers ask:
//	  convolve   chunks          z' = rms(z + conv(z))                    z' becomes z
//	  heads      head tasks x parts of the lanes: queries, keys and values, context
//	    or, where workers would have nothing to do,
//	  project    head tasks x chunks, and
//	  attend     head tasks x lanes x parts of their queries
//	  mix        chunks          z = rms(z + o . context)
//	  candidates lanes           z = rms(z + means over candidates of z)
//	  colours    lanes           z = rms(z + means, turns and neighbours of z)
//	  positions  lanes x columns z = rms(z + SwiGLU(z)) over positions
//	  round      chunks          z in int8
//	  glu        per band: blocks of channels: act = silu(gate . z) * up . z
//	  down       per band: chunks              z = rms(z + down . act)
//	leave        chunks          zL or zH = z
//
// Where a core's cache holds the weights of a SwiGLU, what goes by chunks is joined:
// a task takes its chunk through convolve, mix, round, SwiGLU and leave as far as no
// other chunk is waited for.
type plan struct {
	chunks []span // of rows
	bands  []band
	cols   []span // of channels, for positions
	parts  int    // of the lanes, for heads
	split  bool   // heads are projected and attended in steps of their own
	steps  []step
	read   step // of the last pass's result
}

// span is rows [lo, hi) of a group, or channels.
type span struct{ lo, hi int }

// band is rows that go through the SwiGLU together, and its chunks.
type band struct {
	span
	chunks span
}

// step is a parallel loop.
type step struct {
	kind  stepKind
	tasks int
	layer int
	band  int
	rows  rowWork // of stepRows
	z     int     // which of the two buffers holds the state; a convolution writes it from the other
}

type stepKind uint8

const (
	stepRows       stepKind = iota // rowWork on chunks
	stepHeads                      // all of attention but mix
	stepProject                    // the first part of heads
	stepAttend                     // the rest
	stepPositions                  // SwiGLU over positions
	stepCandidates                 // means over candidates
	stepColours                    // of colours, with turns and neighbours
	stepGLU                        // act of a band
	stepDown                       // down of a band's chunks
	stepRead                       // outputs, at the end of a segment
	numSteps
)

// rowWork is what a task does with its chunk, in this order.
type rowWork uint8

const (
	rowEnter rowWork = 1 << iota
	rowConvolve
	rowMix
	rowRound
	rowSwiGLU
	rowLeave
)

// measures is what plan goes by.
type measures struct {
	sublayers        []runtime.Sublayer
	layers           int
	lanes, positions int // of the group
	workers          int // that share the group

	hidden, inter int
	maxChunk      int  // the most rows of a chunk
	rowUnit       int  // rows that cost as much as one
	bandRows      int  // about the most rows of a band
	headTasks     int  // into which heads are cut
	queryParts    int  // into which the queries of a head are cut, where they are
	splits        bool // heads may be cut into project and attend
	joined        bool // see plan: the weights of a SwiGLU stay in a core's cache
}

// cut fills the plan for a group, in the memory that it has.
func (p *plan) cut(m *measures) {
	p.cutRows(m)
	joined := m.joined && len(p.bands) == 1
	p.cutHeads(m)
	p.steps = p.steps[:0]
	z := 0
	add := func(s step) {
		s.z = z
		p.steps = append(p.steps, s)
	}
	rows := func(layer int, work rowWork) {
		if last := len(p.steps) - 1; joined && work > rowConvolve && p.steps[last].kind == stepRows && p.steps[last].layer == layer {
			p.steps[last].rows |= work
			return
		}
		add(step{kind: stepRows, tasks: len(p.chunks), layer: layer, rows: work})
	}
	rows(0, rowEnter)
	for layer := range m.layers {
		for _, s := range m.sublayers {
			switch s {
			case runtime.Convolution:
				z = 1 - z
				rows(layer, rowConvolve)
			case runtime.Attention:
				if p.split {
					add(step{kind: stepProject, tasks: len(p.chunks) * m.headTasks, layer: layer})
					add(step{kind: stepAttend, tasks: m.lanes * m.headTasks * m.queryParts, layer: layer})
				} else {
					add(step{kind: stepHeads, tasks: m.headTasks * p.parts, layer: layer})
				}
				rows(layer, rowMix)
			case runtime.CandidateMeans:
				add(step{kind: stepCandidates, tasks: m.lanes, layer: layer})
			case runtime.ColourMeans:
				add(step{kind: stepColours, tasks: m.lanes, layer: layer})
			case runtime.PositionSwiGLU:
				add(step{kind: stepPositions, tasks: m.lanes * len(p.cols), layer: layer})
				rows(layer, rowRound)
			case runtime.SwiGLU:
				if joined {
					rows(layer, rowSwiGLU)
					continue
				}
				for i, b := range p.bands {
					add(step{kind: stepGLU, tasks: (m.inter + gluBlock - 1) / gluBlock, layer: layer, band: i})
					add(step{kind: stepDown, tasks: b.chunks.hi - b.chunks.lo, layer: layer, band: i})
				}
			}
		}
	}
	rows(m.layers-1, rowLeave)
	p.read = step{kind: stepRead, tasks: len(p.chunks)}
}

// cutRows cuts the rows of the group into bands of near-equal chunks, and the
// channels into columns.
func (p *plan) cutRows(m *measures) {
	rows, most := m.lanes*m.positions, max(m.bandRows, m.maxChunk)
	bands := (rows + most - 1) / most
	p.bands, p.chunks, p.cols = p.bands[:0], p.chunks[:0], p.cols[:0]
	for i := range bands {
		all := span{rows * i / bands, rows * (i + 1) / bands}
		from := len(p.chunks)
		p.chunks = all.cut(p.chunks, m.rowUnit, m.maxChunk, m.workers)
		p.bands = append(p.bands, band{all, span{from, len(p.chunks)}})
	}
	p.cols = span{0, m.hidden}.cut(p.cols, 2, m.maxChunk, m.workers)
}

// cutHeads decides into how many parts the lanes are cut for heads: one, so that the
// weights of a head are read once, unless workers would have nothing to do; they are
// split where workers would have nothing to do even then.
func (p *plan) cutHeads(m *measures) {
	p.parts, p.split = 1, false
	if m.workers > m.headTasks {
		p.parts = m.lanes
		p.split = m.splits && m.queryParts > 1 && m.workers > m.headTasks*m.lanes
	}
}

// cut appends near-equal parts of at most most rows, between multiples of unit,
// which costs the matrix kernels about as much as one row. The parts keep the
// workers busy.
func (s span) cut(parts []span, unit, most, workers int) []span {
	units := (s.hi - s.lo + unit - 1) / unit
	n := (units + most/unit - 1) / (most / unit)
	for n < units && !balanced(n, workers) {
		n++
	}
	for i := range n {
		parts = append(parts, span{s.lo + unit*(units*i/n), min(s.lo+unit*(units*(i+1)/n), s.hi)})
	}
	return parts
}

// balanced reports whether equal tasks keep the workers busy for at least nine
// tenths of the time.
func balanced(tasks, workers int) bool {
	rounds := (tasks + workers - 1) / workers
	return 10*tasks >= 9*rounds*workers
}
