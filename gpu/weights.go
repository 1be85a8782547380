package gpu

import (
	"fmt"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// uploader puts a model's matrices on the device in the format that they
// have, and keeps the first error.
type uploader struct {
	Arena
}

// matrix uploads w [rows, cols] as the operand x . w^T.
func (u *uploader) matrix(name string, w *quantize.Matrix, rows, cols int) Operand {
	if u.Err == nil && (w.Rows != rows || w.Cols != cols) {
		u.Err = fmt.Errorf("%s is %d x %d, want %d x %d", name, w.Rows, w.Cols, rows, cols)
	}
	if u.Err != nil {
		return Operand{}
	}
	o := Operand{Stride: cols}
	var b *Buffer
	switch w.Format {
	case quantize.F32:
		b = Upload(&u.Arena, name, w.F32)
	case quantize.F16:
		o.Kind, b = KindF16, Upload(&u.Arena, name, packHalf(w.Half))
	case quantize.BF16:
		o.Kind, b = KindBF16, Upload(&u.Arena, name, packHalf(w.Half))
	case quantize.I8:
		o.Kind, b = KindI8, Upload(&u.Arena, name, packInt8(w.I8))
		if s := Upload(&u.Arena, name+" scales", w.Scale); s != nil {
			o.Scale = s.All()
		}
	default:
		u.Err = fmt.Errorf("%s has format %v", name, w.Format)
	}
	if b != nil {
		o.View = b.All()
	}
	return o
}

// vector uploads n numbers as they are.
func (u *uploader) vector(name string, v []float32, n int) View {
	if u.Err == nil && len(v) != n {
		u.Err = fmt.Errorf("%s has %d numbers, want %d", name, len(v), n)
	}
	if u.Err != nil {
		return View{}
	}
	if b := Upload(&u.Arena, name, v); b != nil {
		return b.All()
	}
	return View{}
}

func (u *uploader) level(c *runtime.Config, level runtime.Level, layers []runtime.Layer) []Layer {
	if u.Err == nil && len(layers) != c.Layers(level) {
		u.Err = fmt.Errorf("level %s has %d layers, want %d", level, len(layers), c.Layers(level))
	}
	out := make([]Layer, len(layers))
	for i := range layers {
		if u.Err == nil {
			out[i] = u.layer(c, runtime.LayerName(level, i), &layers[i])
		}
	}
	return out
}

func (u *uploader) layer(c *runtime.Config, name string, w *runtime.Layer) (l Layer) {
	params := c.Block()
	from, to := w.All(), l.All()
	for i, p := range params.All() {
		switch {
		case !p.There():
		case p.Matrix:
			*to[i] = u.matrix(name+p.Name, from[i], p.Rows, p.Cols)
		default:
			*to[i] = Operand{View: u.vector(name+p.Name, from[i].Float32(), p.Rows*p.Cols), Stride: p.Cols}
		}
	}
	return l
}

// packHalf puts two 16-bit numbers into each word, the first lowest.
func packHalf(h []uint16) []uint32 {
	words := make([]uint32, (len(h)+1)/2)
	for i, v := range h {
		words[i/2] |= uint32(v) << (16 * (i % 2))
	}
	return words
}

// packInt8 puts four numbers into each word, the first lowest.
func packInt8(q []int8) []uint32 {
	words := make([]uint32, (len(q)+3)/4)
	for i, v := range q {
		words[i/4] |= uint32(uint8(v)) << (8 * (i % 4))
	}
	return words
}
