package weights

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/hrmgo/hrm/internal/filekind"
	"github.com/hrmgo/hrm/internal/sha256"
	"github.com/hrmgo/hrm/internal/strict"
)

// Options says how strictly a file is read. The zero value checks everything.
type Options struct {
	// SkipHash leaves out the comparison of the data with its sha256, which
	// reads every byte, but not that of the header: for a memory-mapped file with a very large table, of
	// which a puzzle needs one row. File.VerifyHash makes up for it.
	SkipHash bool
}

// Parse reads a whole file from memory. Tensors refer to data, which may be
// memory-mapped and must not change. Nothing is allocated beyond a small
// multiple of the header's bytes.
func Parse(data []byte) (*File, error) { return Options{}.Parse(data) }

// ReadFile reads a file into memory and parses it.
func ReadFile(path string) (*File, error) { return Options{}.ReadFile(path) }

// ReadFile reads a file into memory and parses it.
func (o Options) ReadFile(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	f, err := o.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Parse reads a whole file from memory, see the function Parse.
func (o Options) Parse(data []byte) (*File, error) {
	f, err := parse(data)
	if err == nil && !o.SkipHash {
		err = f.VerifyHash()
	}
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return f, nil
}

// VerifyHash compares the data with its sha256. The error wraps ErrHash.
func (f *File) VerifyHash() error {
	if got := sha256.Sum256(f.data); got != f.sha256 {
		return fmt.Errorf("%w: it is %x, the header says %x", ErrHash, got, f.sha256)
	}
	return nil
}

// header collects what parse found, until all of it can be checked.
type header struct {
	file    *File
	entries []entry
	seen    map[string]bool
	sha256  []byte // of the header, in place; nil in version 1
	hashAt  int    // its offset
}

// entry is one tensor of the header: length bytes at offset in data.
type entry struct {
	Spec
	offset, length int64
}

// headerKeys are those of version 1. Later versions have headerHash too.
var headerKeys = []string{"format", "version", "config", "task", "meta", "tensors", "sha256", "pad"}

const headerHash = "header_sha256"

// taskSpec is there only where a task has a description.
const taskSpec = "task_spec"

func parse(data []byte) (*File, error) {
	c := strict.NewCursor(data, ErrFormat, ErrTruncated)
	switch n, err := c.Array(); {
	case err != nil:
		return nil, notHRM(data, err)
	case n != 2:
		return nil, fmt.Errorf("%w: an array of %d, want 2: header and data", ErrFormat, n)
	}
	h := &header{file: &File{}, seen: map[string]bool{}}
	if err := c.Each("header", func(key string) error { return h.field(c, key) }); err != nil {
		return nil, err
	}
	for _, key := range headerKeys {
		if !h.seen[key] {
			return nil, fmt.Errorf("%w: header has no %q", ErrFormat, key)
		}
	}
	if has, version := h.seen[headerHash], h.file.Header.Version; has != (version > 1) {
		return nil, fmt.Errorf("%w: a header of version %d with%s %q", ErrFormat, version, map[bool]string{false: "out"}[has], headerHash)
	}
	if err := h.data(c); err != nil {
		return nil, err
	}
	if err := h.verify(data[:c.Pos()-len(h.file.data)]); err != nil {
		return nil, err
	}
	return h.file, h.place()
}

// notHRM says what a file seems to be whose first byte is no array of a .hrm
// file.
func notHRM(data []byte, err error) error {
	kind := filekind.Of(data, int64(len(data)))
	switch {
	case errors.Is(err, ErrTruncated):
		return fmt.Errorf("%w: it is %s", ErrTruncated, kind.Name)
	case kind.Advice != "":
		return fmt.Errorf("%w: it is %v", ErrFormat, kind)
	case kind.Name != "":
		return fmt.Errorf("%w: it is %s; %s", ErrFormat, kind.Name, wanted)
	}
	return fmt.Errorf("%w: does not start like one: %v; %s", ErrFormat, err, wanted)
}

// wanted says where .hrm files come from.
const wanted = "hrm import makes a .hrm file of a published checkpoint"

// field reads one value of the header.
func (h *header) field(c *strict.Cursor, key string) (err error) {
	h.seen[key] = true
	f := h.file
	switch key {
	case "format":
		err = h.format(c)
	case "version":
		err = h.version(c)
	case "config":
		f.Header.Config, err = scalars(c, key)
	case "task":
		f.Header.Task, err = c.Str()
	case taskSpec:
		f.Header.TaskSpec, err = scalars(c, key)
	case "meta":
		f.Header.Meta = map[string]string{}
		err = c.Each(key, func(k string) error {
			v, err := c.Str()
			f.Header.Meta[k] = v
			return err
		})
	case "tensors":
		err = h.tensors(c)
	case "sha256":
		var sum []byte
		sum, err = digest(c)
		copy(h.file.sha256[:], sum)
	case headerHash:
		h.sha256, err = digest(c)
		h.hashAt = c.Pos() - len(h.sha256)
	case "pad":
		err = h.pad(c)
	default:
		err = fmt.Errorf("%w: unknown key", ErrFormat)
	}
	return err
}

// scalars reads a map of strings, booleans and numbers.
func scalars(c *strict.Cursor, key string) (map[string]any, error) {
	m := map[string]any{}
	err := c.Each(key, func(k string) error {
		v, err := c.Scalar()
		m[k] = v
		return err
	})
	return m, err
}

func (h *header) format(c *strict.Cursor) error {
	s, err := c.Str()
	if err == nil && s != "hrm" {
		err = fmt.Errorf("%w: format is %s, want \"hrm\"", ErrFormat, strict.QuoteKey(s))
	}
	return err
}

func (h *header) version(c *strict.Cursor) error {
	n, err := c.Integer()
	if err == nil && (n < 1 || n > Version) {
		err = fmt.Errorf("%w: %d, this program reads 1 to %d", ErrVersion, n, Version)
	}
	h.file.Header.Version = int(n)
	return err
}

// digest reads a sha256, in place.
func digest(c *strict.Cursor) ([]byte, error) {
	b, err := c.Bin()
	if err == nil && len(b) != sha256.Size {
		err = fmt.Errorf("%w: sha256 has %d bytes, want 32", ErrFormat, len(b))
	}
	return b, err
}

// verify compares everything before the data with its sha256, if it has one.
func (h *header) verify(head []byte) error {
	if h.sha256 == nil {
		return nil
	}
	if got := hashHead(head, h.hashAt); !bytes.Equal(got[:], h.sha256) {
		return fmt.Errorf("%w: it is %x, the header says %x", ErrHeaderHash, got, h.sha256)
	}
	return nil
}

// hashHead returns the sha256 of everything before the data. It lies at byte at
// itself, where zeros are taken instead.
func hashHead(head []byte, at int) (sum [sha256.Size]byte) {
	d := sha256.New()
	d.Write(head[:at])
	d.Write(sum[:])
	d.Write(head[at+len(sum):])
	d.Sum(sum[:0])
	return sum
}

func (h *header) pad(c *strict.Cursor) error {
	b, err := c.Bin()
	switch {
	case err != nil:
		return err
	case len(b) >= Align:
		return fmt.Errorf("%w: pad has %d bytes, want at most %d", ErrFormat, len(b), Align-1)
	case !zero(b):
		return fmt.Errorf("%w: pad is not zero", ErrFormat)
	}
	return nil
}

func zero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }

func (h *header) tensors(c *strict.Cursor) error {
	n, err := c.Array()
	if err != nil {
		return err
	}
	for i := range n {
		e := entry{length: -1, offset: -1}
		if err := c.Each(fmt.Sprintf("tensor %d", i), func(key string) error { return e.field(c, key) }); err != nil {
			return err
		}
		if err := e.complete(); err != nil {
			return fmt.Errorf("tensor %d: %w", i, err)
		}
		h.entries = append(h.entries, e)
	}
	return nil
}

// field reads one value of a tensor's entry.
func (e *entry) field(c *strict.Cursor, key string) (err error) {
	switch key {
	case "name":
		e.Name, err = c.Str()
	case "dtype":
		var name string
		if name, err = c.Str(); err == nil {
			e.DType, err = ParseDType(name)
		}
	case "shape":
		e.Shape, err = shape(c)
	case "offset":
		e.offset, err = natural(c)
	case "length":
		e.length, err = natural(c)
	case "scale":
		if e.Scale, err = c.Str(); err == nil && e.Scale == "" {
			err = fmt.Errorf("%w: empty name", ErrTensor)
		}
	default:
		err = fmt.Errorf("%w: unknown key", ErrTensor)
	}
	return err
}

// natural returns an integer that is not negative.
func natural(c *strict.Cursor) (int64, error) {
	n, err := c.Integer()
	if err == nil && n < 0 {
		err = fmt.Errorf("%w: %d is negative", ErrTensor, n)
	}
	return n, err
}

// shape reads the dimensions of a tensor, each 1 or more and an int.
func shape(c *strict.Cursor) ([]int, error) {
	n, err := c.Array()
	if err != nil {
		return nil, err
	}
	if n > maxRank {
		return nil, fmt.Errorf("%w: %d dimensions, want at most %d", ErrTensor, n, maxRank)
	}
	s := make([]int, n)
	for i := range s {
		d, err := c.Integer()
		if err != nil {
			return nil, err
		}
		if d < 1 || d > math.MaxInt {
			return nil, fmt.Errorf("%w: dimension %d is %d", ErrTensor, i, d)
		}
		s[i] = int(d)
	}
	return s, nil
}

// complete reports a key that an entry lacks.
func (e *entry) complete() error {
	missing := ""
	switch {
	case e.Name == "":
		missing = "name"
	case e.DType == 0:
		missing = "dtype"
	case e.Shape == nil:
		missing = "shape"
	case e.offset < 0:
		missing = "offset"
	case e.length < 0:
		missing = "length"
	default:
		return nil
	}
	return fmt.Errorf("%w: no %s", ErrTensor, missing)
}

// data reads the last value of the file.
func (h *header) data(c *strict.Cursor) (err error) {
	h.file.data, err = c.Bin()
	at := c.Pos() - len(h.file.data)
	switch {
	case err != nil:
		return fmt.Errorf("data: %w", err)
	case at%Align != 0:
		return fmt.Errorf("%w: data starts at byte %d, want a multiple of %d", ErrLayout, at, Align)
	case c.Left() > 0:
		return fmt.Errorf("%w: %d bytes after the data", ErrFormat, c.Left())
	}
	return nil
}

// place cuts the data into tensors.
func (h *header) place() error {
	f := h.file
	f.index = make(map[string]int, len(h.entries))
	f.tensors = make([]Tensor, 0, len(h.entries))
	end := int64(0)
	for i := range h.entries {
		e := &h.entries[i]
		if err := e.check(int64(len(f.data))); err != nil {
			return fmt.Errorf("tensor %s: %w", strict.QuoteKey(e.Name), err)
		}
		if _, twice := f.index[e.Name]; twice {
			return fmt.Errorf("%w: tensor %s is there twice", ErrTensor, strict.QuoteKey(e.Name))
		}
		if err := e.follows(f.data, end); err != nil {
			return fmt.Errorf("tensor %s: %w", strict.QuoteKey(e.Name), err)
		}
		end = e.offset + e.length
		f.index[e.Name] = i
		f.tensors = append(f.tensors, Tensor{e.Spec, f.data[e.offset:end:end]})
	}
	if rest := int64(len(f.data)) - end; rest > 0 {
		return fmt.Errorf("%w: %d bytes after the last tensor", ErrLayout, rest)
	}
	return checkScales(f.tensors, f.index)
}

// check reports an entry that is wrong by itself or larger than the data.
func (e *entry) check(size int64) error {
	n, err := e.bytes(size)
	switch {
	case err != nil:
		return err
	case n != e.length:
		return fmt.Errorf("%w: length is %d, want %d for %v %v", ErrTensor, e.length, n, e.DType, e.Shape)
	case e.offset > size-e.length:
		return fmt.Errorf("%w: %d bytes at %d of %d", ErrTruncated, e.length, e.offset, size)
	}
	return nil
}

// follows reports an entry that does not start at the first multiple of Align
// after end, or whose gap is not zero.
func (e *entry) follows(data []byte, end int64) error {
	switch want := alignUp(end); {
	case e.offset < end:
		return fmt.Errorf("%w: starts at %d and overlaps the tensor before, which ends at %d", ErrLayout, e.offset, end)
	case e.offset%Align != 0:
		return fmt.Errorf("%w: starts at %d, want a multiple of %d", ErrLayout, e.offset, Align)
	case e.offset > want:
		return fmt.Errorf("%w: starts at %d and leaves a hole from %d", ErrLayout, e.offset, want)
	case !zero(data[end:e.offset]):
		return fmt.Errorf("%w: the gap from %d to %d is not zero", ErrLayout, end, e.offset)
	}
	return nil
}

func alignUp(n int64) int64 { return (n + Align - 1) / Align * Align }

// bytes returns the size of a tensor, which must be at most limit. It reports
// what is wrong with the spec.
func (s *Spec) bytes(limit int64) (int64, error) {
	switch {
	case s.Name == "" || len(s.Name) > maxName:
		return 0, fmt.Errorf("%w: name of %d bytes, want 1 to %d", ErrTensor, len(s.Name), maxName)
	case s.DType.Size() == 0:
		return 0, fmt.Errorf("%w: %v", ErrTensor, s.DType)
	case len(s.Shape) > maxRank:
		return 0, fmt.Errorf("%w: %d dimensions, want at most %d", ErrTensor, len(s.Shape), maxRank)
	}
	n := int64(s.DType.Size())
	for _, d := range s.Shape {
		if d < 1 {
			return 0, fmt.Errorf("%w: shape %v", ErrTensor, s.Shape)
		}
		if int64(d) > limit/n {
			return 0, fmt.Errorf("%w: %v %v does not fit %d bytes", ErrTruncated, s.DType, s.Shape, limit)
		}
		n *= int64(d)
	}
	if n > limit {
		return 0, fmt.Errorf("%w: %v %v does not fit %d bytes", ErrTruncated, s.DType, s.Shape, limit)
	}
	return n, nil
}

// checkScales reports an I8 tensor without its scale, F32 [rows], and any
// other with one.
func checkScales(tensors []Tensor, index map[string]int) error {
	for i := range tensors {
		t := &tensors[i].Spec
		if t.DType != I8 {
			if t.Scale != "" {
				return fmt.Errorf("%w: tensor %s is %v and has a scale, want none", ErrTensor, strict.QuoteKey(t.Name), t.DType)
			}
			continue
		}
		switch {
		case len(t.Shape) == 0:
			return fmt.Errorf("%w: tensor %s is i8 without rows", ErrTensor, strict.QuoteKey(t.Name))
		case t.Scale == "":
			return fmt.Errorf("%w: tensor %s is i8 without a scale", ErrTensor, strict.QuoteKey(t.Name))
		}
		j, ok := index[t.Scale]
		if !ok {
			return fmt.Errorf("%w: tensor %s: there is no scale %s", ErrTensor, strict.QuoteKey(t.Name), strict.QuoteKey(t.Scale))
		}
		if s := &tensors[j].Spec; s.DType != F32 || !slices.Equal(s.Shape, t.Shape[:1]) {
			return fmt.Errorf("%w: tensor %s: its scale is %v %v, want f32 %v", ErrTensor, strict.QuoteKey(t.Name), s.DType, s.Shape, t.Shape[:1])
		}
	}
	return nil
}
