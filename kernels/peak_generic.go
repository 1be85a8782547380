package kernels

import "runtime"

// genericPeakFlops is the number of operations in a step of peakLoopGeneric.
const genericPeakFlops = 16

// peakLoopGeneric does eight independent multiply-adds a step.
func peakLoopGeneric(steps int) {
	var a, b, c, d, e, f, g, h float32
	x, y := float32(steps&1)+0.5, float32(1)
	for range steps {
		a = float32(a*x) + y
		b = float32(b*x) + y
		c = float32(c*x) + y
		d = float32(d*x) + y
		e = float32(e*x) + y
		f = float32(f*x) + y
		g = float32(g*x) + y
		h = float32(h*x) + y
	}
	runtime.KeepAlive(a + b + c + d + e + f + g + h)
}

// genericPeakI8Ops is the number of operations in a step of peakI8LoopGeneric.
const genericPeakI8Ops = 8

// peakI8LoopGeneric does four independent multiply-adds of bytes a step.
func peakI8LoopGeneric(steps int) {
	var a, b, c, d int32
	x, y := int8(steps&3), int8(3)
	for range steps {
		a += int32(x) * int32(y)
		b += int32(x) * int32(y)
		c += int32(x) * int32(y)
		d += int32(x) * int32(y)
		x ^= y
	}
	runtime.KeepAlive(a + b + c + d)
}
