package onnx

import (
	"math"
)

// older reports whether the opset lacks RMSNormalization, RotaryEmbedding and
// Attention, which are then written out in the operators here.
func (s *segment) older() bool { return s.options.opset() < 23 }

// olderRMSNorm is x / sqrt(mean(x^2) + eps) over the last axis.
func (s *segment) olderRMSNorm(x string) string {
	mean := s.reduce("ReduceMean", s.mul(x, x), -1)
	root := s.op("Sqrt", []string{s.add(mean, s.scalar("norm_eps", float32(s.c.NormEps)))})
	return s.op("Div", []string{x, root})
}

// reduce is a reduction over an axis, which stays with length 1.
func (s *segment) reduce(op, x string, axis int) string {
	if s.options.opset() >= 18 { // since then the axes are an input
		return s.op(op, []string{x, s.ints(axis)})
	}
	return s.op(op, []string{x}, intsAttr("axes", axis))
}

// olderMix is mix, without Attention and RotaryEmbedding.
func (s *segment) olderMix(inputs []string) string {
	c := s.c
	q, k, v := s.heads4(inputs[0]), s.heads4(inputs[1]), s.heads4(inputs[2])
	if c.Turns() {
		q, k = s.olderRope(q), s.olderRope(k)
	}
	q = s.mul(q, s.scalar("score_scale", float32(1/math.Sqrt(float64(c.HeadDim())))))
	scores := s.op("MatMul", []string{s.transpose(q, 0, 2, 1, 3), s.transpose(k, 0, 2, 3, 1)})
	if len(inputs) > 3 {
		scores = s.add(scores, inputs[3])
	}
	weights := s.op("Softmax", []string{scores}, intAttr("axis", -1))
	context := s.op("MatMul", []string{weights, s.transpose(v, 0, 2, 1, 3)})
	return s.reshape(s.transpose(context, 0, 2, 1, 3), 0, c.P(), c.Hidden)
}

// heads4 is x [B, P, D] as [B, P, heads, head size].
func (s *segment) heads4(x string) string {
	return s.reshape(x, 0, s.c.P(), s.c.Heads, s.c.HeadDim())
}

// olderRope rotates x [B, P, heads, head size], a | b of halves, by the angles
// of its positions: a cos - b sin | b cos + a sin.
func (s *segment) olderRope(x string) string {
	p, half := s.c.P(), s.c.HeadDim()/2
	cos, sin := s.c.RopeTable(s.c.Grid())
	cosines, sines := s.floats("rope_cos", cos, p, 1, half), s.floats("rope_sin", sin, p, 1, half)
	a := s.op("Slice", []string{x, s.ints(0), s.ints(half), s.ints(3)})
	b := s.op("Slice", []string{x, s.ints(half), s.ints(2 * half), s.ints(3)})
	first := s.op("Sub", []string{s.mul(a, cosines), s.mul(b, sines)})
	second := s.add(s.mul(b, cosines), s.mul(a, sines))
	return s.op("Concat", []string{first, second}, intAttr("axis", 3))
}
