package gpu_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hrmgo/hrm/gpu"
)

// Weights in every format at sizes at which tiles do not come out even.
func TestMatMulPackedSizes(t *testing.T) {
	d := open(t)
	for _, m := range sizes {
		for _, kind := range []gpu.Kind{gpu.KindF16, gpu.KindBF16, gpu.KindI8} {
			n, k := 17, m
			r := random(uint64(m))
			x, w := normal(r, m*k), normal(r, n*k)
			packed, scale, back := pack(kind, w, n, k)
			dw := gpu.Operand{View: upload(t, d, packed).view(), Kind: kind, Stride: k}
			if kind == gpu.KindI8 {
				dw.Scale = upload(t, d, scale).view()
			}
			c := upload(t, d, zeros(m*n))
			d.MatMul(gpu.MatMul{M: m, N: n, K: k, A: matrix(t, d, x, m, k, false), B: dw, C: c.view(), CStride: n})
			near(t, fmt.Sprint(kind, " ", m), download[float32](t, d, c), product(doubles(x), doubles(back), m, n, k))
		}
	}
}

func TestMatMulSwiGLUSizes(t *testing.T) {
	d := open(t)
	for _, m := range sizes {
		n, k := 11, m
		r := random(uint64(m))
		gu, w := normal(r, m*2*k), normal(r, n*k)
		act := make([]float64, m*k)
		for i := range act {
			g := float64(gu[i/k*2*k+i%k])
			act[i] = g * sigmoid(g) * float64(gu[i/k*2*k+k+i%k])
		}
		c := upload(t, d, zeros(m*n))
		d.MatMul(gpu.MatMul{M: m, N: n, K: k, CStride: n, C: c.view(), B: matrix(t, d, w, n, k, false),
			A: gpu.Operand{View: upload(t, d, gu).view(), Kind: gpu.KindSwiGLU, Stride: 2 * k, Up: k}})
		near(t, fmt.Sprint(m), download[float32](t, d, c), product(act, doubles(w), m, n, k))
	}
}

// Gather and Scatter of blocks of every size. A block for lane 2^32 - 1 goes
// nowhere.
func TestGatherScatterSizes(t *testing.T) {
	d := open(t)
	for _, n := range sizes {
		r := random(uint64(n))
		from, back := normal(r, 4*n), normal(r, 4*n)
		src, dst := upload(t, d, from), upload(t, d, zeros(3*n))
		slots := upload(t, d, back)
		d.Gather([]gpu.View{dst.view()}, []gpu.View{src.view()}, upload(t, d, []uint32{3, 0, 2}).view(), 3, n, n)
		d.Scatter([]gpu.View{slots.view()}, []gpu.View{dst.view()}, upload(t, d, []uint32{1, math.MaxUint32, 0}).view(), 3, n, n)
		short := upload(t, d, zeros(2))
		d.Gather([]gpu.View{short.view()}, []gpu.View{src.view()}, upload(t, d, []uint32{3, 1}).view(), 2, 1, n)
		near(t, fmt.Sprint("fronts of slots of ", n), download[float32](t, d, short), []float64{float64(from[3*n]), float64(from[n])})
		got, scattered := download[float32](t, d, dst), download[float32](t, d, slots)
		want := append(append(append([]float32(nil), from[3*n:]...), from[:n]...), from[2*n:3*n]...)
		near(t, fmt.Sprint("gather ", n), got, doubles(want))
		copy(back, from[2*n:3*n])
		copy(back[n:], from[3*n:])
		near(t, fmt.Sprint("scatter ", n), scattered, doubles(back))
	}
}

func TestHeadsSizes(t *testing.T) {
	d := open(t)
	for _, n := range sizes {
		h := gpu.Heads{Lanes: 2, P: n + 1, D: n, Tokens: n, Vocab: 7}
		r := random(uint64(n))
		logits, z, w := coarse(r, h.Lanes*h.P*h.Vocab), normal(r, h.Lanes*h.P*h.D), normal(r, 2*h.D)
		out, q := upload(t, d, make([]uint32, h.Lanes*n)), upload(t, d, zeros(2*h.Lanes))
		d.Argmax(out.view(), upload(t, d, logits).view(), h)
		d.QHead(q.view(), 0, upload(t, d, z).view(), upload(t, d, w).view(), upload(t, d, []float32{1, -1}).view(), h)
		for i, v := range download[uint32](t, d, out) {
			row := (i/n*h.P + 1 + i%n) * h.Vocab
			if best := argmax(logits[row : row+h.Vocab]); int(v) != best {
				t.Fatalf("%d tokens: token %d is %d, want %d", n, i, v, best)
			}
		}
		want := []float64{1, -1, 1, -1}
		for i := range want {
			for x := range h.D {
				want[i] += float64(z[i/2*h.P*h.D+x]) * float64(w[i%2*h.D+x])
			}
		}
		near(t, fmt.Sprint("q ", n), download[float32](t, d, q), want)
	}
}
