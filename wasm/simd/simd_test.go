package simd

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The modules are what go generate makes of the C files.
func TestGenerated(t *testing.T) {
	for _, tool := range []string{"clang-16", "wasm-ld-16"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: on Debian, apt-get install clang-16 lld-16", tool)
		}
	}
	dir := t.TempDir()
	if out, err := exec.Command("sh", "c/build.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, have := range modules() {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what the C files make: run go generate ./wasm/simd", name)
		}
	}
}

func modules() map[string][]byte {
	return map[string][]byte{
		"simd128-js.wasm": Kernels("js"), "simd128-wasip1.wasm": Kernels("wasip1"), "relaxed-js.wasm": Relaxed,
	}
}

// The kernels bring nothing that would need a place in Go's memory.
func TestNoData(t *testing.T) {
	const dataCount, data = 12, 11
	for name, module := range modules() {
		for at := module[8:]; len(at) > 0; {
			id := at[0]
			size, n := binary.Uvarint(at[1:])
			if n <= 0 || uint64(len(at)-1-n) < size {
				t.Fatalf("%s: section %d is cut off", name, id)
			}
			if id == dataCount || id == data {
				t.Errorf("%s has a section %d", name, id)
			}
			at = at[1+n+int(size):]
		}
	}
}
