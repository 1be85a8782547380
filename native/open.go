// Package native is what the command adds to the library on a machine with an
// operating system: model files mapped into memory, and the embedded default.
package native

import (
	"fmt"
	"io"
	"os"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

const (
	// maxHashed is the size in bytes up to which Open compares the data with
	// its sha256. A larger file is a puzzle table for the most part, of which a
	// puzzle needs one row: reading all of it would take longer than the puzzle.
	maxHashed = 128 << 20
	// maxRead bounds a model that must be read, because it cannot be mapped.
	maxRead = 1 << 30
)

// Open returns the model of a .hrm file. Its matrices lie in the mapped file:
// they are valid until the closer closes, and nobody may write to the file
// meanwhile (hrm replaces files, it never writes into them). Where a system
// cannot map files the file is read.
func Open(path string) (*runtime.Model, io.Closer, error) {
	f, file, err := OpenFile(path)
	if err != nil {
		return nil, nil, err
	}
	m, err := load(f)
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	if d, ok := file.(interface{ Drop() }); ok {
		m.Drop = d.Drop
		m.Drop() // what the hash read
	}
	return m, file, nil
}

func load(f *weights.File) (*runtime.Model, error) {
	size := 0
	for _, t := range f.Tensors() {
		size += len(t.Bytes)
	}
	if size <= maxHashed {
		if err := f.VerifyHash(); err != nil {
			return nil, err
		}
	}
	return runtime.Load(f)
}

// OpenFile maps and parses a .hrm file, without a look at its hash or at what
// its tensors mean.
func OpenFile(path string) (*weights.File, io.Closer, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, nil, fmt.Errorf("%s is a folder, want a .hrm file: hrm import makes one of a checkpoint's folder", path)
	}
	data, file, err := mapFile(path)
	if err != nil {
		return nil, nil, err
	}
	f, err := weights.Options{SkipHash: true}.Parse(data)
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, file, nil
}

// readFile reads all of f, for what cannot be mapped.
func readFile(f *os.File) ([]byte, io.Closer, error) {
	data, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxRead {
		return nil, nil, fmt.Errorf("%s: over %d bytes, too large to read: give a regular file on a system that can map it", f.Name(), maxRead)
	}
	return data, io.NopCloser(nil), nil
}
