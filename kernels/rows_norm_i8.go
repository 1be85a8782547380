package kernels

// AddRMSNorm is the function AddRMSNorm of h and y [m, n], to rounding, then
// Quantize of h; in one pass where the processor can.
func (r *RowsI8) AddRMSNorm(h, y []float32, n int, eps float32) {
	need("AddRMSNorm", "y", len(y), len(h))
	if n <= 0 || len(h) < n {
		return
	}
	m := len(h) / n
	if !r.canNormFast(n) {
		AddRMSNorm(h, y, n, eps)
		r.Quantize(h, n, m, n)
		return
	}
	r.K = n
	stride := strideI8(n)
	need("AddRMSNorm", "RowsI8", len(r.Data), m*stride)
	need("AddRMSNorm", "Scale", min(len(r.Scale), len(r.Shift)), m)
	for i := r.normFast(h, y, 0, m, eps); i < m; i = r.normFast(h, y, i+1, m, eps) {
		r.Scale[i], r.Shift[i] = quantizeRow(r.Data[i*stride:i*stride+n], h[i*n:(i+1)*n])
	}
}

// QuantizeBF16 is Quantize of numbers in BF16.
func (r *RowsI8) QuantizeBF16(x []BF16, ldx, m, k int) {
	r.K = k
	if m <= 0 {
		return
	}
	stride := strideI8(k)
	need("QuantizeBF16", "x", len(x), (m-1)*ldx+k)
	need("QuantizeBF16", "RowsI8", len(r.Data), m*stride)
	need("QuantizeBF16", "Scale", min(len(r.Scale), len(r.Shift)), m)
	for i := r.bf16Fast(x, ldx, 0, m, k); i < m; i = r.bf16Fast(x, ldx, i+1, m, k) {
		if len(r.wide) < k {
			r.wide = make([]float32, k)
		}
		ExpandBF16(r.wide, x[i*ldx:i*ldx+k])
		q := r.Data[i*stride : i*stride+paddedI8(k)]
		clear(q[k:])
		r.Scale[i], r.Shift[i] = quantizeRow(q[:k], r.wide[:k])
	}
}
