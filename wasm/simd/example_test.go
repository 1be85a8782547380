package simd_test

import (
	"bytes"
	"fmt"

	"github.com/hrmgo/hrm/wasm/simd"
)

// Kernels are WebAssembly modules, one for each kind of host.
func ExampleKernels() {
	for _, goos := range []string{"js", "wasip1"} {
		fmt.Println(goos, bytes.HasPrefix(simd.Kernels(goos), []byte("\x00asm")))
	}
	// Output:
	// js true
	// wasip1 true
}
