package kernels

// RopeBack turns the gradient of Rope's result into that of its argument, in
// place: the rotation by the opposite angle.
//
//	dx[i], dx[i+d/2] = dx[i]*cos[i] + dx[i+d/2]*sin[i], dx[i+d/2]*cos[i] - dx[i]*sin[i]
func RopeBack(dx, cos, sin []float32) { ropeBack(dx, cos, sin) }

func ropeBack[T float](dx, cos, sin []T) {
	half := len(dx) / 2
	lo, hi, cos, sin := dx[:half], dx[half:2*half], cos[:half], sin[:half]
	for i, c := range cos {
		a, b := lo[i], hi[i]
		lo[i], hi[i] = a*c+b*sin[i], b*c-a*sin[i]
	}
}
