package kernels

import "math"

// The attention of one puzzle as its equations stand, in any precision: what
// AttentionF32 and AttentionBF16 are compared with, and what finite differences
// check in float64.

// head is one head of one puzzle in a [P, 3D] buffer.
type head[T float] struct {
	a    AttentionShape
	qkv  []T
	bias []T // [P, P] or nil
	h    int
}

func newHead[T float](qkv, bias []T, a AttentionShape, h int) head[T] {
	if bias != nil {
		bias = bias[h*a.P*a.P : (h+1)*a.P*a.P]
	}
	return head[T]{a, qkv, bias, h}
}

// row returns q (part 0), k (1) or v (2) of position i.
func (hd *head[T]) row(part, i int) []T {
	d := hd.a.Heads * hd.a.Dim
	at := i*3*d + part*d + hd.h*hd.a.Dim
	return hd.qkv[at : at+hd.a.Dim]
}

// scores sets s[j] for position i.
func (hd *head[T]) scores(s []T, i int) {
	scale := T(1 / math.Sqrt(float64(hd.a.Dim)))
	q := hd.row(0, i)
	for j := range s {
		s[j] = dot(q, hd.row(1, j)) * scale
	}
	if hd.bias != nil {
		axpy(s, 1, hd.bias[i*hd.a.P:(i+1)*hd.a.P])
	}
}

func attentionOracle[T float](ctx, lse, qkv, bias []T, a AttentionShape) {
	s := make([]T, a.P)
	d := a.Heads * a.Dim
	for h := range a.Heads {
		hd := newHead(qkv, bias, a, h)
		for i := range a.P {
			hd.scores(s, i)
			lse[h*a.P+i] = logSumExp(s)
			out := ctx[i*d+h*a.Dim : i*d+(h+1)*a.Dim]
			clear(out)
			for j := range s {
				axpy(out, expT(s[j]-lse[h*a.P+i]), hd.row(2, j))
			}
		}
	}
}

func attentionBackOracle[T float](dqkv, dbias, dctx, ctx, lse, qkv, bias []T, a AttentionShape) {
	s := make([]T, a.P)
	d := a.Heads * a.Dim
	clear(dqkv[:a.P*3*d])
	for h := range a.Heads {
		hd, grad := newHead(qkv, bias, a, h), newHead(dqkv, dbias, a, h)
		for i := range a.P {
			at := i*d + h*a.Dim
			hd.scores(s, i)
			attentionBackRow(&hd, &grad, s, i, lse[h*a.P+i], dctx[at:at+a.Dim], ctx[at:at+a.Dim])
		}
	}
}

// attentionBackRow adds what position i contributes; s holds its scores.
func attentionBackRow[T float](hd, grad *head[T], s []T, i int, lse T, dctx, ctx []T) {
	scale := T(1 / math.Sqrt(float64(hd.a.Dim)))
	mean := dot(dctx, ctx)
	for j := range s {
		p := expT(s[j] - lse)
		axpy(grad.row(2, j), p, dctx)
		ds := p * (dot(dctx, hd.row(2, j)) - mean)
		axpy(grad.row(0, i), ds*scale, hd.row(1, j))
		axpy(grad.row(1, j), ds*scale, hd.row(0, i))
		if grad.bias != nil {
			grad.bias[i*hd.a.P+j] += ds
		}
	}
}

func logSumExp[T float](s []T) T {
	most := s[0]
	for _, v := range s {
		most = max(most, v)
	}
	var sum T
	for _, v := range s {
		sum += expT(v - most)
	}
	return most + T(math.Log(float64(sum)))
}

func expT[T float](v T) T { return T(math.Exp(float64(v))) }
