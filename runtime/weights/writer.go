package weights

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/hrmgo/hrm/internal/sha256"
	"github.com/hrmgo/hrm/internal/strict"
)

// Writer writes one file, tensor by tensor, without ever holding one whole.
// The file appears under its name when Commit succeeds, complete and on disk,
// and not at all otherwise.
type Writer struct {
	plan *plan
	file *tempFile
	hash hash.Hash
	out  io.Writer // file and hash
	next int       // tensor to be written
	end  int64     // of the data so far
	buf  []byte
	err  error // of the first call that failed
}

var errClosed = errors.New("weights: writer is closed")

// Create starts a file of the given tensors, which are to be written in this
// order. It also removes what writers of the same file left behind when they
// were killed.
func Create(path string, h Header, specs []Spec) (*Writer, error) {
	p, err := newPlan(h, specs)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	file, err := createTemp(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	w := &Writer{plan: p, file: file, hash: sha256.New(), buf: make([]byte, 1<<18)}
	w.out = io.MultiWriter(file, w.hash)
	if _, err := file.Write(p.head); err != nil {
		return nil, w.fail(fmt.Errorf("weights: %w", err))
	}
	return w, nil
}

// fail aborts the file and keeps the error for later calls.
func (w *Writer) fail(err error) error {
	w.Abort()
	w.err = err
	return err
}

// Write writes the next tensor, reading exactly its bytes from r. After an
// error the file is gone.
func (w *Writer) Write(r io.Reader) error {
	if w.err != nil {
		return w.err
	}
	if w.next == len(w.plan.entries) {
		return w.fail(errors.New("weights: more tensors written than were declared"))
	}
	e := &w.plan.entries[w.next]
	if err := gap(w.out, w.end, e.offset); err != nil {
		return w.fail(fmt.Errorf("weights: %w", err))
	}
	n, err := io.CopyBuffer(onlyWriter{w.out}, io.LimitReader(r, e.length), w.buf)
	if err == nil && n < e.length {
		err = fmt.Errorf("%d bytes given, want %d: %w", n, e.length, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return w.fail(fmt.Errorf("weights: tensor %s: %w", strict.QuoteKey(e.Name), err))
	}
	w.next, w.end = w.next+1, e.offset+e.length
	return nil
}

// onlyWriter hides ReadFrom, so that CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }

// Commit makes the file appear under its name. All tensors must have been
// written. After an error the file is gone.
func (w *Writer) Commit() error {
	if w.err != nil {
		return w.err
	}
	if w.next < len(w.plan.entries) {
		return w.fail(fmt.Errorf("weights: tensor %s was not written", strict.QuoteKey(w.plan.entries[w.next].Name)))
	}
	w.plan.seal(w.hash)
	if _, err := w.file.WriteAt(w.plan.head, 0); err != nil {
		return w.fail(fmt.Errorf("weights: %w", err))
	}
	if err := w.file.commit(); err != nil {
		return w.fail(fmt.Errorf("weights: %w", err))
	}
	w.err = errClosed
	return nil
}

// Abort removes the file. After Commit it does nothing, so that it may be
// deferred.
func (w *Writer) Abort() {
	if w.err == nil {
		w.file.abort()
		w.err = errClosed
	}
}

// WriteFile writes a whole file atomically.
func WriteFile(path string, h Header, tensors []Tensor) error {
	w, err := Create(path, h, specsOf(tensors))
	if err != nil {
		return err
	}
	defer w.Abort()
	for i, t := range tensors {
		if e := &w.plan.entries[i]; int64(len(t.Bytes)) != e.length {
			return wrongLength(e, len(t.Bytes))
		}
		if err := w.Write(bytes.NewReader(t.Bytes)); err != nil {
			return err
		}
	}
	return w.Commit()
}

// ReplaceFile writes a file of another kind as WriteFile does its own: under
// its name when write and the disk succeed, and not at all otherwise.
func ReplaceFile(path string, write func(io.Writer) error) error {
	file, err := createTemp(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		file.abort()
		return err
	}
	if err := file.commit(); err != nil {
		file.abort()
		return err
	}
	return nil
}
