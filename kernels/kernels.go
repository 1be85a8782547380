// Package kernels holds the arithmetic of the model: small functions over
// row-major float32 slices, each with a generic Go version that is always built
// and assembly for some processors beside it.
//
// The file name tells the version: matmul.go checks the arguments and states
// the equation, matmul_generic.go is plain Go, matmul_amd64.go and
// tiles_avx512_amd64.h are AVX2+FMA and AVX-512 (amx_amd64.h has the tiles of AMX),
// matmul_arm64.go and matmul_arm64.s are NEON, noasm.go stands in where there is no
// assembly (also with -tags purego) and amd64_noasm.go where only amd64 has it.
//
// There is one product of float32 (product), which MatMulT, AddMatMulT, AddOuter and
// the attention enter, one attention and one softmax for float32 and for BF16, and on
// AVX-512 one exponential for each accuracy (exp_amd64.h).
//
// The NEON kernels are tested under emulation; their speed has not been
// measured on a processor.
//
// Every kernel works row by row, and the result of a row depends on nothing
// but its own inputs: not on the number of rows in the call, not on their place
// in it. So work may be cut into calls in any way and gives the same bits.
// Two implementations agree to rounding only.
package kernels

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// implementation names one set of kernels.
type implementation string

const (
	generic implementation = "generic" // plain Go
	avx2    implementation = "avx2"    // amd64: AVX2 and FMA
	avx512  implementation = "avx512"  // amd64: AVX-512 F, BW, DQ and VL
	neon    implementation = "neon"    // arm64
)

// EnvVar names the environment variable that forces an implementation.
const EnvVar = "HRM_KERNELS"

var active, activeErr = choose(os.Getenv(EnvVar))

// choose returns the implementation that is asked for, by default the best.
func choose(name string) (implementation, error) {
	all := available()
	if name == "" {
		return all[len(all)-1], nil
	}
	impl := implementation(name)
	if slices.Contains(all, impl) {
		return impl, nil
	}
	return generic, fmt.Errorf("kernels: %s=%q is not available here, want one of %s",
		EnvVar, name, strings.Join(Implementations(), ", "))
}

// Implementation names the kernels in use: the best that this processor runs,
// unless HRM_KERNELS says otherwise. The error says that HRM_KERNELS asks for
// an unknown or unsupported one; the generic kernels are then in use.
func Implementation() (string, error) { return string(active), activeErr }

// Implementations names those that run here, the best one last.
func Implementations() []string {
	var names []string
	for _, impl := range available() {
		names = append(names, string(impl))
	}
	return names
}

// Use switches to the named implementation, for tests and benchmarks: it must
// not be called while a kernel runs.
func Use(name string) error {
	impl, err := choose(name)
	if err == nil {
		active, activeErr = impl, nil
	}
	return err
}

// need panics when a slice is too short for what a caller asked for: a mistake
// in the program, never in its input.
func need(kernel, name string, have, want int) {
	if have < want {
		panic(fmt.Sprintf("kernels: %s: %s has %d numbers, want %d", kernel, name, have, want))
	}
}
