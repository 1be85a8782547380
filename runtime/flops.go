package runtime

// FLOPs returns the multiplications and additions of one segment on one puzzle of a
// shape, counted as in the literature: two per weight and row that it multiplies, and
// those of attention's scores and sums. differentiated is the part of it that training
// differentiates, the heads included.
func (c *Config) FLOPs(s Shape) (segment, differentiated float64) {
	layer := c.layerFLOPs(s)
	for _, p := range c.Passes() {
		f := float64(c.Layers(p.Level)) * layer
		segment += f
		if p.Grad {
			differentiated += f
		}
	}
	heads := 2 * float64(c.PositionsOf(s)-c.Prefix()) * float64(c.Outputs()) * float64(c.Hidden)
	return segment + heads, differentiated + heads
}

// layerFLOPs are those of one layer.
func (c *Config) layerFLOPs(s Shape) (sum float64) {
	p, d := float64(c.PositionsOf(s)), float64(c.Hidden)
	b := c.Block()
	product := func(rows float64, w Param) float64 { return 2 * rows * float64(w.Rows) * float64(w.Cols) }
	for _, kind := range c.Sublayers() {
		switch kind {
		case Convolution:
			sum += product(float64(s.Len()), b.Conv)
		case Attention:
			sum += product(p, b.QKV) + product(p, b.O) + 2*2*p*p*d
		case PositionSwiGLU:
			sum += product(d, b.GateUpT) + product(d, b.DownT)
		case CandidateMeans: // of each row, column, box and cell
			sum += float64(s.Len()) * (2*product(1, b.Lines) + product(1, b.Box) + product(1, b.Cell))
		case ColourMeans:
			cells, colours := s.Len()-c.Legend(s), float64(NumColours)
			sum += product(float64(cells/s.Cols)*colours, b.Row) + product(float64(s.Cols)*colours, b.Column) + product(colours, b.Whole)
			sum += product(float64(cells), b.Cell) + product(p, b.Turns) + 2*p*float64(b.Conv.Rows*b.Conv.Cols)
		case SwiGLU:
			sum += product(p, b.GateUp) + product(p, b.Down)
		}
	}
	return sum
}
