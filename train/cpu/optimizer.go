package cpu

import (
	"math"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/train"
)

// optimizer is what a step's update needs beyond the device's state.
type optimizer struct {
	train.Optim
	elements []span          // of the flat buffers, updated number by number
	matrices []*train.Tensor // updated as a whole, Muon only
}

// span is a range of a flat buffer, at most chunk long.
type span struct{ lo, hi int }

func newOptimizer(spec *train.Spec, l *train.Layout) optimizer {
	o := optimizer{Optim: spec.Optim}
	for i := range l.Tensors {
		t := &l.Tensors[i]
		if o.Algorithm == train.Muon && t.Level {
			o.matrices = append(o.matrices, t)
			continue
		}
		for lo := t.Offset; lo < t.Offset+t.Len(); lo += chunk {
			o.elements = append(o.elements, span{lo, min(lo+chunk, t.Offset+t.Len())})
		}
	}
	return o
}

// update changes the weights, their moments, the moving average and the puzzle
// table.
func (d *Device) update(in *train.StepIn, norm float64) error {
	clip := float32(1)
	if c := d.optimizer.ClipNorm; c > 0 && norm > c {
		clip = float32(c / norm)
	}
	adam := newAdam(&d.optimizer.Optim, in, clip)
	o, s := &d.optimizer, &d.state
	d.pool.Run(len(o.elements)+len(o.matrices), func(_, i int) {
		if i < len(o.matrices) { // the largest tasks first
			d.muon(o.matrices[i], in, clip)
			return
		}
		e := o.elements[i-len(o.matrices)]
		adam.update(s.Params[e.lo:e.hi], s.M[e.lo:e.hi], s.V[e.lo:e.hi], d.grad[e.lo:e.hi])
	})
	d.average()
	d.signSGD(float32(in.PuzzleLR))
	return nil
}

// average sets ema = rate*ema + (1-rate)*params.
func (d *Device) average() {
	rate := float32(d.optimizer.EMA)
	if rate == 0 {
		return
	}
	ema, params := d.state.EMA, d.state.Params
	d.pool.Run(len(d.norms), func(_, i int) {
		lo, hi := i*chunk, min((i+1)*chunk, len(ema))
		for j, p := range params[lo:hi] {
			ema[lo+j] = rate*ema[lo+j] + (1-rate)*p
		}
	})
}

// adam is AdamAtan2 or AdamW at one step, see train.Algorithm.
type adam struct {
	atan2         bool
	decay         float32 // 1 - lr*wd
	rate          float32 // lr / (1-b1^t)
	beta1, beta2  float32
	debias2       float32 // 1 / sqrt(1-b2^t)
	eps           float32
	gradientScale float32
}

func newAdam(o *train.Optim, in *train.StepIn, gradientScale float32) *adam {
	t := float64(in.Step)
	return &adam{
		atan2: o.Algorithm == train.AdamAtan2,
		decay: float32(1 - in.LR*o.WeightDecay), rate: float32(in.LR / (1 - math.Pow(o.Beta1, t))),
		beta1: float32(o.Beta1), beta2: float32(o.Beta2), debias2: float32(1 / math.Sqrt(1-math.Pow(o.Beta2, t))),
		eps: float32(o.Eps), gradientScale: gradientScale,
	}
}

func (a *adam) update(p, m, v, g []float32) {
	for i, gi := range g {
		gi *= a.gradientScale
		m[i] += (1 - a.beta1) * (gi - m[i])
		v[i] = a.beta2*v[i] + (1-a.beta2)*gi*gi
		root := float32(math.Sqrt(float64(v[i]))) * a.debias2
		step := m[i] / (root + a.eps)
		if a.atan2 {
			step = float32(math.Atan2(float64(m[i]), float64(root)))
		}
		p[i] = p[i]*a.decay - a.rate*step
	}
}

// signSGD moves the rows of the puzzle table that the lanes used: gradients of
// lanes with the same puzzle are added, then
//
//	row = row*(1 - lr*wd) - lr*sign(gradient)
func (d *Device) signSGD(lr float32) {
	n := d.config.PuzzleEmbDim
	if n == 0 {
		return
	}
	decay := float32(1 - float64(lr)*d.optimizer.PuzzleWeightDecay)
	for id, g := range d.puzzleGradients() {
		row := d.state.Puzzle[int(id)*n : (int(id)+1)*n]
		for i, v := range g {
			row[i] = row[i]*decay - lr*sign(v)
		}
	}
}

// puzzleGradients adds up the lanes' gradients by puzzle, in lane order.
func (d *Device) puzzleGradients() map[int32][]float32 {
	n := d.config.PuzzleEmbDim
	sums := map[int32][]float32{}
	for lane, id := range d.state.PuzzleIDs {
		sum := sums[id]
		if sum == nil {
			sum = make([]float32, n)
			sums[id] = sum
		}
		kernels.Add(sum, d.puzzleGrad[lane*n:(lane+1)*n])
	}
	return sums
}

func sign(v float32) float32 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
