package quantize

import (
	"fmt"
	"math"
	"slices"
)

// mostSmooth bounds the factors of Smooth, so that a channel that was quiet in
// calibration does not drown the others when it wakes.
const mostSmooth = 8

// Smooth moves size between the two matrices of a SwiGLU,
//
//	y = down . (silu(gate . x) * (up . x)),
//
// gateUp [2K, D], gates first, and down [N, K], whose input has moments H: in
// channel j up is divided by f[j] and down multiplied by it, which leaves y as it
// is, with
//
//	f[j] = sqrt(rms of the input / largest |down[i, j]|)
//
// in units of what that is for the whole input and matrix, between 1/8 and 8.
// Rows of which int8 would waste most levels on a few large channels (SmoothQuant,
// Xiao et al., arXiv:2211.10438, with strength 1/2) then lose less to rounding. It
// returns both matrices as F32 and the moments of the new input; matrices in I8
// are returned as they are. Errors wrap ErrMoments.
func Smooth(gateUp, down Matrix, h *Moments) (Matrix, Matrix, *Moments, error) {
	if err := h.check(down.Cols); err != nil {
		return Matrix{}, Matrix{}, nil, err
	}
	if gateUp.Rows != 2*down.Cols {
		return Matrix{}, Matrix{}, nil, fmt.Errorf("%w: %d gates and ups for %d channels", ErrMoments, gateUp.Rows, down.Cols)
	}
	if gateUp.Format == I8 || down.Format == I8 {
		return gateUp, down, h, nil
	}
	f := smoothing(down, h)
	return scaleUp(gateUp, f), scaleColumns(down, f), scaleMoments(h, f), nil
}

// smoothing returns the factors f [K].
func smoothing(down Matrix, h *Moments) []float64 {
	k := h.K
	f, row := make([]float64, k), make([]float32, k)
	for i := range down.Rows {
		down.Row(row, i)
		for j, v := range row {
			f[j] = max(f[j], math.Abs(float64(v)))
		}
	}
	var sum, largest float64
	for j, w := range f {
		sum, largest = sum+h.Sum[j*k+j], max(largest, w)
	}
	mean := sum / float64(k)
	for j, w := range f {
		ratio := math.Sqrt(h.Sum[j*k+j]/mean) / (w / largest)
		if f[j] = 1; ratio >= 0 { // and no NaN
			f[j] = max(1./mostSmooth, min(mostSmooth, math.Sqrt(ratio)))
		}
	}
	return f
}

// scaleUp divides row K + j by f[j].
func scaleUp(gateUp Matrix, f []float64) Matrix {
	w := slices.Clone(gateUp.Float32())
	up, d := w[len(w)/2:], gateUp.Cols
	for j, by := range f {
		for i := range up[j*d : (j+1)*d] {
			up[j*d+i] = float32(float64(up[j*d+i]) / by)
		}
	}
	return NewF32(w, gateUp.Rows, d)
}

// scaleColumns multiplies column j by f[j].
func scaleColumns(m Matrix, f []float64) Matrix {
	w := slices.Clone(m.Float32())
	for i := range w {
		w[i] = float32(float64(w[i]) * f[i%m.Cols])
	}
	return NewF32(w, m.Rows, m.Cols)
}

// scaleMoments returns the moments of x / f.
func scaleMoments(h *Moments, f []float64) *Moments {
	out := NewMoments(h.K)
	out.Rows = h.Rows
	for i, v := range h.Sum {
		out.Sum[i] = v / (f[i/h.K] * f[i%h.K])
	}
	return out
}
