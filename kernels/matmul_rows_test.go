package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestMatMul(t *testing.T) {
	for _, s := range matMulShapes {
		for _, add := range []bool{false, true} {
			eachCase(t, fmt.Sprintf("%v add %v", s, add), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, uint64(s.k)))
				x, _ := fenced(t, rng, s.m*s.k)
				w, _ := fenced(t, rng, s.k*s.n)
				y, check := fenced(t, rng, s.m*s.n)
				want := make([]float64, len(y))
				for i := range want {
					if add {
						want[i] = float64(y[i])
					}
					for k := range s.k {
						want[i] += float64(x[i/s.n*s.k+k]) * float64(w[k*s.n+i%s.n])
					}
				}
				MatMul(y, x, w, s.m, s.n, s.k, add)
				check()
				closeTo(t, "y", y, want, sumTol)
			})
		}
	}
}
