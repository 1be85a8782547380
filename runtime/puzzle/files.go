package puzzle

import (
	"errors"
	"fmt"
	"io"
)

// archiveReader reads the files of an archive one after the other.
type archiveReader struct {
	a    *archive
	task Task
	next int // file
	r    *Reader
	name string
}

// reader reads all puzzles of an archive. A nil task is recognised from its
// first file.
func (a *archive) reader(task Task) (*Reader, error) {
	if task == (ARC{}) {
		files := &ARCFiles{}
		files.addArchive("", a)
		if err := files.sort(true); err != nil {
			return nil, err
		}
		return files.Puzzles(), nil
	}
	f := &archiveReader{a: a, task: task}
	if err := f.open(); err != nil {
		return nil, err
	}
	return &Reader{task: f.task, next: f.puzzle}, nil
}

// open opens the next file.
func (f *archiveReader) open() error {
	file := f.a.files[f.next]
	f.next++
	f.name = file.name
	r, err := f.read(file)
	if err != nil {
		return err
	}
	f.r = r
	if f.task == nil {
		f.task = r.task
	}
	return nil
}

func (f *archiveReader) read(file packed) (*Reader, error) {
	u, err := f.a.open(file)
	if err != nil {
		return nil, err
	}
	var r *Reader
	if u.zip != nil {
		r, err = u.zip.reader(f.task)
	} else {
		r, err = readText(u.text, f.task)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.name, err)
	}
	return r, nil
}

func (f *archiveReader) puzzle() (Puzzle, error) {
	for {
		if f.r == nil {
			if f.next == len(f.a.files) {
				return Puzzle{}, io.EOF
			}
			if err := f.open(); errors.Is(err, ErrBomb) {
				f.next = len(f.a.files)
				return Puzzle{}, err
			} else if err != nil {
				return Puzzle{}, &Error{Where: f.name, Err: err}
			}
		}
		p, err := f.r.Next()
		var bad *Error
		switch {
		case err == io.EOF:
			f.r = nil
			continue
		case errors.As(err, &bad) && len(f.a.files) > 1:
			return Puzzle{}, &Error{Where: f.name, Err: err}
		case err == nil && len(f.a.files) > 1:
			p.Where = f.name + ": " + p.Where
		}
		return p, err
	}
}
