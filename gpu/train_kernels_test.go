package gpu_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/gpu"
)

// crossEntropy is the oracle of one position: its loss and gradient.
func crossEntropy(x []float64, label int, softmax bool) (loss float64, dx []float64) {
	s := func(v float64) (float64, float64) {
		switch {
		case softmax:
			return math.Exp(v), math.Exp(v)
		case v >= 0:
			return v + 1, 1
		}
		return 1 / (1 - v), 1 / ((1 - v) * (1 - v))
	}
	var sum float64
	for _, v := range x {
		e, _ := s(v)
		sum += e
	}
	dx = make([]float64, len(x))
	for j, v := range x {
		_, slope := s(v)
		dx[j] = slope / sum
	}
	sy, slope := s(x[label])
	dx[label] -= slope / sy
	return math.Log(sum / sy), dx
}

func TestCrossEntropy(t *testing.T) {
	d := open(t)
	h := gpu.Heads{Lanes: 3, P: 84, D: 1, Tokens: 81, Vocab: 11}
	for _, softmax := range []bool{false, true} {
		r := random(20)
		logits, weight := normal(r, h.Lanes*h.P*h.Vocab), []float32{0.5, 0.25, 2}
		for i := range logits {
			logits[i] *= 3
		}
		labels, segments := make([]int32, h.Lanes*h.Tokens), []int32{1, 2, 5}
		own := make([]int32, h.Lanes*h.P)
		for i := range own {
			own[i] = int32(r.IntN(h.Vocab))
		}
		wantTok, wantGrad, wantLabels := make([]float64, 2*len(labels)), make([]float64, len(logits)), make([]int32, len(labels))
		for i := range labels {
			if labels[i] = -100; r.IntN(5) == 0 {
				wantLabels[i] = -100
				continue
			}
			last, from := int32(r.IntN(h.Vocab)), int32(r.IntN(4))
			if r.IntN(5) == 0 {
				last = 0xffff // no label in the end
			}
			labels[i] = last | from<<16
			const right, wrong = 1 << 29, 1 << 30
			if from > 0 {
				labels[i] |= []int32{0, 0, right, wrong}[r.IntN(4)]
			}
			at := i/h.Tokens*h.P + 3 + i%h.Tokens
			row := at * h.Vocab
			says := int32(argmax(logits[row : row+h.Vocab]))
			if wantLabels[i] = labels[i]; from > 0 && labels[i]>>29 == 0 && says != own[at] {
				if wantLabels[i] |= wrong; says == last {
					wantLabels[i] ^= wrong | right
				}
			}
			if last != 0xffff && (from == 0 && says == last || from > 0 && wantLabels[i]&right > 0) {
				wantTok[2*i+1] = 1
			}
			asked := last
			if from > segments[i/h.Tokens] {
				asked = own[at]
			}
			if asked == 0xffff {
				continue
			}
			loss, dx := crossEntropy(doubles(logits[row:row+h.Vocab]), int(asked), softmax)
			wantTok[2*i] = loss
			for j, g := range dx {
				wantGrad[row+j] = g * float64(weight[i/h.Tokens])
			}
		}
		tok, grad := upload(t, d, zeros(len(wantTok))), upload(t, d, zeros(len(logits)))
		noted := upload(t, d, labels)
		d.CrossEntropy(tok.view(), grad.view(), upload(t, d, logits).view(), noted.view(), upload(t, d, own).view(), upload(t, d, weight).view(), upload(t, d, segments).view(), softmax, h)
		if got := download[int32](t, d, noted); !slices.Equal(got, wantLabels) {
			t.Errorf("softmax %v: labels\n%v\nwant\n%v", softmax, got, wantLabels)
		}
		near(t, fmt.Sprint("tok, softmax ", softmax), download[float32](t, d, tok), wantTok)
		near(t, fmt.Sprint("dlogits, softmax ", softmax), download[float32](t, d, grad), wantGrad)
	}
}

func TestQLoss(t *testing.T) {
	d := open(t)
	h := gpu.Heads{Lanes: 81, P: 10, D: 1, Tokens: 9, Vocab: 2}
	const batch = 90
	r := random(21)
	q, next, tok := normal(r, 2*h.Lanes), normal(r, 2*h.Lanes), zeros(2*h.Lanes*h.Tokens)
	labels, last, weight := make([]int32, h.Lanes*h.Tokens), make([]uint32, h.Lanes), make([]float32, h.Lanes)
	for i := range labels {
		lane := i / h.Tokens
		labels[i] = int32(i % 2)
		if lane == 7 || i%11 == 0 {
			labels[i] = -100
			continue
		}
		tok[2*i] = r.Float32()
		if lane%2 == 0 || r.IntN(2) == 0 {
			tok[2*i+1] = 1
		}
	}
	for i := range last {
		last[i], weight[i] = uint32(i%3/2), r.Float32()
	}
	for _, more := range []bool{false, true} {
		want, wantDQ := make([]float64, 8*h.Lanes), make([]float64, 2*h.Lanes)
		for lane := range h.Lanes {
			o := want[8*lane:]
			for i := lane * h.Tokens; i < (lane+1)*h.Tokens; i++ {
				o[0] += float64(tok[2*i])
				o[4] += float64(tok[2*i+1])
				if labels[i] >= 0 {
					o[5]++
				}
			}
			o[0] *= float64(weight[lane]) * batch
			o[1], o[2] = float64(q[2*lane]), float64(q[2*lane+1])
			right := 0.0
			if o[4] == o[5] {
				right = 1
			}
			wantDQ[2*lane] = 0.5 / batch * (sigmoid(o[1]) - right)
			if more {
				target := float64(next[2*lane])
				if last[lane] == 0 {
					target = math.Max(target, float64(next[2*lane+1]))
				}
				o[3] = sigmoid(target)
				wantDQ[2*lane+1] = 0.5 / batch * (sigmoid(o[2]) - o[3])
			}
		}
		out, dq := upload(t, d, zeros(8*h.Lanes)), upload(t, d, zeros(2*h.Lanes))
		loss := gpu.QLoss{Q: upload(t, d, q).view(), Labels: upload(t, d, labels).view(), Tok: upload(t, d, tok).view(), Weight: upload(t, d, weight).view(), Out: out.view(), DQ: dq.view(), InvBatch: 1.0 / batch}
		if more {
			loss.Next, loss.Last = upload(t, d, next).view(), upload(t, d, last).view()
		}
		d.QLoss(loss, h)
		near(t, "out", download[float32](t, d, out), want)
		near(t, "dq", download[float32](t, d, dq), wantDQ)
	}
}

func TestQHeadBack(t *testing.T) {
	d := open(t)
	h := gpu.Heads{Lanes: 5, P: 4, D: 70}
	r := random(22)
	dz, z, w, dw, db, dq := normal(r, h.Lanes*h.P*h.D), normal(r, h.Lanes*h.P*h.D), normal(r, 2*h.D), normal(r, 2*h.D), normal(r, 2), normal(r, 2*h.Lanes)
	wantZ, wantW, wantB := doubles(dz), doubles(dw), doubles(db)
	for lane := range h.Lanes {
		for c := range 2 {
			g := float64(dq[2*lane+c])
			wantB[c] += g
			for i := range h.D {
				o := lane*h.P*h.D + i
				wantZ[o] += g * float64(w[c*h.D+i])
				wantW[c*h.D+i] += g * float64(z[o])
			}
		}
	}
	gz, gw, gb := upload(t, d, dz), upload(t, d, dw), upload(t, d, db)
	d.QHeadBack(gz.view(), gw.view(), gb.view(), upload(t, d, dq).view(), upload(t, d, z).view(), upload(t, d, w).view(), h)
	near(t, "dz", download[float32](t, d, gz), wantZ)
	near(t, "dw", download[float32](t, d, gw), wantW)
	near(t, "dbias", download[float32](t, d, gb), wantB)
}

func TestEmbedAndPuzzleUpdate(t *testing.T) {
	d := open(t)
	h := gpu.Heads{Lanes: 4, P: 11, D: 6, Tokens: 9, Vocab: 5}
	const dim, rows, prefix, scale = 10, 3, 2, 2.5
	r := random(23)
	table, pos, puzzle := normal(r, h.Vocab*h.D), normal(r, h.P*h.D), normal(r, rows*dim)
	ids, tokens := []uint32{2, 0, 2, 2}, make([]int32, h.Lanes*h.P)
	for _, learned := range []bool{false, true} {
		want := make([]float64, h.Lanes*h.P*h.D)
		for i := range want {
			p := i / h.D % h.P
			at := i % (h.P * h.D)
			tok := &tokens[i/h.D]
			*tok = -1
			if p >= prefix {
				*tok = int32(i / h.D % h.Vocab)
				want[i] = float64(table[int(*tok)*h.D+i%h.D])
			} else if at < dim {
				want[i] = float64(puzzle[int(ids[i/(h.P*h.D)])*dim+at])
			}
			if learned {
				want[i] += float64(pos[at])
			}
			want[i] *= scale
		}
		e := gpu.Embed{Tokens: upload(t, d, tokens).view(), Table: upload(t, d, table).view(), IDs: upload(t, d, ids).view(), Puzzle: upload(t, d, puzzle).view(), PuzzleDim: dim, Scale: scale}
		if learned {
			e.Pos = upload(t, d, pos).view()
		}
		x := upload(t, d, zeros(len(want)))
		d.Embed(x.view(), e, h)
		near(t, "x", download[float32](t, d, x), want)
	}

	dx := normal(r, h.Lanes*h.P*h.D)
	wantG, wantTable := make([]float64, h.Lanes*dim), doubles(puzzle)
	sums := make([]float64, rows*dim)
	for lane, id := range ids {
		for c := range dim {
			wantG[lane*dim+c] = scale * float64(dx[lane*h.P*h.D+c])
			sums[int(id)*dim+c] += wantG[lane*dim+c]
		}
	}
	for i, s := range sums {
		if row := i / dim; row == 0 || row == 2 {
			wantTable[i] = wantTable[i]*(1-0.1*0.5) - 0.1*math.Copysign(1, s)
		}
	}
	g, tab := upload(t, d, zeros(len(wantG))), upload(t, d, puzzle)
	d.PuzzleUpdate(tab.view(), g.view(), upload(t, d, ids).view(), upload(t, d, dx).view(),
		gpu.PuzzleUpdate{Dim: dim, Scale: scale, LR: 0.1, Decay: 0.5, Lanes: h.Lanes, PerLane: h.P * h.D})
	near(t, "g", download[float32](t, d, g), wantG)
	near(t, "table", download[float32](t, d, tab), wantTable)
}

func TestNorm(t *testing.T) {
	d := open(t)
	for _, n := range append(sizes, 100_000) {
		g := normal(random(uint64(n)), n)
		var sum float64
		for _, v := range g {
			sum += float64(v) * float64(v)
		}
		for _, limit := range []float64{0, 0.25, 1e6} {
			out, parts := upload(t, d, zeros(8)), upload(t, d, zeros(256))
			d.Norm(out.view(), 3, upload(t, d, g).exact(), parts.exact(), limit)
			want := make([]float64, 8)
			want[3], want[4] = math.Sqrt(sum), 1
			if limit > 0 && want[3] > limit {
				want[4] = limit / want[3]
			}
			near(t, fmt.Sprint("norm of ", n), download[float32](t, d, out), want)
			download[float32](t, d, parts)
		}
	}
}

func TestUpdate(t *testing.T) {
	d := open(t)
	for _, u := range []gpu.Update{
		{Atan2: true, Step: 1, LR: 0.1, Decay: 0.5, Beta1: 0.9, Beta2: 0.95},
		{Atan2: true, Step: 7, LR: 0.1, Decay: 0.5, Beta1: 0.9, Beta2: 0.95, EMA: 0.9},
		{Step: 3, LR: 0.1, Decay: 0.5, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, EMA: 0.999},
	} {
		const n, clip = 901, 0.5
		r := random(uint64(u.Step))
		w, g, m, v, ema := normal(r, n), normal(r, n), normal(r, n), normal(r, n), normal(r, n)
		for i := range v {
			v[i] *= v[i]
			if i%50 == 0 {
				g[i], m[i] = 0, 0
			}
			if i%70 == 0 {
				g[i], v[i] = 0, 0
			}
		}
		wantW, wantM, wantV, wantE := doubles(w), doubles(m), doubles(v), doubles(ema)
		step := float64(u.Step)
		for i := range n {
			gr := clip * float64(g[i])
			wantM[i] += (1 - u.Beta1) * (gr - wantM[i])
			wantV[i] = u.Beta2*wantV[i] + (1-u.Beta2)*gr*gr
			root := math.Sqrt(wantV[i]) / math.Sqrt(1-math.Pow(u.Beta2, step))
			rate := u.LR / (1 - math.Pow(u.Beta1, step))
			wantW[i] *= 1 - u.LR*u.Decay
			if u.Atan2 {
				wantW[i] -= rate * math.Atan2(wantM[i], root)
			} else {
				wantW[i] -= rate * wantM[i] / (root + u.Eps)
			}
			wantE[i] += (1 - u.EMA) * (wantW[i] - wantE[i])
		}
		dw, dm, dv, de := upload(t, d, w), upload(t, d, m), upload(t, d, v), upload(t, d, ema)
		d.Update(dw.exact(), upload(t, d, g).view(), dm.view(), dv.view(), de.view(), upload(t, d, []float32{0, clip}).view(), 0, u)
		near(t, "w", download[float32](t, d, dw), wantW)
		near(t, "m", download[float32](t, d, dm), wantM)
		near(t, "v", download[float32](t, d, dv), wantV)
		got := download[float32](t, d, de)
		if u.EMA > 0 {
			near(t, "ema", got, wantE)
		}
	}
}
