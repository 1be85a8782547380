package gpu_test

import (
	"testing"
	"time"
)

func TestPeak(t *testing.T) {
	d := open(t)
	peak, err := d.PeakF32(50 * time.Millisecond)
	check(t, err)
	rate, err := d.MatMulF32(256, 256, 256)
	check(t, err)
	t.Logf("%s: peak %.3g, matrix product %.3g operations a second", d.Name(), peak, rate)
	if !(peak > 0 && rate > 0) {
		t.Errorf("peak %v, matrix product %v operations a second", peak, rate)
	}
}
