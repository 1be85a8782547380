package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// scratchBF16 is a worker's memory for what is not kept with Spec.BF16, and for
// rounded gradients, rows padded to kernels.PadBF16.
type scratchBF16 struct {
	attention      map[int]*kernels.AttentionBF16 // by positions
	x              []float32                      // [R, D] that goes into the first sublayer of a pass
	y              [2][]float32                   // [R, D], of sublayers in turn
	dY, dCtx, dQKV []kernels.BF16                 // [R, D], [R, D], [R, 3D]
	dDown, dGateUp []kernels.BF16                 // [R, D], [R, 2I]
	act            []kernels.BF16                 // [R, I]
	dAct, gu       []kernels.BF16                 // [blockRows, I], [blockRows, 2I]
}

func newScratchBF16(d *Device) *scratchBF16 {
	c := &d.config
	rows := kernels.PadBF16(d.groupLanes * c.P())
	numbers := func(rows, cols int) []kernels.BF16 { return make([]kernels.BF16, rows*cols) }
	s := &scratchBF16{
		x:     make([]float32, rows*c.Hidden),
		dDown: numbers(rows, c.Hidden), dGateUp: numbers(rows, 2*c.Inter()),
		act: numbers(rows, c.Inter()), dAct: numbers(blockRows, c.Inter()), gu: numbers(blockRows, 2*c.Inter()),
	}
	for i := range s.y {
		s.y[i] = make([]float32, rows*c.Hidden)
	}
	if c.Has(runtime.Attention) {
		s.dY, s.dCtx, s.dQKV = numbers(rows, c.Hidden), numbers(rows, c.Hidden), numbers(rows, 3*c.Hidden)
	}
	return s
}

// next returns the result's place of a sublayer whose input is x.
func (s *scratchBF16) next(x []float32) []float32 {
	if &x[0] == &s.y[0][0] {
		return s.y[1]
	}
	return s.y[0]
}

// canBF16 tells whether every product has pairs to reduce over.
func canBF16(c *runtime.Config) bool {
	return c.Hidden%2 == 0 && c.Inter()%2 == 0 && (!c.Has(runtime.Attention) || c.HeadDim()%2 == 0)
}
