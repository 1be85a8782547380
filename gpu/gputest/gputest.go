// Package gputest opens the system's GPU for tests. Only tests import it.
package gputest

import (
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
)

// adapter is opened once: compiling the shaders takes most of a small test.
var adapter = sync.OnceValues(wgpu.Open)

// Open returns the device that the tests of a package share, or skips a test where
// there is none. With HRM_GPU=1 that is a failure.
func Open(t testing.TB) *gpu.Device {
	t.Helper()
	d, err := adapter()
	skipWithout(t, err)
	return d
}

// Fresh returns a device of the test's own, or skips.
func Fresh(t testing.TB) *gpu.Device {
	t.Helper()
	d, err := wgpu.Open()
	skipWithout(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func skipWithout(t testing.TB, err error) {
	t.Helper()
	none := errors.Is(err, gpu.ErrNotBuilt) || errors.Is(err, gpu.ErrNoAdapter)
	switch {
	case none && os.Getenv("HRM_GPU") == "":
		t.Skipf("no WebGPU here: %v", err)
	case err != nil:
		t.Fatal(err)
	}
}
