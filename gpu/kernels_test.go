package gpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
	"github.com/x448/float16"
)

// sizes are those at which tiles and workgroups do not come out even.
var sizes = []int{1, 81, 82, 901}

// product is the oracle of MatMul: rows of a by rows of b.
func product(a, b []float64, m, n, k int) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for j := range n {
			for s := range k {
				c[i*n+j] += a[i*k+s] * b[j*k+s]
			}
		}
	}
	return c
}

func doubles(s []float32) []float64 {
	d := make([]float64, len(s))
	for i, v := range s {
		d[i] = float64(v)
	}
	return d
}

// transpose turns [m, n] into [n, m].
func transpose(s []float32, m, n int) []float32 {
	t := make([]float32, len(s))
	for i := range m {
		for j := range n {
			t[j*m+i] = s[i*n+j]
		}
	}
	return t
}

func TestMatMul(t *testing.T) {
	d := open(t)
	shapes := [][3]int{{1, 1, 1}, {81, 82, 17}, {82, 11, 901}, {901, 65, 33}, {130, 128, 64}}
	for _, s := range shapes {
		m, n, k := s[0], s[1], s[2]
		r := random(uint64(m))
		a, b, c := normal(r, m*k), normal(r, n*k), normal(r, m*n)
		want := product(doubles(a), doubles(b), m, n, k)
		for mode := range 8 {
			am, bm, add := mode&1 != 0, mode&2 != 0, mode&4 != 0
			t.Run(fmt.Sprintf("%dx%dx%d/%03b", m, n, k, mode), func(t *testing.T) {
				da, db := matrix(t, d, a, m, k, am), matrix(t, d, b, n, k, bm)
				dc := upload(t, d, c)
				d.MatMul(gpu.MatMul{M: m, N: n, K: k, A: da, B: db, C: dc.view(), CStride: n, Add: add})
				sum := append([]float64(nil), want...)
				for i := range sum {
					if add {
						sum[i] += float64(c[i])
					}
				}
				near(t, "c", download[float32](t, d, dc), sum)
			})
		}
	}
}

func matrix(t *testing.T, d *gpu.Device, s []float32, rows, k int, kMajor bool) gpu.Operand {
	if kMajor {
		return gpu.Operand{View: upload(t, d, transpose(s, rows, k)).view(), Stride: rows, KMajor: true}
	}
	return gpu.Operand{View: upload(t, d, s).view(), Stride: k}
}

func TestMatMulBatch(t *testing.T) {
	d := open(t)
	const batch, m, n, k = 3, 70, 33, 82
	r := random(2)
	a, b := normal(r, batch*m*k), normal(r, batch*n*k)
	da := gpu.Operand{View: upload(t, d, a).view(), Stride: k, Batch: m * k}
	db := gpu.Operand{View: upload(t, d, b).view(), Stride: k, Batch: n * k}
	dc := upload(t, d, zeros(batch*m*n))
	d.MatMul(gpu.MatMul{M: m, N: n, K: k, A: da, B: db, C: dc.view(), CStride: n, CBatch: m * n, Batch: batch})
	got := download[float32](t, d, dc)
	all := make([]float64, m*n)
	for z := range batch {
		want := product(doubles(a[z*m*k:(z+1)*m*k]), doubles(b[z*n*k:(z+1)*n*k]), m, n, k)
		near(t, fmt.Sprint("batch ", z), got[z*m*n:(z+1)*m*n], want)
		for i, v := range want {
			all[i] += v
		}
	}
	da.Batch, db.Batch, da.Repeat, db.Repeat = 0, 0, m*k, n*k
	for _, parts := range []int{0, 2, 3} {
		sum, scratch := upload(t, d, zeros(m*n)), upload(t, d, zeros(max(1, parts)*m*n))
		view := scratch.exact()
		if parts == 0 {
			view.N = 1
		}
		d.MatMulSplit(gpu.MatMul{M: m, N: n, K: k, A: da, B: db, C: sum.view(), CStride: n, Reps: batch}, view)
		near(t, fmt.Sprint("reduction in parts: ", parts), download[float32](t, d, sum), all)
		download[float32](t, d, scratch)
	}
}

func TestMatMulSplit(t *testing.T) {
	d := open(t)
	const m, n, k = 33, 17, 2000
	r := random(3)
	a, b, c := normal(r, m*k), normal(r, n*k), normal(r, m*n)
	want := product(doubles(a), doubles(b), m, n, k)
	for i, v := range c {
		want[i] += float64(v)
	}
	dc, scratch := upload(t, d, c), upload(t, d, zeros(7*m*n))
	d.MatMulSplit(gpu.MatMul{M: m, N: n, K: k, A: matrix(t, d, a, m, k, true), B: matrix(t, d, b, n, k, true), C: dc.view(), CStride: n}, scratch.exact())
	near(t, "c", download[float32](t, d, dc), want)
	download[float32](t, d, scratch)
}

// pack stores weights as an operand kind does and returns what they then are.
func pack(kind gpu.Kind, w []float32, rows, k int) (packed []uint32, scale, back []float32) {
	bytes := make([]byte, 0, len(w)*2+8)
	scale, back = make([]float32, rows), make([]float32, len(w))
	for i, v := range w {
		switch kind {
		case gpu.KindF16:
			h := float16.Fromfloat32(v)
			bytes = append(bytes, byte(h), byte(h>>8))
			back[i] = h.Float32()
		case gpu.KindBF16:
			h := math.Float32bits(v) >> 16
			bytes = append(bytes, byte(h), byte(h>>8))
			back[i] = math.Float32frombits(h << 16)
		case gpu.KindI8:
			row := i / k
			scale[row] = 0.01 * float32(row+1)
			q := int8(max(-127, min(127, math.Round(float64(v)*40))))
			bytes = append(bytes, byte(q))
			back[i] = float32(q) * scale[row]
		}
	}
	for len(bytes)%4 != 0 {
		bytes = append(bytes, 0)
	}
	for i := 0; i < len(bytes); i += 4 {
		packed = append(packed, uint32(bytes[i])|uint32(bytes[i+1])<<8|uint32(bytes[i+2])<<16|uint32(bytes[i+3])<<24)
	}
	return packed, scale, back
}

func TestMatMulPacked(t *testing.T) {
	d := open(t)
	const m, n, k = 82, 65, 81
	r := random(4)
	x, w := normal(r, m*k), normal(r, n*k)
	for _, kind := range []gpu.Kind{gpu.KindF16, gpu.KindBF16, gpu.KindI8} {
		t.Run(string(kind), func(t *testing.T) {
			packed, scale, back := pack(kind, w, n, k)
			dw := gpu.Operand{View: upload(t, d, packed).view(), Kind: kind, Stride: k}
			if kind == gpu.KindI8 {
				dw.Scale = upload(t, d, scale).view()
			}
			dx := matrix(t, d, x, m, k, false)
			c, ct := upload(t, d, zeros(m*n)), upload(t, d, zeros(m*n))
			d.MatMul(gpu.MatMul{M: m, N: n, K: k, A: dx, B: dw, C: c.view(), CStride: n})
			d.MatMul(gpu.MatMul{M: n, N: m, K: k, A: dw, B: dx, C: ct.view(), CStride: m})
			near(t, "x . w^T", download[float32](t, d, c), product(doubles(x), doubles(back), m, n, k))
			near(t, "w . x^T", download[float32](t, d, ct), product(doubles(back), doubles(x), n, m, k))
		})
	}
}

func TestMatMulSwiGLU(t *testing.T) {
	d := open(t)
	const m, n, k = 82, 33, 81
	r := random(5)
	gu, w := normal(r, m*2*k), normal(r, n*k)
	act := make([]float64, m*k)
	for i := range m {
		for j := range k {
			g, u := float64(gu[i*2*k+j]), float64(gu[i*2*k+k+j])
			act[i*k+j] = g * sigmoid(g) * u
		}
	}
	c := upload(t, d, zeros(m*n))
	d.MatMul(gpu.MatMul{M: m, N: n, K: k, CStride: n, C: c.view(), B: matrix(t, d, w, n, k, false),
		A: gpu.Operand{View: upload(t, d, gu).view(), Kind: gpu.KindSwiGLU, Stride: 2 * k, Up: k}})
	near(t, "c", download[float32](t, d, c), product(act, doubles(w), m, n, k))
}

func TestMatMulOneHot(t *testing.T) {
	d := open(t)
	const vocab, n, k = 11, 70, 901
	r := random(6)
	tokens, dx := make([]uint32, k), normal(r, k*n)
	want := make([]float64, vocab*n)
	for i := range tokens {
		tokens[i] = uint32(r.IntN(vocab))
		if i%82 == 0 {
			tokens[i] = math.MaxUint32
			continue
		}
		for j := range n {
			want[int(tokens[i])*n+j] += float64(dx[i*n+j])
		}
	}
	c := upload(t, d, zeros(vocab*n))
	d.MatMul(gpu.MatMul{M: vocab, N: n, K: k, C: c.view(), CStride: n,
		A: gpu.Operand{View: upload(t, d, tokens).view(), Kind: gpu.KindOneHot},
		B: gpu.Operand{View: upload(t, d, dx).view(), Stride: n, KMajor: true}})
	near(t, "c", download[float32](t, d, c), want)
}

func TestEnterAndSum(t *testing.T) {
	d := open(t)
	for _, n := range sizes {
		r := random(uint64(n))
		a, b, c := normal(r, n), normal(r, n), normal(r, n)
		da, db, dc := upload(t, d, a), upload(t, d, b), upload(t, d, c)
		y, y3, s := upload(t, d, zeros(n)), upload(t, d, zeros(n)), upload(t, d, c)
		parts := upload(t, d, append(append([]float32(nil), a...), b...))
		c1 := &runtime.Config{Hidden: 1}
		on := grids(t, d, c1, []runtime.Shape{{Rows: 1, Cols: n - n/3}}, n)
		behind := append([]float32(nil), a...)
		for i := n - n/3; i < n; i++ {
			behind[i] = float32(math.NaN())
		}
		check(t, gpu.Write(da.b, 0, behind))
		d.Enter(y.view(), []gpu.View{da.view(), db.view()}, 1, on)
		d.Enter(y3.view(), []gpu.View{da.view(), db.view(), dc.view()}, 1, on)
		d.Sum(s.view(), parts.view(), gpu.Sum{N: n, Parts: 2, Stride: n, Scale: 0.5, Add: true})
		w, w3, ws := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			w[i] = float64(a[i]) + float64(b[i])
			w3[i] = w[i] + float64(c[i])
			ws[i] = float64(c[i]) + w[i]/2
			if i >= n-n/3 {
				w[i], w3[i] = 0, 0
			}
		}
		near(t, "a+b", download[float32](t, d, y), w)
		near(t, "a+b+c", download[float32](t, d, y3), w3)
		near(t, "sum", download[float32](t, d, s), ws)
	}
}

// norms is the oracle of the residual norm of one vector and of its gradient.
func norms(h, s, dy []float64) (y, ds []float64, inv float64) {
	n := float64(len(h))
	var sum, dot float64
	y, ds = make([]float64, len(h)), make([]float64, len(h))
	for i := range h {
		y[i] = h[i] + s[i]
		sum += y[i] * y[i]
	}
	inv = 1 / math.Sqrt(sum/n+1e-5)
	for i := range y {
		y[i] *= inv
		dot += y[i] * dy[i]
	}
	for i := range y {
		ds[i] = inv * (dy[i] - y[i]*dot/n)
	}
	return y, ds, inv
}

func TestRMSNorm(t *testing.T) {
	const parts = 3
	d := open(t)
	for _, rows := range sizes {
		for _, n := range []int{3, 64, 200, 1028} {
			r := random(uint64(rows * n))
			h, s, dy := normal(r, rows*n), normal(r, parts*rows*n), normal(r, rows*n)
			var wy, wds []float64
			for i := range rows {
				sum := make([]float64, n)
				for z := range parts {
					axpy(sum, 1, doubles(s[(z*rows+i)*n:(z*rows+i+1)*n]))
				}
				y, ds, _ := norms(doubles(h[i*n:(i+1)*n]), sum, doubles(dy[i*n:(i+1)*n]))
				wy, wds = append(wy, y...), append(wds, ds...)
			}
			y, ds, inv := upload(t, d, zeros(rows*n)), upload(t, d, zeros(rows*n)), upload(t, d, zeros(rows))
			d.RMSNorm(y.view(), inv.view(), upload(t, d, h).view(), upload(t, d, s).view(), parts, rows, n, 1e-5)
			d.RMSNormBack(ds.view(), y.view(), inv.view(), upload(t, d, dy).view(), rows, n)
			near(t, "y", download[float32](t, d, y), wy)
			near(t, "ds", download[float32](t, d, ds), wds)
			download[float32](t, d, inv)
		}
	}
}

func TestRMSNormCols(t *testing.T) {
	d := open(t)
	const lanes, n = 3, 34
	for _, rows := range sizes {
		r := random(uint64(rows))
		size := lanes * rows * n
		h, s, dy := normal(r, size), normal(r, size), normal(r, size)
		wy, wds := make([]float64, size), make([]float64, size)
		for lane := range lanes {
			for c := range n {
				column := func(v []float32) []float64 {
					out := make([]float64, rows)
					for i := range out {
						out[i] = float64(v[(lane*rows+i)*n+c])
					}
					return out
				}
				y, ds, _ := norms(column(h), column(s), column(dy))
				for i := range rows {
					wy[(lane*rows+i)*n+c], wds[(lane*rows+i)*n+c] = y[i], ds[i]
				}
			}
		}
		y, ds, inv := upload(t, d, zeros(size)), upload(t, d, zeros(size)), upload(t, d, zeros(lanes*n))
		d.RMSNormCols(y.view(), inv.view(), upload(t, d, h).view(), upload(t, d, s).view(), lanes, rows, n, 1e-5)
		d.RMSNormColsBack(ds.view(), y.view(), inv.view(), upload(t, d, dy).view(), lanes, rows, n)
		near(t, "y", download[float32](t, d, y), wy)
		near(t, "ds", download[float32](t, d, ds), wds)
		download[float32](t, d, inv)
	}
}

// The activation and its gradient in the epilogues of their products.
func TestMatMulGated(t *testing.T) {
	d := open(t)
	for _, s := range []struct {
		m, inter, k int
		tile        gpu.Tile
	}{{1, 4, 8, gpu.Tile{}}, {81, 100, 17, gpu.Tile{}}, {130, 68, 33, gpu.Tile{M: 128, N: 128, Rows: 8, Cols: 8, K: 8, Ahead: true}}} {
		m, inter, k := s.m, s.inter, s.k
		r := random(uint64(m))
		x, w := normal(r, m*k), normal(r, 2*inter*k)
		gu := product(doubles(x), doubles(w), m, 2*inter, k)
		act := make([]float64, m*inter)
		for i := range m {
			for j := range inter {
				g, u := gu[i*2*inter+j], gu[i*2*inter+inter+j]
				act[i*inter+j] = g * sigmoid(g) * u
			}
		}
		for _, kMajor := range []bool{false, true} {
			p := gpu.MatMul{M: m, N: 2 * inter, K: k, A: matrix(t, d, x, m, k, false), B: matrix(t, d, w, 2*inter, k, kMajor), CStride: 2 * inter, Tile: s.tile}
			c, both, only := upload(t, d, zeros(m*2*inter)), upload(t, d, zeros(m*inter)), upload(t, d, zeros(m*inter))
			p.Act = only.view()
			d.MatMul(p)
			p.C, p.Act = c.view(), both.view()
			d.MatMul(p)
			near(t, "gate and up", download[float32](t, d, c), gu)
			near(t, "activation", download[float32](t, d, both), act)
			near(t, "activation alone", download[float32](t, d, only), act)
		}
	}
}

func TestMatMulGatedScaled(t *testing.T) {
	d := open(t)
	const m, inter, k = 82, 68, 20
	r := random(8)
	x := normal(r, m*k)
	packed, scale, back := pack(gpu.KindI8, normal(r, 2*inter*k), 2*inter, k)
	gu := product(doubles(x), doubles(back), m, 2*inter, k)
	act := make([]float64, m*inter)
	for i := range act {
		g, u := gu[i/inter*2*inter+i%inter], gu[i/inter*2*inter+inter+i%inter]
		act[i] = g * sigmoid(g) * u
	}
	got := upload(t, d, zeros(m*inter))
	d.MatMul(gpu.MatMul{M: m, N: 2 * inter, K: k, A: matrix(t, d, x, m, k, false), Act: got.view(),
		B: gpu.Operand{View: upload(t, d, packed).view(), Kind: gpu.KindI8, Stride: k, Scale: upload(t, d, scale).view()}})
	near(t, "activation", download[float32](t, d, got), act)
}

func TestMatMulSwiGLUBack(t *testing.T) {
	d := open(t)
	for _, s := range [][3]int{{1, 4, 3}, {81, 37, 17}, {901, 36, 5}} {
		m, inter, k := s[0], s[1], s[2]
		r := random(uint64(m))
		dy, w, gu := normal(r, m*k), normal(r, inter*k), normal(r, m*2*inter)
		dact := product(doubles(dy), doubles(w), m, inter, k)
		want := make([]float64, m*2*inter)
		for i := range m {
			for j := range inter {
				gate, up := i*2*inter+j, i*2*inter+inter+j
				g, u, da := float64(gu[gate]), float64(gu[up]), dact[i*inter+j]
				s := sigmoid(g)
				want[gate], want[up] = da*u*s*(1+g*(1-s)), da*g*s
			}
		}
		out := upload(t, d, zeros(m*2*inter))
		d.MatMul(gpu.MatMul{M: m, N: inter, K: k, A: matrix(t, d, dy, m, k, false), B: matrix(t, d, w, inter, k, true),
			C: out.view(), CStride: 2 * inter, GateUp: upload(t, d, gu).view(), CUp: inter})
		near(t, "dgu", download[float32](t, d, out), want)
	}
}

func TestGatherScatter(t *testing.T) {
	d := open(t)
	const n = 82 * 3
	r := random(9)
	slots := [][]float32{normal(r, 5*n), normal(r, 5*n), normal(r, 5*n)}
	lanes := upload(t, d, []uint32{4, 0, 2})
	var from, to []gpu.View
	var compact, slotted []array
	for _, s := range slots {
		slotted = append(slotted, upload(t, d, s))
		compact = append(compact, upload(t, d, zeros(3*n)))
		from, to = append(from, slotted[len(slotted)-1].view()), append(to, compact[len(compact)-1].view())
	}
	d.Gather(to, from, lanes.view(), 3, n, n)
	d.Clear(slotted[0].b.View(0, n))
	d.Clear(slotted[0].b.View(4*n/64*64, n))
	d.Scatter(from, to, lanes.view(), 3, n, n)
	for a := range slots {
		got, back := download[float32](t, d, compact[a]), download[float32](t, d, slotted[a])
		for i, lane := range []int{4, 0, 2} {
			for x := range n {
				if got[i*n+x] != slots[a][lane*n+x] || back[lane*n+x] != slots[a][lane*n+x] {
					t.Fatalf("array %d, lane %d, number %d: %v and %v, want %v", a, lane, x, got[i*n+x], back[lane*n+x], slots[a][lane*n+x])
				}
			}
		}
	}
}

func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

func coarse(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.IntN(9)-4) / 2
	}
	return s
}

func TestHeads(t *testing.T) {
	d := open(t)
	h := gpu.Heads{Lanes: 3, P: 84, D: 70, Tokens: 81, Vocab: 11}
	r := random(10)
	logits, z, w, bias := coarse(r, h.Lanes*h.P*h.Vocab), normal(r, h.Lanes*h.P*h.D), normal(r, 2*h.D), normal(r, 2)
	out, q := upload(t, d, make([]uint32, h.Lanes*h.Tokens)), upload(t, d, zeros(5+2*h.Lanes))
	d.Argmax(out.view(), upload(t, d, logits).view(), h)
	d.QHead(q.view(), 5, upload(t, d, z).view(), upload(t, d, w).view(), upload(t, d, bias).view(), h)
	for i, v := range download[uint32](t, d, out) {
		row := (i/h.Tokens*h.P + 3 + i%h.Tokens) * h.Vocab
		if want := argmax(logits[row : row+h.Vocab]); int(v) != want {
			t.Fatalf("token %d is %d, want %d", i, v, want)
		}
	}
	want := make([]float64, 5+2*h.Lanes)
	for lane := range h.Lanes {
		for c := range 2 {
			s := float64(bias[c])
			for i := range h.D {
				s += float64(z[lane*h.P*h.D+i]) * float64(w[c*h.D+i])
			}
			want[5+2*lane+c] = s
		}
	}
	near(t, "q", download[float32](t, d, q), want)
}
