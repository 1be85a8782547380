package onnx

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// batch is the dimension that is open.
const batch = -1

// segment builds the graph of one segment: see the package's comment.
type segment struct {
	*graph
	m         *runtime.Model
	c         *runtime.Config
	options   Options
	positions string // [B, P], where queries and keys turn
}

func newSegment(m *runtime.Model, o Options) *segment {
	s := &segment{newGraph("segment"), m, &m.Config, o, ""}
	c := s.c
	p, d := c.P(), c.Hidden
	x := s.embed()
	zH, zL := s.carry()
	if c.Turns() && !s.older() {
		s.positions = s.everyPosition()
	}
	for _, pass := range c.Passes() {
		if pass.Level == runtime.L {
			zL = s.level(pass.Level, s.add(zL, s.add(zH, x)))
		} else {
			zH = s.level(pass.Level, s.add(zH, zL))
		}
	}
	s.output("zH_next", zH, float32Type, batch, p, d)
	s.output("zL_next", zL, float32Type, batch, p, d)
	s.heads(zH)
	return s
}

func (s *segment) add(a, b string) string { return s.op("Add", []string{a, b}) }
func (s *segment) mul(a, b string) string { return s.op("Mul", []string{a, b}) }

func (s *segment) reshape(x string, dims ...int) string {
	return s.op("Reshape", []string{x, s.ints(dims...)})
}

func (s *segment) transpose(x string, perm ...int) string {
	return s.op("Transpose", []string{x}, intsAttr("perm", perm...))
}

// embed is the input embedding x [B, P, D], as runtime.Model.Embed has it.
func (s *segment) embed() string {
	c, d := s.c, s.c.Hidden
	tokens := s.input("tokens", int32Type, batch, c.SeqLen)
	table := s.table("embed_tokens", &s.m.EmbedTokens)
	x := s.prefix(s.op("Gather", []string{table, tokens}))
	scale := math.Sqrt(float64(d))
	if c.Positions == runtime.Learned {
		x = s.add(x, s.table("embed_pos", &s.m.EmbedPos))
		scale *= runtime.LearnedScale
	}
	return s.mul(x, s.scalar("embed_scale", float32(scale)))
}

// prefix puts the puzzle's row of the table before the tokens [B, S, D].
func (s *segment) prefix(tokens string) string {
	c := s.c
	n, dim := c.Prefix(), c.PuzzleEmbDim
	if n == 0 {
		return tokens
	}
	if dim == 0 {
		return s.op("Pad", []string{tokens, s.ints(0, n, 0, 0, 0, 0)})
	}
	var row string
	if s.options.PuzzleInput {
		row = s.input("puzzle_embedding", float32Type, batch, dim)
	} else {
		row = s.op("Gather", []string{s.table("puzzle_emb", &s.m.PuzzleEmb), s.input("puzzle_id", int32Type, batch)})
	}
	if pad := n*c.Hidden - dim; pad > 0 {
		row = s.op("Pad", []string{row, s.ints(0, 0, 0, pad)})
	}
	return s.op("Concat", []string{s.reshape(row, 0, n, c.Hidden), tokens}, intAttr("axis", 1))
}

// carry is zH and zL [B, P, D] as they are given, or the fixed start in the
// lanes that reset names.
func (s *segment) carry() (zH, zL string) {
	p, d := s.c.P(), s.c.Hidden
	reset := s.op("Unsqueeze", []string{s.input("reset", boolType, batch), s.ints(1, 2)})
	state := func(name, init string, v []float32) string {
		return s.op("Where", []string{reset, s.floats(init, v, d), s.input(name, float32Type, batch, p, d)})
	}
	return state("zH", "H_init", s.m.HInit), state("zL", "L_init", s.m.LInit)
}

// heads are the outputs that are read from zH.
func (s *segment) heads(zH string) {
	c := s.c
	tokens := s.op("Slice", []string{zH, s.ints(c.Prefix()), s.ints(c.P()), s.ints(1)})
	logits := s.op("MatMul", []string{tokens, s.matrix("lm_head", &s.m.LMHead)})
	s.output("logits", logits, float32Type, batch, c.SeqLen, c.VocabSize)
	q := s.add(s.q(zH, tokens), s.floats("q_bias", s.m.QBias, 2))
	for i, name := range []string{"q_halt", "q_continue"} {
		s.output(name, s.op("Gather", []string{q, s.index(i)}, intAttr("axis", 1)), float32Type, batch)
	}
}

// q are both halting values [batch, 2], without their bias.
func (s *segment) q(zH, tokens string) string {
	w := s.matrix("q_head", &s.m.QHead)
	if s.c.HaltPool != runtime.SoftMin {
		return s.op("MatMul", []string{s.op("Gather", []string{zH, s.index(0)}, intAttr("axis", 1)), w})
	}
	sum := s.reduce("ReduceLogSumExp", s.op("Neg", []string{s.op("MatMul", []string{tokens, w})}), 1)
	sum = s.op("Squeeze", []string{sum, s.ints(1)})
	return s.op("Neg", []string{s.add(sum, s.scalar("log_tokens", float32(-math.Log(float64(s.c.SeqLen)))))})
}

// table is a constant [rows, cols] of float32.
func (s *segment) table(name string, m *quantize.Matrix) string {
	return s.constant(name, float32Type, 4*int64(m.Rows)*int64(m.Cols), func() []byte {
		return weights.Of(name, weights.F32, m.Float32()).Bytes
	}, m.Rows, m.Cols)
}

// matrix is a weight w [N, K] as the right side of a MatMul: w^T [K, N].
func (s *segment) matrix(name string, m *quantize.Matrix) string {
	return s.constant(name, float32Type, 4*int64(m.Rows)*int64(m.Cols), func() []byte {
		return weights.Of(name, weights.F32, transposed(m.Float32(), m.Rows, m.Cols)).Bytes
	}, m.Cols, m.Rows)
}

// transposed returns w [rows, cols] as [cols, rows].
func transposed[T any](w []T, rows, cols int) []T {
	out := make([]T, len(w))
	for i := range rows {
		for j, v := range w[i*cols : (i+1)*cols] {
			out[j*rows+i] = v
		}
	}
	return out
}

// linear is x . w^T over the last axis of x for each of the blocks of rows that
// w is made of. In int8 it is the nodes that ONNX Runtime's own dynamic
// quantisation writes, which it fuses.
func (s *segment) linear(x, name string, w *quantize.Matrix, parts ...string) []string {
	rows := w.Rows / len(parts)
	var q []string // uint8, scale, zero point
	if s.options.Int8 && w.Format == quantize.I8 {
		q = s.ops("DynamicQuantizeLinear", 3, []string{x})
	}
	out := make([]string, len(parts))
	for i, part := range parts {
		block := rowsOf(w, i*rows, rows)
		if q == nil {
			out[i] = s.op("MatMul", []string{x, s.matrix(name+part, &block)})
		} else {
			out[i] = s.integerProduct(q, name+part, &block)
		}
	}
	return out
}

// integerProduct is x . w^T for an x that was quantised.
func (s *segment) integerProduct(q []string, name string, w *quantize.Matrix) string {
	weight := s.constant(name, int8Type, int64(w.Rows)*int64(w.Cols), func() []byte {
		return weights.Of(name, weights.I8, transposed(w.I8, w.Rows, w.Cols)).Bytes
	}, w.Cols, w.Rows)
	sum := s.op("MatMulInteger", []string{q[0], weight, q[2]})
	scale := s.mul(q[1], s.floats(name+".scale", w.Scale, w.Rows))
	return s.mul(s.op("Cast", []string{sum}, intAttr("to", float32Type)), scale)
}

// rowsOf is rows of a matrix, in place.
func rowsOf(w *quantize.Matrix, lo, n int) quantize.Matrix {
	part := quantize.Matrix{Rows: n, Cols: w.Cols, Format: w.Format}
	from, to := lo*w.Cols, (lo+n)*w.Cols
	switch w.Format {
	case quantize.F32:
		part.F32 = w.F32[from:to]
	case quantize.I8:
		part.I8, part.Scale = w.I8[from:to], w.Scale[lo:lo+n]
	default:
		part.Half = w.Half[from:to]
	}
	return part
}

// level is the network of a level on h [B, P, D].
func (s *segment) level(level runtime.Level, h string) string {
	if s.c.Family == runtime.TRM {
		level = runtime.L
	}
	layers := s.m.Level(level)
	for i := range layers {
		h = s.block(level.String()+"_level."+strconv.Itoa(i)+".", &layers[i], h)
	}
	return h
}

// block is one layer of a level: h = rms(h + f(h)) for every sublayer f.
func (s *segment) block(name string, l *runtime.Layer, h string) string {
	for _, kind := range s.c.Sublayers() {
		switch kind {
		case runtime.Convolution:
			h = s.rmsNorm(s.add(h, s.convolution(name, l, h)), s.c.Hidden)
		case runtime.Attention:
			h = s.rmsNorm(s.add(h, s.attention(name, l, h)), s.c.Hidden)
		case runtime.PositionSwiGLU:
			t := s.transpose(h, 0, 2, 1)
			t = s.rmsNorm(s.add(t, s.swiGLU(t, name+"mlp_t.", &l.GateUpT, &l.DownT)), s.c.P())
			h = s.transpose(t, 0, 2, 1)
		case runtime.SwiGLU:
			h = s.rmsNorm(s.add(h, s.swiGLU(h, name+"mlp.", &l.GateUp, &l.Down)), s.c.Hidden)
		}
	}
	return h
}

// convolution of the tokens of h [B, P, D] on their grid; nothing of the prefix.
func (s *segment) convolution(name string, l *runtime.Layer, h string) string {
	c, grid, k := s.c, s.c.Grid(), s.c.Conv
	if c.Prefix() > 0 {
		h = s.op("Slice", []string{h, s.ints(c.Prefix()), s.ints(c.P()), s.ints(1)})
	}
	h = s.transpose(s.reshape(h, 0, grid.Rows, grid.Cols, c.Hidden), 0, 3, 1, 2)
	filter := s.floats(name+"conv", transposed(l.Conv.Float32(), k*k, c.Hidden), c.Hidden, 1, k, k)
	h = s.op("Conv", []string{h, filter}, intAttr("group", c.Hidden), intsAttr("pads", k/2, k/2, k/2, k/2))
	h = s.reshape(s.transpose(h, 0, 2, 3, 1), 0, c.SeqLen, c.Hidden)
	if c.Prefix() > 0 {
		h = s.op("Pad", []string{h, s.ints(0, c.Prefix(), 0, 0, 0, 0)})
	}
	return h
}

// rmsNorm is x / sqrt(mean(x^2) + eps) over the last axis, of n numbers.
func (s *segment) rmsNorm(x string, n int) string {
	if s.older() {
		return s.olderRMSNorm(x)
	}
	gain := s.floats(fmt.Sprint("ones ", n), slices.Repeat([]float32{1}, n), n)
	return s.op("RMSNormalization", []string{x, gain}, floatAttr("epsilon", float32(s.c.NormEps)))
}

// swiGLU is down . (silu(gate . x) * up . x) over the last axis.
func (s *segment) swiGLU(x, name string, gateUp, down *quantize.Matrix) string {
	both := s.linear(x, name, gateUp, "gate", "up")
	silu := s.mul(both[0], s.op("Sigmoid", []string{both[0]}))
	return s.linear(s.mul(silu, both[1]), name, down, "down")[0]
}

// attention of h [B, P, D] over all positions.
func (s *segment) attention(name string, l *runtime.Layer, h string) string {
	inputs := s.linear(h, name, &l.QKV, "q", "k", "v")
	if s.positions != "" {
		inputs[0], inputs[1] = s.rope(inputs[0]), s.rope(inputs[1])
	}
	if s.c.Relations != "" {
		inputs = append(inputs, s.relationBias(name, l))
	}
	return s.linear(s.mix(inputs), name, &l.O, "o")[0]
}

// mix is softmax(q . k^T / sqrt(head size) + bias) . v of each head, for
// inputs q, k, v [B, P, D] and, with Relations, the bias.
func (s *segment) mix(inputs []string) string {
	if s.older() {
		return s.olderMix(inputs)
	}
	heads := s.c.Heads
	return s.op("Attention", inputs, intAttr("q_num_heads", heads), intAttr("kv_num_heads", heads))
}

// rope rotates the heads of x [B, P, D] by the angles of their positions.
func (s *segment) rope(x string) string {
	p, half := s.c.P(), s.c.HeadDim()/2
	cos, sin := s.c.RopeTable(s.c.Grid())
	inputs := []string{x, s.floats("rope_cos", cos, p, half), s.floats("rope_sin", sin, p, half), s.positions}
	return s.op("RotaryEmbedding", inputs, intAttr("num_heads", s.c.Heads))
}

// everyPosition is 0 to P-1 for each lane: [B, P].
func (s *segment) everyPosition() string {
	p := s.c.P()
	all := make([]int, p)
	for i := range all {
		all[i] = i
	}
	lanes := s.op("Shape", []string{"tokens"}, intAttr("end", 1))
	shape := s.op("Concat", []string{lanes, s.ints(p)}, intAttr("axis", 0))
	return s.op("Expand", []string{s.int64s("positions", all, 1, p), shape})
}

// relationBias is what a layer's heads add to the scores: [1, heads, P, P].
func (s *segment) relationBias(name string, l *runtime.Layer) string {
	p := s.c.P()
	class := make([]int32, p*p)
	for i := range class {
		class[i] = int32(s.c.Relation(s.c.Grid(), i/p, i%p))
	}
	classes := s.constant("relations", int32Type, 4*int64(len(class)), func() []byte {
		return weights.Of("relations", weights.I32, class).Bytes
	}, p, p)
	bias := s.floats(name+"relation_bias", l.RelationBias.Float32(), 1, s.c.Heads, runtime.NumRelations)
	return s.op("Gather", []string{bias, classes}, intAttr("axis", 2))
}
