//go:build wasip1

package main

import "encoding/binary"

// What every Extism host provides. Offsets are into memory of the host.

//go:wasmimport extism:host/env input_length
func inputLength() uint64

//go:wasmimport extism:host/env input_load_u8
func inputByte(at uint64) uint32

//go:wasmimport extism:host/env input_load_u64
func inputWord(at uint64) uint64

//go:wasmimport extism:host/env length
func length(at uint64) uint64

//go:wasmimport extism:host/env alloc
func alloc(size uint64) uint64

//go:wasmimport extism:host/env load_u8
func loadByte(at uint64) uint32

//go:wasmimport extism:host/env store_u8
func storeByte(at uint64, v uint32)

//go:wasmimport extism:host/env store_u64
func storeWord(at, v uint64)

//go:wasmimport extism:host/env output_set
func outputSet(at, size uint64)

//go:wasmimport extism:host/env error_set
func errorSet(at uint64)

//go:wasmimport extism:host/env config_get
func configGet(key uint64) uint64

// input returns the input of the call. The host has it already, so that its
// length is a length of bytes present.
func input() []byte {
	n := inputLength()
	data := make([]byte, n)
	i := uint64(0)
	for ; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(data[i:], inputWord(i))
	}
	for ; i < n; i++ {
		data[i] = byte(inputByte(i))
	}
	return data
}

// put copies data to the host.
func put(data []byte) (at, size uint64) {
	size = uint64(len(data))
	at = alloc(size)
	i := uint64(0)
	for ; i+8 <= size; i += 8 {
		storeWord(at+i, binary.LittleEndian.Uint64(data[i:]))
	}
	for ; i < size; i++ {
		storeByte(at+i, uint32(data[i]))
	}
	return at, size
}

// config returns a value of the plugin's configuration, or "".
func config(key string) string {
	at, _ := put([]byte(key))
	value := configGet(at)
	if value == 0 {
		return ""
	}
	text := make([]byte, length(value))
	for i := range text {
		text[i] = byte(loadByte(value + uint64(i)))
	}
	return string(text)
}
