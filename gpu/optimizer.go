package gpu

import "math"

// PuzzleUpdate says how Device.PuzzleUpdate changes the puzzle table.
type PuzzleUpdate struct {
	Dim            int
	Scale          float64 // of the input embedding
	LR, Decay      float64
	Lanes, PerLane int // numbers of dx in a lane
}

// PuzzleUpdate records sign-SGD on the rows that the lanes use, and the
// gradient of every lane's row, g [Lanes, Dim].
func (d *Device) PuzzleUpdate(table, g, ids, dx View, u PuzzleUpdate) {
	n := u.Lanes * u.Dim
	d.flat(d.kernel("puzzle", nil), n, []uint32{
		uint32(u.Lanes), uint32(u.Dim), uint32(u.PerLane), bits(u.Scale), bits(1 - u.LR*u.Decay), bits(u.LR),
	}, ids, dx, g, table)
}

// normParts is the number of partial sums of a norm.
const normParts = 256

// Norm records out[at] = the 2-norm of g, and out[at+1] = the factor that
// scales g down to limit: 1 when it is shorter, or limit is 0. parts holds 256
// numbers.
func (d *Device) Norm(out View, at int, g, parts View, limit float64) {
	d.Dispatch(d.kernel("norm", struct{ Last bool }{false}), normParts, 1, 1, []uint32{uint32(g.N)}, g, parts)
	d.Dispatch(d.kernel("norm", struct{ Last bool }{true}), 1, 1, 1, []uint32{normParts, uint32(at), bits(limit)}, parts, out)
}

// Update is one step of an optimizer. Atan2 is Adam-atan2, else AdamW.
type Update struct {
	Atan2        bool
	Step         int64 // from 1
	LR, Decay    float64
	Beta1, Beta2 float64
	Eps          float64 // AdamW
	EMA          float64 // 0: none
}

// Update records one optimizer step on flat buffers of the same length. norm
// holds the gradient's factor at at+1, as Norm leaves it; ema may be zero.
func (d *Device) Update(w, g, m, v, ema, norm View, at int, u Update) {
	t := float64(u.Step)
	views := []View{g, norm, w, m, v}
	if u.EMA > 0 {
		views = append(views, ema)
	}
	d.flat(d.kernel("optimizer", struct{ Atan2, EMA bool }{u.Atan2, u.EMA > 0}), w.N, []uint32{
		uint32(w.N), bits(1 - u.LR*u.Decay), bits(u.LR / (1 - math.Pow(u.Beta1, t))),
		bits(u.Beta1), bits(u.Beta2), bits(1 / math.Sqrt(1-math.Pow(u.Beta2, t))), bits(u.Eps), bits(1 - u.EMA),
		bits(1 - u.Beta1), bits(1 - u.Beta2), uint32(at + 1),
	}, views...)
}
