package cpu

// attention fills a.ctx and a.qkv from the rotated q, k and v of every lane in
// dWide.
func (w *worker) attention(a *acts, bias []float32) {
	p, d := w.d.config.P(), w.d.config.Hidden
	copy(a.qkv, w.dWide[:w.rows*3*d])
	for r := 0; r < w.rows; r += p { // the first row of every lane
		w.f32.Forward(a.ctx[r*d:], a.qkv[r*3*d:], bias)
	}
}

// attentionBack turns the gradient of ctx in tmp into that of the rotated q, k
// and v in dWide, and adds to dbias.
func (w *worker) attentionBack(a *acts, bias, dbias []float32) {
	p, d := w.d.config.P(), w.d.config.Hidden
	for r := 0; r < w.rows; r += p {
		w.f32.Back(w.dWide[r*3*d:], dbias, w.tmp[r*d:], a.qkv[r*3*d:], bias)
	}
}

// rotate applies Rope or RopeBack to every q and k of a qkv buffer.
func (w *worker) rotate(qkv []float32, rope func(x, cos, sin []float32)) {
	if w.d.cos == nil {
		return
	}
	d := w.d.config.Hidden
	for r := range w.rows {
		w.rotateRow(qkv[r*3*d:r*3*d+2*d], r, rope)
	}
}

// rotateRow rotates the heads of q and k of row r of a group.
func (w *worker) rotateRow(qk []float32, r int, rope func(x, cos, sin []float32)) {
	hd := w.d.config.HeadDim()
	at := r % w.d.config.P() * (hd / 2)
	cos, sin := w.d.cos[at:at+hd/2], w.d.sin[at:at+hd/2]
	for ; len(qk) > 0; qk = qk[hd:] {
		rope(qk[:hd], cos, sin)
	}
}
