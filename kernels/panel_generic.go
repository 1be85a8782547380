package kernels

func runPanelGeneric[T float32 | BF16](p panel[T]) {
	g := group[T]()
	for i := range p.rows {
		var sum [PanelWidthBF16]float32
		for s := range p.steps {
			a := p.a[i*p.aRow+s*p.aStep:][:g]
			b := p.b[s*p.bStep:][:p.cols*g]
			for q, v := range a {
				addScaled(sum[:p.cols], widen(v), b[q:], g)
			}
		}
		storeRow(p.c[i*p.cRow:][:p.cols], sum[:p.cols], p.add)
	}
}

// addScaled sets sum[j] += a * b[j*stride].
func addScaled[T float32 | BF16](sum []float32, a float32, b []T, stride int) {
	for j := range sum {
		sum[j] += a * widen(b[j*stride])
	}
}

func widen[T float32 | BF16](v T) float32 {
	if b, ok := any(v).(BF16); ok {
		return b.Float32()
	}
	return float32(v)
}

func storeRow(c, sum []float32, add bool) {
	for j, v := range sum {
		if add {
			v += c[j]
		}
		c[j] = v
	}
}
