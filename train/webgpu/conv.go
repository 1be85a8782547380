package webgpu

import "github.com/hrmgo/hrm/gpu"

// convolveBack is the backward pass of y = rms(x + conv(x)).
func (t *Device) convolveBack(w, dw *gpu.Layer, a *gpu.Acts) {
	t.normBack(a)
	conv := gpu.NewConv(&t.spec.Config)
	conv.FilterBack(t.gpu, dw.Conv.View, t.g.All(), a.In.All(), t.split.All(), t.lanes)
	conv.Back(t.gpu, t.g2.All(), t.g.All(), w.Conv.View, t.lanes)
	t.swap()
}
