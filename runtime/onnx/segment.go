package onnx

import (
	"math"
	"strconv"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// batch is the dimension that is open.
const batch = -1

// learnedScale multiplies token plus position embeddings; the reference writes
// this literal, not 1/sqrt(2).
const learnedScale = 0.707106781

// segment builds the graph of one segment: see the package's comment.
type segment struct {
	*graph
	m       *runtime.Model
	c       *runtime.Config
	options Options
}

func newSegment(m *runtime.Model, o Options) *segment {
	s := &segment{newGraph("segment"), m, &m.Config, o}
	c := s.c
	p, d := c.P(), c.Hidden
	x := s.embed()
	zH, zL := s.carry()
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

// split cuts the axis of x into parts.
func (s *segment) split(x string, axis int, parts ...int) []string {
	return s.ops("Split", len(parts), []string{x, s.ints(parts...)}, intAttr("axis", axis))
}

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
		scale *= learnedScale
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
	first := s.op("Gather", []string{zH, s.index(0)}, intAttr("axis", 1))
	q := s.op("MatMul", []string{first, s.matrix("q_head", &s.m.QHead)})
	q = s.add(q, s.floats("q_bias", s.m.QBias, 2))
	for i, name := range []string{"q_halt", "q_continue"} {
		s.output(name, s.op("Gather", []string{q, s.index(i)}, intAttr("axis", 1)), float32Type, batch)
	}
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

// linear is x . w^T over the last axis of x. In int8 it is the four nodes that
// ONNX Runtime's own dynamic quantisation writes, which it fuses into one.
func (s *segment) linear(x, name string, w *quantize.Matrix) string {
	if !s.options.Int8 || w.Format != quantize.I8 {
		return s.op("MatMul", []string{x, s.matrix(name, w)})
	}
	q := s.ops("DynamicQuantizeLinear", 3, []string{x}) // uint8, scale, zero point
	weight := s.constant(name, int8Type, int64(w.Rows)*int64(w.Cols), func() []byte {
		return weights.Of(name, weights.I8, transposed(w.I8, w.Rows, w.Cols)).Bytes
	}, w.Cols, w.Rows)
	sum := s.op("MatMulInteger", []string{q[0], weight, q[2]})
	scale := s.mul(q[1], s.floats(name+".scale", w.Scale, w.Rows))
	return s.mul(s.op("Cast", []string{sum}, intAttr("to", float32Type)), scale)
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

// block is one layer of a level.
func (s *segment) block(name string, l *runtime.Layer, h string) string {
	if s.c.MLPT {
		t := s.transpose(h, 0, 2, 1)
		t = s.rmsNorm(s.add(t, s.swiGLU(t, name+"mlp_t.", &l.GateUpT, &l.DownT)))
		h = s.transpose(t, 0, 2, 1)
	} else {
		h = s.rmsNorm(s.add(h, s.attention(name, l, h)))
	}
	return s.rmsNorm(s.add(h, s.swiGLU(h, name+"mlp.", &l.GateUp, &l.Down)))
}

// rmsNorm is x / sqrt(mean(x^2) + eps) over the last axis.
func (s *segment) rmsNorm(x string) string {
	mean := s.op("ReduceMean", []string{s.mul(x, x)}, intsAttr("axes", -1))
	return s.op("Div", []string{x, s.op("Sqrt", []string{s.add(mean, s.scalar("eps", float32(s.c.NormEps)))})})
}

// swiGLU is down . (silu(gate . x) * up . x) over the last axis.
func (s *segment) swiGLU(x, name string, gateUp, down *quantize.Matrix) string {
	inter := down.Cols
	both := s.split(s.linear(x, name+"gate_up", gateUp), -1, inter, inter)
	silu := s.mul(both[0], s.op("Sigmoid", []string{both[0]}))
	return s.linear(s.mul(silu, both[1]), name+"down", down)
}

// attention of h [B, P, D] over all positions.
func (s *segment) attention(name string, l *runtime.Layer, h string) string {
	c := s.c
	heads, hd := c.Heads, c.HeadDim()
	qkv := s.reshape(s.linear(h, name+"qkv", &l.QKV), 0, 0, 3*heads, hd)
	qkv = s.transpose(qkv, 0, 2, 1, 3) // [B, 3 heads, P, head size]
	var q, k, v string
	if c.Positions == runtime.Rope {
		parts := s.split(qkv, 1, 2*heads, heads)
		rotated := s.split(s.rope(parts[0]), 1, heads, heads)
		q, k, v = rotated[0], rotated[1], parts[1]
	} else {
		parts := s.split(qkv, 1, heads, heads, heads)
		q, k, v = parts[0], parts[1], parts[2]
	}
	scores := s.op("MatMul", []string{q, s.transpose(k, 0, 1, 3, 2)})
	scores = s.mul(scores, s.scalar("attention_scale", float32(1/math.Sqrt(float64(hd)))))
	if c.Relations != "" {
		scores = s.add(scores, s.relationBias(name, l))
	}
	context := s.op("MatMul", []string{s.op("Softmax", []string{scores}, intAttr("axis", -1)), v})
	context = s.reshape(s.transpose(context, 0, 2, 1, 3), 0, 0, c.Hidden)
	return s.linear(context, name+"o", &l.O)
}

// rope rotates x [B, heads, P, head size]: x cos + (upper half, lower half) sin,
// where the lower half of sin is negative.
func (s *segment) rope(x string) string {
	p, hd := s.c.P(), s.c.HeadDim()
	half := hd / 2
	cos, sin := kernels.RopeTable(p, hd, s.c.RopeTheta)
	wideCos, wideSin := make([]float32, p*hd), make([]float32, p*hd)
	for i := range p {
		for j := range half {
			at := i*hd + j
			wideCos[at], wideCos[at+half] = cos[i*half+j], cos[i*half+j]
			wideSin[at], wideSin[at+half] = -sin[i*half+j], sin[i*half+j]
		}
	}
	parts := s.split(x, -1, half, half)
	turned := s.op("Concat", []string{parts[1], parts[0]}, intAttr("axis", -1))
	return s.add(s.mul(x, s.floats("rope_cos", wideCos, p, hd)), s.mul(turned, s.floats("rope_sin", wideSin, p, hd)))
}

// relationBias is what a layer's heads add to the scores: [heads, P, P].
func (s *segment) relationBias(name string, l *runtime.Layer) string {
	p := s.c.P()
	class := make([]int32, p*p)
	for i := range class {
		class[i] = int32(s.c.Relation(i/p, i%p))
	}
	classes := s.constant("relations", int32Type, 4*int64(len(class)), func() []byte {
		return weights.Of("relations", weights.I32, class).Bytes
	}, p, p)
	bias := s.floats(name+"relation_bias", l.RelationBias, s.c.Heads, runtime.NumRelations)
	return s.op("Gather", []string{bias, classes}, intAttr("axis", 1))
}
