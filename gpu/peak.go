package gpu

import "time"

const (
	peakThreads = 1 << 19
	peakOps     = 8 * 4 * 2 // of a thread and step
)

// PeakF32 measures the device's plain float32 multiply-adds, in operations a
// second, for about the given time: what no kernel can exceed.
func (d *Device) PeakF32(about time.Duration) (float64, error) {
	y, err := d.NewBuffer("peak", peakThreads)
	if err != nil {
		return 0, err
	}
	defer y.Release()
	run := func(steps int) (time.Duration, error) {
		start := time.Now()
		d.flat(d.kernel("peak", nil), peakThreads, []uint32{uint32(steps), bits(0.5)}, y.All())
		err := d.wait(y)
		return time.Since(start), err
	}
	if _, err := run(1); err != nil { // compiles
		return 0, err
	}
	steps, best := 16, 0.0
	for spent := time.Duration(0); spent < about; {
		took, err := run(steps)
		if err != nil {
			return 0, err
		}
		spent += took
		best = max(best, float64(peakThreads)*float64(steps)*peakOps/took.Seconds())
		if took < about/8 {
			steps *= 2
		}
	}
	return best, nil
}

// wait submits what was recorded and waits for it.
func (d *Device) wait(b *Buffer) error {
	return Read(d, make([]uint32, 1), b, 0)
}

// MatMulF32 measures a product of rows x k by n x k, in operations a second.
func (d *Device) MatMulF32(rows, n, k int) (float64, error) {
	a := Arena{Device: d}
	defer a.Release()
	x, w, y := a.Buffer("x", rows*k), a.Buffer("w", n*k), a.Buffer("y", rows*n)
	if a.Err != nil {
		return 0, a.Err
	}
	seconds, err := d.Seconds(func() { d.MatMul(Linear(y, x, Operand{View: w.All(), Stride: k}, rows, n)) })
	return 2 * float64(rows) * float64(n) * float64(k) / seconds, err
}
