package cpu

import (
	"context"
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// worker is the scratch memory of one worker, for one group of lanes at a time.
type worker struct {
	d           *Device
	lanes, rows int             // of the group at hand
	starts      []int           // [lanes+1] first row of every lane, and the end
	shapes      []runtime.Shape // [lanes]

	x            []float32 // [R, D] input embedding
	zH, zL       []float32 // [R, D] carry, one lane below the other
	nextH, nextL []float32 // [R, D] carry of the segment after, HRM only
	tmp          []float32 // [R, D]
	logits       []float32 // [S, vocabulary] of one lane
	dLogit       []float32
	candidate    candidateScratch
	candidates   []float32 // [P] logits of candidates of one lane, and their gradient
	qTokens      []float32 // [P] q_halt of each token of one lane, with runtime.SoftMin

	passing *passActs   // of a pass without gradient
	saved   []*passActs // of the differentiated passes; nil for others

	dx, dzH, dzL []float32 // [R, D]
	dWide        []float32 // [R, max(2I, 3D)]
	dAct         []float32 // [R, I]

	f32    map[int]*kernels.AttentionF32 // by positions
	angles map[runtime.Shape]*angles
	bf16   *scratchBF16 // with Spec.BF16
	rounding
}

func newWorker(d *Device) *worker {
	c := &d.config
	rows := d.groupLanes * c.P()
	size := rows * c.Hidden
	floats := func(n int) []float32 { return make([]float32, n) }
	w := &worker{
		d: d, x: floats(size), zH: floats(size), zL: floats(size), tmp: floats(size), dx: floats(size), dzH: floats(size), dzL: floats(size),
		logits: floats(c.SeqLen * c.VocabSize), dLogit: floats(c.SeqLen * c.VocabSize), qTokens: floats(c.P()), candidates: floats(c.P()),
		dWide: floats(max(rows*2*c.Inter(), rows*3*c.Hidden)), dAct: floats(rows * c.Inter()),
	}
	if c.Has(runtime.PositionSwiGLU) {
		w.dWide = floats(max(len(w.dWide), d.groupLanes*c.Hidden*2*c.InterT()))
		w.dAct = floats(max(len(w.dAct), d.groupLanes*c.Hidden*c.InterT()))
	}
	if d.spec.Continues() {
		w.nextH, w.nextL = floats(size), floats(size)
	}
	if d.spec.BF16 {
		w.bf16 = newScratchBF16(d)
	}
	w.passing = w.newPassActs(2, false)
	for _, pass := range c.Passes() {
		var p *passActs
		if pass.Grad {
			p = w.newPassActs(c.Layers(pass.Level), true)
		}
		w.saved = append(w.saved, p)
	}
	return w
}

// passActs is what the layers of one pass read and write.
type passActs struct {
	x       []float32      // [R, D] the sum that goes into the first layer
	rounded []kernels.BF16 // x, with Spec.BF16
	layers  [][]*acts      // fewer than the level has: taken in turn
}

func (w *worker) newPassActs(layers int, saved bool) *passActs {
	size := len(w.x)
	p := &passActs{}
	if w.bf16 != nil {
		p.x, p.rounded = w.bf16.x, make([]kernels.BF16, size)
	} else {
		p.x = make([]float32, size)
	}
	for range layers {
		p.layers = append(p.layers, w.d.newActs(size/w.d.config.Hidden, saved))
	}
	return p
}

// enter takes a group of lanes: their shapes, where their rows lie, and their carry.
func (w *worker) enter(first, lanes int) {
	c, s := &w.d.config, &w.d.state
	w.lanes, w.rows = lanes, 0
	w.starts, w.shapes = append(w.starts[:0], 0), w.shapes[:0]
	for lane := range lanes {
		shape := s.Shape(c, first+lane)
		w.rows += c.PositionsOf(shape)
		w.starts, w.shapes = append(w.starts, w.rows), append(w.shapes, shape)
		at := (first + lane) * c.P() * c.Hidden
		copy(w.lane(w.zH, lane), s.ZH[at:])
		copy(w.lane(w.zL, lane), s.ZL[at:])
	}
}

// leave gives the carry back.
func (w *worker) leave(first int) {
	c, s := &w.d.config, &w.d.state
	for lane := range w.lanes {
		at := (first + lane) * c.P() * c.Hidden
		copy(s.ZH[at:], w.lane(w.zH, lane))
		copy(s.ZL[at:], w.lane(w.zL, lane))
	}
}

// group does forward, loss and backward of lanes from first on, and adds to a
// shard's gradient.
func (w *worker) group(ctx context.Context, first, lanes int, in *train.StepIn, out *train.StepOut, g *gradient) error {
	c := &w.d.config
	w.enter(first, lanes)
	size := w.rows * c.Hidden
	zH, zL := w.zH[:size], w.zL[:size]
	for lane := range lanes {
		w.embed(w.lane(w.x, lane), first+lane)
	}
	if err := w.segment(ctx, zH, zL, true); err != nil {
		return err
	}
	w.leave(first)
	if w.d.spec.Continues() {
		if err := w.target(ctx, first, zH, zL, in, out); err != nil {
			return err
		}
	}
	clear(w.dx[:size])
	clear(w.dzH[:size])
	clear(w.dzL[:size])
	for lane := range lanes {
		w.heads(in, first+lane, w.lane(zH, lane), w.lane(w.dzH, lane), out, g)
	}
	if err := w.segmentBack(ctx, g); err != nil {
		return err
	}
	for lane := range lanes {
		w.embedBack(w.lane(w.dx, lane), first+lane, g)
	}
	return nil
}

// lane returns one lane's part of a [R, D] buffer.
func (w *worker) lane(buf []float32, lane int) []float32 {
	d := w.d.config.Hidden
	return buf[w.starts[lane]*d : w.starts[lane+1]*d]
}

// segment runs the passes of a segment on zH and zL, and with keep saves the
// activations of the differentiated ones.
func (w *worker) segment(ctx context.Context, zH, zL []float32, keep bool) error {
	for i, pass := range w.d.passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		saved := w.saved[i]
		if !keep {
			saved = nil
		}
		if pass.Level == runtime.L {
			w.pass(runtime.L, saved, zL, zH, w.x)
		} else {
			w.pass(runtime.H, saved, zH, zL, nil)
		}
	}
	return nil
}

// pass sets z = level(z + a + b); b may be nil.
func (w *worker) pass(level runtime.Level, saved *passActs, z, a, b []float32) {
	if saved == nil {
		saved = w.passing
	}
	x, rounded := saved.x[:len(z)], saved.rounded
	copy(x, z)
	if b == nil {
		kernels.Add(x, a)
	} else {
		kernels.Add2(x, a, b[:len(z)])
	}
	if rounded != nil {
		kernels.RoundBF16(rounded, x)
	}
	layers := w.d.levels[level]
	for i := range layers {
		x, rounded = w.forward(&layers[i], saved.layers[i%len(saved.layers)], x, rounded)
	}
	copy(z, x)
}

// target runs the segment after, without gradient, and sets out.QTarget:
// sigmoid(q_halt) where this segment is the last one, else
// sigmoid(max(q_halt, q_continue)).
func (w *worker) target(ctx context.Context, first int, zH, zL []float32, in *train.StepIn, out *train.StepOut) error {
	nextH, nextL := w.nextH[:len(zH)], w.nextL[:len(zL)]
	copy(nextH, zH)
	copy(nextL, zL)
	if err := w.segment(ctx, nextH, nextL, false); err != nil {
		return err
	}
	for lane := range w.lanes {
		halt, cont := w.q(w.lane(nextH, lane))
		if !in.Last(&w.d.config, first+lane) {
			halt = max(halt, cont)
		}
		out.QTarget[first+lane] = float32(sigmoid(halt))
	}
	return nil
}

// q returns the halting head's logits for one lane's zH.
func (w *worker) q(zH []float32) (halt, cont float32) {
	c := &w.d.config
	d := c.Hidden
	q, b := w.d.params.QHead, w.d.params.QBias
	if c.HaltPool == runtime.SoftMin {
		z := zH[c.Prefix()*d:]
		cont = w.pool(z, q[d:2*d], b[1])
		return w.pool(z, q[:d], b[0]), cont
	}
	return dot(zH[:d], q[:d]) + b[0], dot(zH[:d], q[d:2*d]) + b[1]
}

// pool is the soft minimum of z[i] . q + bias over tokens, which stay in qTokens.
func (w *worker) pool(z, q []float32, bias float32) float32 {
	d := len(q)
	each := w.qTokens[:len(z)/d]
	for i := range each {
		each[i] = dot(z[i*d:(i+1)*d], q) + bias
	}
	return runtime.SoftMinimum(each)
}

func dot(a, b []float32) float32 {
	var sum float64
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return float32(sum)
}

func sigmoid(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }

// segmentBack turns dzH, the gradient of the last zH, into that of the input
// embedding, dx. The gradient of the state that the first differentiated pass
// started from is dropped.
func (w *worker) segmentBack(ctx context.Context, g *gradient) error {
	size := w.rows * w.d.config.Hidden
	dzH, dzL, dx := w.dzH[:size], w.dzL[:size], w.dx[:size]
	for i := len(w.d.passes) - 1; i >= 0 && w.d.passes[i].Grad; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.d.passes[i].Level == runtime.H { // zH = H(zH + zL)
			w.passBack(runtime.H, w.saved[i], g, dzH)
			kernels.Add(dzL, dzH)
		} else { // zL = L(zL + zH + x)
			w.passBack(runtime.L, w.saved[i], g, dzL)
			kernels.Add(dzH, dzL)
			kernels.Add(dx, dzL)
		}
	}
	return nil
}

func (w *worker) passBack(level runtime.Level, saved *passActs, g *gradient, dz []float32) {
	layers := w.d.levels[level]
	for i := len(layers) - 1; i >= 0; i-- {
		w.backward(&layers[i], &g.levels[level][i], saved.layers[i], dz)
	}
}

// embed sets x [P, D] to the input embedding of a lane's puzzle, see
// runtime.Model.Embed.
func (w *worker) embed(x []float32, lane int) {
	c, s, p := &w.d.config, &w.d.state, &w.d.params
	d, prefix, n := c.Hidden, c.Prefix(), c.PuzzleEmbDim
	clear(x)
	var row []float32
	if n > 0 {
		id := int(s.PuzzleIDs[lane])
		row = s.Puzzle[id*n : (id+1)*n]
		copy(x[:prefix*d], row)
	}
	w.eachPart(lane, len(x)/d-prefix, func(i int, parts runtime.Parts) {
		sum := x[(prefix+i)*d : (prefix+i+1)*d]
		for _, r := range parts.Rows() {
			kernels.Add(sum, p.EmbedTokens[r*d:(r+1)*d])
		}
		if n > 0 {
			parts.EachBlock(func(b int) { kernels.Add(sum, row[b*d:(b+1)*d]) })
		}
	})
	scale := float32(math.Sqrt(float64(d)))
	for i := range x {
		if p.EmbedPos != nil {
			x[i] = (x[i] + p.EmbedPos[i]) * runtime.LearnedScale
		}
		x[i] *= scale
	}
}

// embedBack adds the gradient of the embeddings. It destroys dx.
func (w *worker) embedBack(dx []float32, lane int, g *gradient) {
	c := &w.d.config
	d, prefix, n := c.Hidden, c.Prefix(), c.PuzzleEmbDim
	scale := float32(math.Sqrt(float64(d)))
	if g.EmbedPos != nil {
		scale *= runtime.LearnedScale
	}
	for i := range dx {
		dx[i] *= scale
	}
	if g.EmbedPos != nil {
		kernels.Add(g.EmbedPos, dx)
	}
	row := w.d.puzzleGrad[lane*n : (lane+1)*n]
	clear(row)
	copy(row, dx[:prefix*d])
	w.eachPart(lane, len(dx)/d-prefix, func(i int, parts runtime.Parts) {
		sum := dx[(prefix+i)*d : (prefix+i+1)*d]
		for _, r := range parts.Rows() {
			kernels.Add(g.EmbedTokens[r*d:(r+1)*d], sum)
		}
		if n > 0 {
			parts.EachBlock(func(b int) { kernels.Add(row[b*d:(b+1)*d], sum) })
		}
	})
	w.forgetAbsent(row, lane)
}

// forgetAbsent drops the gradient of the blocks of colours that are nowhere in a lane's
// grids, which would move as far as that of any other.
func (w *worker) forgetAbsent(row []float32, lane int) {
	c, s := &w.d.config, &w.d.state
	if c.Mixing != runtime.ColourMixing || len(row) == 0 {
		return
	}
	tokens, shape := s.LaneTokens(c, lane), s.Shape(c, lane)
	present, legend := [runtime.ColourBlocks]bool{runtime.NumColours: true}, c.Legend(shape)
	for i := legend; i < len(tokens); i++ {
		for _, token := range [...]int32{tokens[i], train.Final(s.LaneLabels(c, lane)[i])} {
			if k := int(token) - runtime.FirstColour; c.CanSay(shape, token) {
				present[runtime.ColourBlock(tokens, k)] = true
			}
		}
	}
	for b, there := range present {
		if !there {
			clear(row[b*c.Hidden : (b+1)*c.Hidden])
		}
	}
}

// eachPart calls f with what the embedding of each of n positions after the prefix is the
// sum of.
func (w *worker) eachPart(lane, n int, f func(i int, parts runtime.Parts)) {
	c, s := &w.d.config, &w.d.state
	tokens, shape := s.LaneTokens(c, lane), s.Shape(c, lane)
	for i := range n {
		f(i, c.Parts(tokens, shape, i))
	}
}
