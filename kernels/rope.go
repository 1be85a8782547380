package kernels

// Rope rotates one head vector x [d] by the angles of its position, pairing
// the halves ("rotate half"):
//
//	x[i], x[i+d/2] = x[i]*cos[i] - x[i+d/2]*sin[i], x[i+d/2]*cos[i] + x[i]*sin[i]
//
// cos and sin are [d/2].
func Rope(x, cos, sin []float32) {
	half := len(x) / 2
	rope(x[:half], x[half:2*half], cos[:half], sin[:half])
}

// RopeRows is Rope for m rows of x, each of d numbers and ldx numbers apart, with
// cos and sin [m, d/2].
func RopeRows(x []float32, ldx, m, d int, cos, sin []float32) {
	half := d / 2
	if m <= 0 || half == 0 {
		return
	}
	need("RopeRows", "x", len(x), (m-1)*ldx+d)
	need("RopeRows", "cos", min(len(cos), len(sin)), m*half)
	if ropeRowsFast(x, ldx, m, half, cos, sin) {
		return
	}
	for i := range m {
		Rope(x[i*ldx:][:d], cos[i*half:], sin[i*half:])
	}
}

// RopeBF16 rounds rows of one head, x [rows, d] with rows ldx numbers apart, to
// BF16, ldd numbers apart, after Rope with cos and sin [rows, d/2]; with cos nil
// it only rounds. It may change x.
func RopeBF16(dst []BF16, ldd int, x []float32, ldx, rows, d int, cos, sin []float32) {
	if rows <= 0 || d <= 0 {
		return
	}
	need("RopeBF16", "dst", len(dst), (rows-1)*ldd+d)
	need("RopeBF16", "x", len(x), (rows-1)*ldx+d)
	if cos != nil {
		need("RopeBF16", "cos", min(len(cos), len(sin)), rows*(d/2))
	}
	if ropeBF16Fast(dst, ldd, x, ldx, rows, d, cos, sin) {
		return
	}
	half := d / 2
	for i := range rows {
		row := x[i*ldx : i*ldx+d]
		if cos != nil {
			Rope(row, cos[i*half:], sin[i*half:])
		}
		RoundBF16(dst[i*ldd:], row)
	}
}

func ropeGeneric(lo, hi, cos, sin []float32) {
	for i, c := range cos {
		a, b := lo[i], hi[i]
		lo[i] = float32(a*c) - float32(b*sin[i])
		hi[i] = float32(b*c) + float32(a*sin[i])
	}
}

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
