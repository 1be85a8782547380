//go:build unix

package host

import (
	"context"
	"runtime"

	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// withMemory lets guests that are started with the context have their memory as a
// reservation of addresses, as many as the limit allows, of which the system gives
// pages when they are first touched. Go's own slices would be copied to grow, into
// up to twice the room, with the old one beside it.
func withMemory(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(reserve))
}

func reserve(_, limit uint64) experimental.LinearMemory {
	l := &linear{limit: limit}
	var err error
	if l.bytes, err = unix.Mmap(-1, 0, int(limit), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
		l.bytes = nil // no room for so many addresses: Go's slices then
		return l
	}
	// A guest that was cancelled and never asked again is not freed by wazero.
	l.cleanup = runtime.AddCleanup(l, func(b []byte) { _ = unix.Munmap(b) }, l.bytes)
	return l
}

// linear is the memory of a guest.
type linear struct {
	bytes   []byte // as many as there may ever be; nil: grown is all
	grown   []byte
	limit   uint64
	cleanup runtime.Cleanup
}

func (l *linear) Reallocate(size uint64) []byte {
	switch {
	case size > l.limit:
		return nil
	case l.bytes != nil:
		return l.bytes[:size]
	}
	l.grown = append(l.grown, make([]byte, size-uint64(len(l.grown)))...)
	return l.grown
}

// Free gives the memory back. Nobody reads or writes it afterwards.
func (l *linear) Free() {
	if l.bytes != nil {
		l.cleanup.Stop()
		_ = unix.Munmap(l.bytes)
		l.bytes = nil
		l.limit = 0
	}
}
