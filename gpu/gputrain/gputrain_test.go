package gputrain

import (
	"errors"
	"sync"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/traintest"
)

// adapter is opened once: compiling the shaders takes most of a small test.
var adapter = sync.OnceValues(wgpu.Open)

// open returns a training device on the system's adapter, or skips.
func open(t testing.TB, s train.Spec) (train.Device, error) {
	t.Helper()
	d, err := adapter()
	if errors.Is(err, gpu.ErrNotBuilt) || errors.Is(err, gpu.ErrNoAdapter) {
		t.Skipf("no WebGPU here: %v", err)
	}
	if err != nil {
		return nil, err
	}
	return Open(d, s)
}

func TestGolden(t *testing.T) {
	traintest.Golden(t, func(s train.Spec) (train.Device, error) { return open(t, s) })
}
