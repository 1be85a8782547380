//go:build wasip1

// Command plugin is the wasip1 reactor that package wasm/host runs: the calls
// of package abi over a guest. Build it with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o hrm-plugin.wasm ./wasm/plugin
//
// or with wasm/build, which links the SIMD kernels in.
package main

import (
	"unsafe"

	"github.com/hrmgo/hrm/wasm/abi"
	"github.com/hrmgo/hrm/wasm/guest"
)

var (
	solver guest.Guest
	buffer []byte // of the next request
	reply  []byte // of the last one

	fault func(request []byte) // set in builds for tests only
)

func main() {}

//go:wasmexport hrm_abi
func version() int32 { return abi.Version }

//go:wasmexport hrm_abi_newest
func newest() int32 { return abi.Newest }

// request makes room for a request. The one before may hold a model that is in
// use, so its memory is not used again.
//
//go:wasmexport hrm_buffer
func request(size uint32) uint32 {
	if size == 0 || size > abi.MaxRequest {
		return 0
	}
	buffer = make([]byte, size)
	return address(buffer)
}

//go:wasmexport hrm_call
func call(size uint32) uint64 {
	message := buffer[:min(int(size), len(buffer))]
	buffer = nil
	if fault != nil {
		fault(message)
	}
	reply = solver.Call(message)
	return uint64(address(reply))<<32 | uint64(len(reply))
}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
