package kernels

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a large page on the processors that have assembly.
const hugePage = 2 << 20

// adviseHuge asks for large pages under the whole large pages of the bytes at
// base. It is a hint: where the system does not follow it, nothing changes.
func adviseHuge(base unsafe.Pointer, bytes int) {
	skip := int(-uintptr(base) % hugePage)
	size := (bytes - skip) / hugePage * hugePage
	if size > 0 {
		_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Add(base, skip)), size), unix.MADV_HUGEPAGE)
	}
}
