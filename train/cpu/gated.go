package cpu

import "github.com/hrmgo/hrm/kernels"

// gated is what the backward pass needs of a SwiGLU on a group of lanes, in
// float32 or, with Spec.BF16, rounded and then only for the differentiated
// passes: the gates and ups of a block of rows never leave the cache.
type gated struct {
	inter   int
	gu, act []float32      // [R, 2I], [R, I]
	guBF16  []kernels.BF16 // [R, 2I], instead of gu
	actBF16 []kernels.BF16 // [R, I], instead of act
}

func newGated(rows, inter int, bf16, saved bool) gated {
	g := gated{inter: inter}
	switch {
	case !bf16:
		g.gu, g.act = make([]float32, rows*2*inter), make([]float32, rows*inter)
	case saved:
		g.guBF16 = make([]kernels.BF16, rows*2*inter)
		g.actBF16 = make([]kernels.BF16, rows*inter)
	}
	return g
}

// gates returns where rows [lo, hi) of gu and act are computed.
func (w *worker) gates(g *gated, lo, hi int) (gu, act []float32) {
	if g.gu != nil {
		return g.gu[lo*2*g.inter : hi*2*g.inter], g.act[lo*g.inter : hi*g.inter]
	}
	m := hi - lo
	return grow(&w.gu, m*2*g.inter), grow(&w.act, m*g.inter)
}

// save keeps m rows from lo on.
func (g *gated) save(gu, act []float32, lo, m int) {
	if g.guBF16 == nil {
		return
	}
	kernels.RoundBF16(g.guBF16[lo*2*g.inter:], gu)
	kernels.RoundBF16(g.actBF16[lo*g.inter:], act[:m*g.inter])
}

// saved returns m rows of gates and ups from lo on, in gu.
func (g *gated) saved(gu []float32, lo, m int) []float32 {
	if g.guBF16 != nil {
		kernels.ExpandBF16(gu, g.guBF16[lo*2*g.inter:(lo+m)*2*g.inter])
	}
	return gu
}
