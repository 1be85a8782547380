package kernels

import (
	"testing"
	"time"
)

func TestPeakF32(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		peak := PeakF32(1, 20*time.Millisecond)
		t.Logf("%.1f GFLOP/s on one thread", peak/1e9)
		if !(peak > 1e6 && peak < 1e13) {
			t.Errorf("%v operations a second", peak)
		}
	})
}

func TestPeakBF16(t *testing.T) {
	peak := PeakBF16(1, 20*time.Millisecond)
	t.Logf("%.1f GFLOP/s on one thread", peak/1e9)
	if peak != 0 && !(peak > 1e9 && peak < 1e14) {
		t.Errorf("%v operations a second", peak)
	}
}

func TestPeakI8(t *testing.T) {
	eachImplementation(t, func(t *testing.T) {
		peak := PeakI8(1, 20*time.Millisecond)
		t.Logf("%.1f GOP/s on one thread with %s", peak/1e9, ImplementationI8())
		if !(peak > 1e6 && peak < 1e14) {
			t.Errorf("%v operations a second", peak)
		}
	})
}
