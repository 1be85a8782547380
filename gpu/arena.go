package gpu

// Arena allocates buffers that live and die together. After a failure it
// allocates nothing more and Err says why.
type Arena struct {
	Device  *Device
	Err     error
	buffers []*Buffer
}

// Buffer allocates n numbers, or returns nil after a failure.
func (a *Arena) Buffer(label string, n int) *Buffer {
	if a.Err != nil {
		return nil
	}
	b, err := a.Device.NewBuffer(label, n)
	if err != nil {
		a.Err = err
		return nil
	}
	a.buffers = append(a.buffers, b)
	return b
}

// Upload allocates a buffer and fills it.
func Upload[T float32 | uint32 | int32](a *Arena, label string, data []T) *Buffer {
	b := a.Buffer(label, len(data))
	if b != nil {
		a.Err = Write(b, 0, data)
	}
	return b
}

// Release frees all buffers.
func (a *Arena) Release() {
	for _, b := range a.buffers {
		b.Release()
	}
	a.buffers = nil
}
