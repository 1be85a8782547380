//go:build cgo && !nogpu && !js && ((linux && (amd64 || arm64)) || (darwin && (amd64 || arm64)) || (windows && (amd64 || arm64)))

package wgpu

import (
	"errors"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/gpu"
)

// A shader that does not compile is an error with the compiler's words, and
// the device works on.
func TestBadShader(t *testing.T) {
	d, err := open()
	if errors.Is(err, gpu.ErrNoAdapter) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, code := range map[string]string{
		"no WGSL":      "fn main( {",
		"no main":      "@compute @workgroup_size(1) fn other() {}",
		"other layout": "@group(0) @binding(3) var<storage, read_write> x: array<f32>;\n@compute @workgroup_size(1) fn main() { x[0] = 1.0; }",
	} {
		if _, err := d.CreatePipeline(name, code, []gpu.Access{gpu.ReadWrite}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	good := "@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n@compute @workgroup_size(1) fn main() { x[0] = 1.0; }"
	id, err := d.CreatePipeline("good", good, []gpu.Access{gpu.ReadWrite})
	if err != nil {
		t.Fatal(err)
	}
	d.ReleasePipeline(id)
}

// A bind group over more than its buffer is an error, not an abort.
func TestBadRange(t *testing.T) {
	d, err := open()
	if errors.Is(err, gpu.ErrNoAdapter) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := d.CreateBuffer("b", 256, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.ReleaseBuffer(b)
	if err := d.Write(b, 128, make([]byte, 256)); err == nil {
		t.Error("a write beyond the end")
	}
	if err := d.Submit([]uint32{2, b, 0, b, 0, 1000}, gpu.Range{}); err == nil {
		t.Error("a copy beyond the end")
	}
	if err := d.Submit(nil, gpu.Range{Buffer: b, Offset: 128, Size: 256}); err == nil {
		t.Error("a read beyond the end")
	}
	if _, err := d.CreateBuffer("huge", 1<<62, false); err == nil {
		t.Error("a buffer larger than all memory")
	}
	if err := d.Submit(nil, gpu.Range{Buffer: b, Size: 256}); err != nil {
		t.Error(err)
	}
	if err := d.Receive(make([]byte, 256)); err != nil {
		t.Error(err)
	}
}
