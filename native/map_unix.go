//go:build unix

package native

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxCopied is the size in bytes up to which a file is read instead of mapped: what
// others do to it afterwards is then nobody's business.
const maxCopied = 8 << 20

// mapFile maps a file read-only, or reads a small one. The bytes are valid until
// the closer closes.
func mapFile(path string) ([]byte, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() <= maxCopied || info.Size() > math.MaxInt {
		defer f.Close()
		return readFile(f)
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("map %s: %w", path, err)
	}
	return data, &mapping{f, info, data}, nil
}

// mapping is a file in memory, which is unmapped once.
type mapping struct {
	file *os.File
	then os.FileInfo // when it was mapped
	data []byte
}

func (m *mapping) Close() error {
	if m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	return errors.Join(syscall.Munmap(data), m.file.Close())
}

// Drop gives the memory of the pages back; they are read from the file again
// when they are needed.
func (m *mapping) Drop() {
	if m.data != nil {
		_ = unix.Madvise(m.data, unix.MADV_DONTNEED)
	}
}

// Guard calls read, which looks at the mapped bytes in its own goroutine. The error
// wraps ErrChanged when somebody wrote into the file since it was mapped: the bytes
// are not what they were, and where the file is shorter now there are none.
func (m *mapping) Guard(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if !m.holds(r) {
				panic(r)
			}
			err = fmt.Errorf("%w (it is shorter)", m.changed())
		}
	}()
	err = read()
	if now, statErr := m.file.Stat(); statErr == nil && (now.Size() != m.then.Size() || !now.ModTime().Equal(m.then.ModTime())) {
		return m.changed()
	}
	return err
}

func (m *mapping) changed() error { return fmt.Errorf("%s: %w", m.file.Name(), ErrChanged) }

// holds tells whether a panic is a fault at one of the mapped bytes.
func (m *mapping) holds(r any) bool {
	fault, ok := r.(interface{ Addr() uintptr })
	if !ok || len(m.data) == 0 {
		return false
	}
	first := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
	return fault.Addr() >= first && fault.Addr()-first < uintptr(len(m.data))
}
