package gpu

import "math"

func bits(f float64) uint32 { return math.Float32bits(float32(f)) }

func fromBits(u uint32) float32 { return math.Float32frombits(u) }

// flat dispatches one thread for each of n elements.
func (d *Device) flat(k *Kernel, n int, params []uint32, views ...View) {
	x, y := grid(ceil(n, 256))
	d.Dispatch(k, x, y, 1, params, views...)
}

// grid spreads n workgroups over two dimensions, each below the least limit of
// 65535.
func grid(n int) (x, y int) {
	x = min(n, 1<<15)
	return x, ceil(n, x)
}

// Enter records y = the sum of two or three terms, rows of n numbers of some lanes,
// and zero in the rows behind a lane's positions, whatever the terms have there.
func (d *Device) Enter(y View, terms []View, n int, l Lanes) {
	views := append(append([]View(nil), terms...), l.grids.All(), y)
	d.flat(d.kernel("enter", struct{ Three bool }{len(terms) == 3}), l.Rows()*n,
		[]uint32{uint32(l.Rows() * n), uint32(l.P * n), uint32(n), uint32(l.at)}, views...)
}

// Sum says what Device.Sum adds up.
type Sum struct {
	N, Parts, Stride int
	Scale            float64
	Add              bool
}

// Sum records y[i] (+)= Scale * sum over z < Parts of a[z*Stride + i], i < N.
func (d *Device) Sum(y, a View, s Sum) {
	many := s.Parts >= 8
	threads := 1
	if many {
		threads = 4
	}
	k := d.kernel("sum", struct{ Add, Many bool }{s.Add, many})
	d.flat(k, s.N*threads, []uint32{uint32(s.N), uint32(s.Parts), uint32(s.Stride), bits(s.Scale)}, a, y)
}

// normOptions specialise the norms of rows: short ones of whole groups of four
// numbers stay in the registers of 32 threads, each with so many groups.
type normOptions struct {
	Vec  bool
	Each int
	Type string
}

// rows dispatches a norm of rows of n numbers.
func (d *Device) rows(file string, rows, n int, params []uint32, views ...View) {
	o, per := normOptions{Type: "f32"}, 1
	if n%4 == 0 && n <= 1024 {
		o, per = normOptions{true, ceil(n, 128), "vec4<f32>"}, 8
	}
	x, y := grid(ceil(rows, per))
	d.Dispatch(d.kernel(file, o), x, y, 1, params, views...)
}

// RMSNorm records the residual and norm of rows of n numbers, and keeps inv. s
// is the sum of parts, each [rows, n]:
//
//	y = (h + s) * inv    inv = 1 / sqrt(mean((h + s)^2) + eps)
func (d *Device) RMSNorm(y, inv, h, s View, parts, rows, n int, eps float64) {
	d.rows("rmsnorm", rows, n, []uint32{uint32(rows), uint32(n), bits(eps), uint32(parts), uint32(rows * n)}, h, s, y, inv)
}

// RMSNormBack records ds, the gradient of h and of s alike:
//
//	ds = inv * (dy - y * mean(dy * y))
func (d *Device) RMSNormBack(ds, y, inv, dy View, rows, n int) {
	d.rows("rmsnorm_back", rows, n, []uint32{uint32(rows), uint32(n)}, y, inv, dy, ds)
}

// RMSNormCols is RMSNorm over the rows of each column of each lane's [rows, n];
// inv is [lanes, n].
func (d *Device) RMSNormCols(y, inv, h, s View, lanes, rows, n int, eps float64) {
	d.flat(d.kernel("rmsnorm_cols", nil), lanes*n, []uint32{uint32(lanes), uint32(rows), uint32(n), bits(eps)}, h, s, y, inv)
}

// RMSNormColsBack is RMSNormBack over the rows of each column.
func (d *Device) RMSNormColsBack(ds, y, inv, dy View, lanes, rows, n int) {
	d.flat(d.kernel("rmsnorm_cols_back", nil), lanes*n, []uint32{uint32(lanes), uint32(rows), uint32(n)}, y, inv, dy, ds)
}

type gatherOptions struct {
	Scatter bool
	Arrays  int
}

// Gather records, for each array, to[i] = from[lanes[i]] in blocks of n numbers, which
// are the front of slots of from. lanes holds count u32.
func (d *Device) Gather(to, from []View, lanes View, count, n, slot int) {
	views := []View{lanes}
	for i := range to {
		views = append(views, from[i], to[i])
	}
	d.flat(d.kernel("gather", gatherOptions{false, len(to)}), count*n, []uint32{uint32(count * n), uint32(n), uint32(slot)}, views...)
}

// Scatter records, for each array, to[lanes[i]] = from[i], of which slots of to are the
// longer.
func (d *Device) Scatter(to, from []View, lanes View, count, n, slot int) {
	views := []View{lanes}
	for i := range to {
		views = append(views, from[i], to[i])
	}
	d.flat(d.kernel("gather", gatherOptions{true, len(to)}), count*n, []uint32{uint32(count * n), uint32(n), uint32(slot)}, views...)
}

// Start records zH[lane] = init[0] and zL[lane] = init[1] at every position of
// the first n lanes of a list of u32; z is [lanes, P, D], init [2, D].
func (d *Device) Start(zH, zL, lanes, init View, n int, h Heads) {
	lane := h.P * h.D
	d.flat(d.kernel("start", nil), n*lane, []uint32{uint32(n * lane), uint32(lane), uint32(h.D)}, lanes, init, zH, zL)
}

// Heads are the shapes of the output heads: z is [Lanes, P, D] and the last
// Tokens of the P positions have logits.
type Heads struct{ Lanes, P, D, Tokens, Vocab int }

// QHead records out[at + 2*lane + c] = z[lane, 0] . w[c] + bias[c], with w
// [2, D].
func (d *Device) QHead(out View, at int, z, w, bias View, h Heads) {
	d.Dispatch(d.kernel("qhead", nil), h.Lanes, 1, 1, []uint32{uint32(h.Lanes), uint32(h.P * h.D), uint32(h.D), uint32(at)}, z, w, bias, out)
}

// QPool records out[at + 2*lane + c] = -log(mean over tokens i of exp(-(z[lane, i] . w[c]
// + bias[c]))), see runtime.SoftMin.
func (d *Device) QPool(out View, at int, z, w, bias View, lanes Lanes, h Heads) {
	d.Dispatch(d.kernel("qpool", nil), lanes.N, 1, 1,
		[]uint32{uint32(h.D), uint32(lanes.P), uint32(h.P - h.Tokens), uint32(lanes.at), uint32(at)}, z, w, bias, lanes.grids.All(), out)
}

// Argmax records the most likely token of every position, the first on a tie;
// logits are [Lanes, P, Vocab], out u32 [Lanes, Tokens].
func (d *Device) Argmax(out, logits View, h Heads) {
	n := h.Lanes * h.Tokens
	d.flat(d.kernel("argmax", nil), n, h.tokenParams(), logits, out)
}

func (h Heads) tokenParams() []uint32 {
	return []uint32{uint32(h.Lanes * h.Tokens), uint32(h.Tokens), uint32(h.P), uint32(h.Vocab)}
}

// CrossEntropy records, for every labelled position, tok = (loss, 1 if right)
// and dlogits = weight[lane] times the gradient; both are zero elsewhere.
// labels are i32 [Lanes, Tokens], negative where there is none; tok is
// [Lanes, Tokens, 2]. The upper half of a label is the segment before which own, i32
// [Lanes, P], is asked instead, the lower half 0xffff where nothing is after it, and
// segments [Lanes] are those of now. Right is who says the label, or where it comes late
// (train.LabelFrom) said it first, which is noted in labels (train.Said).
func (d *Device) CrossEntropy(tok, dlogits, logits, labels, own, weight, segments View, softmax bool, h Heads) {
	d.flat(d.kernel("loss", struct{ Softmax bool }{softmax}), h.Lanes*h.Tokens, h.tokenParams(), logits, labels, own, weight, segments, dlogits, tok)
}

// QLoss are the buffers of Device.QLoss.
type QLoss struct {
	Q, Labels, Tok View
	Weight         View // [lanes] of one position in the loss
	Next, Last     View // for q_continue; the zero View: there is none
	Out, DQ        View
	InvBatch       float64
}

// QLoss records per lane Out [lanes, 8] = lm, q_halt, q_continue, target of
// q_continue, correct, labelled, and DQ [lanes, 2], the gradient of
// 0.5/batch * the binary cross-entropies.
func (d *Device) QLoss(q QLoss, h Heads) {
	views := []View{q.Q, q.Labels, q.Tok, q.Weight}
	more := q.Next.Buffer != nil
	if more {
		views = append(views, q.Next, q.Last)
	}
	views = append(views, q.Out, q.DQ)
	d.Dispatch(d.kernel("qloss", struct{ Continue bool }{more}), ceil(h.Lanes, 64), 1, 1,
		[]uint32{uint32(h.Lanes), uint32(h.Tokens), bits(q.InvBatch)}, views...)
}

// QHeadBack records dz[lane, 0] += dq . w, dw += dq^T z[lane, 0], dbias += dq.
func (d *Device) QHeadBack(dz, dw, dbias, dq, z, w View, h Heads) {
	d.flat(d.kernel("qback", nil), h.D, []uint32{uint32(h.Lanes), uint32(h.P * h.D), uint32(h.D)}, dq, z, w, dz, dw, dbias)
}

// QPoolBack are the buffers of Device.QPoolBack: dq and q [lanes, 2] are q_halt's
// gradient and QPool's result, DTok [lanes, P, 2] scratch.
type QPoolBack struct{ DQ, Q, Z, W, Bias, DZ, DTok View }

// QPoolBack records the gradient of q_halt by QPool in every token: DTok, and dz += DTok . w.
// What is left is dw += DTok^T z and dbias += dq, as a token's shares add up to 1.
func (d *Device) QPoolBack(b QPoolBack, lanes Lanes, h Heads) {
	d.flat(d.kernel("qpool_back", nil), lanes.Rows(),
		[]uint32{uint32(lanes.Rows()), uint32(lanes.P), uint32(h.P - h.Tokens), uint32(lanes.at), uint32(h.D)},
		b.DQ, b.Q, b.Z, b.W, b.Bias, lanes.grids.All(), b.DZ, b.DTok)
}

// Embed are the buffers and sizes of Device.Embed.
type Embed struct {
	Tokens, Table, Pos, IDs, Puzzle View // Pos, IDs and Puzzle may be zero
	PuzzleDim                       int
	Scale                           float64
}

// Embed records x [Lanes, P, D] = Scale * (embedding + pos). Tokens are i32
// [Lanes, P], -1 in the prefix, where the puzzle's row is.
func (d *Device) Embed(x View, e Embed, h Heads) {
	views := []View{e.Tokens, e.Table}
	learned, puzzle := e.Pos.Buffer != nil, e.Puzzle.Buffer != nil
	if learned {
		views = append(views, e.Pos)
	}
	if puzzle {
		views = append(views, e.IDs, e.Puzzle)
	}
	n := h.Lanes * h.P * h.D
	d.flat(d.kernel("embed", struct{ Learned, Puzzle bool }{learned, puzzle}), n,
		[]uint32{uint32(n), uint32(h.P), uint32(h.D), uint32(e.PuzzleDim), bits(e.Scale)}, append(views, x)...)
}
