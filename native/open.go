// Package native is what the command adds to the library on a machine with an
// operating system: model files mapped into memory, and the embedded default.
package native

import (
	"errors"
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

// ErrChanged is wrapped by what reads a mapped model after somebody wrote into its
// file.
var ErrChanged = errors.New("the file was written into while it was in use: start again, and replace a model by renaming another (mv), which leaves one in use as it is")

// Open returns the model that a name stands for, see Find: of a .hrm file, for the
// most part. Its large matrices lie in the mapped file
// and are valid until the closer closes; Model.Read finds out when somebody writes
// into the file meanwhile (hrm replaces files, it never does). A small file, or any
// where a system cannot map them, is read.
func Open(name string) (*runtime.Model, io.Closer, error) { return open(name, mapFile) }

// Read is Open for a program that goes through all matrices: it reads the file, up to
// a size at which it would not fit the memory of many machines.
func Read(name string) (*runtime.Model, io.Closer, error) {
	return open(name, func(path string) ([]byte, io.Closer, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.Size() > maxRead {
			return mapFile(path)
		}
		return readFile(f)
	})
}

func open(name string, bytes func(path string) ([]byte, io.Closer, error)) (*runtime.Model, io.Closer, error) {
	f, file, err := openFile(name, bytes)
	if err != nil {
		return nil, nil, err
	}
	var m *runtime.Model
	d, isMapped := file.(mapped)
	err = Guard(file, func() (err error) {
		if m, err = load(f); err == nil && isMapped {
			m.Own()
		}
		return err
	})
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if isMapped {
		m.Drop, m.Guard = d.Drop, d.Guard
		m.Drop() // what the hash read
	}
	return m, file, nil
}

// mapped is the closer of a file that is mapped.
type mapped interface {
	Drop()
	Guard(read func() error) error
}

// Guard calls read, which looks at the bytes of a file that OpenFile opened. The
// error wraps ErrChanged when somebody wrote into the file since.
func Guard(file io.Closer, read func() error) error {
	if m, ok := file.(mapped); ok {
		return m.Guard(read)
	}
	return read()
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

// OpenFile maps and parses the .hrm file that a name stands for, without a look at its hash or at what
// its tensors mean.
func OpenFile(name string) (*weights.File, io.Closer, error) { return openFile(name, mapFile) }

func openFile(name string, bytes func(path string) ([]byte, io.Closer, error)) (*weights.File, io.Closer, error) {
	place, err := Find(name)
	if err != nil {
		return nil, nil, err
	}
	return openPlace(place, bytes)
}

func openPlace(place Place, bytes func(path string) ([]byte, io.Closer, error)) (*weights.File, io.Closer, error) {
	data, file := place.data, io.Closer(io.NopCloser(nil))
	if place.Path != "" {
		var err error
		if data, file, err = bytes(place.Path); err != nil {
			return nil, nil, err
		}
	}
	var f *weights.File
	err := Guard(file, func() (err error) {
		f, err = weights.Options{SkipHash: true}.Parse(data)
		return err
	})
	if err != nil {
		file.Close()
		return nil, nil, fmt.Errorf("%v: %w", place, err)
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
