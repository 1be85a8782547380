package weights

import (
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/hrmgo/hrm/internal/sha256"
	"github.com/hrmgo/hrm/internal/strict"
)

// plan is where everything of a file to be written lies.
type plan struct {
	head    []byte // everything before the data, both sha256 still zero
	hashAt  int    // offset in head of the sha256 of the data
	headAt  int    // offset in head of its own
	entries []entry
	size    int64 // of the data
}

// newPlan checks what is to be written as strictly as the reader does.
func newPlan(h Header, specs []Spec) (*plan, error) {
	p := &plan{entries: make([]entry, len(specs))}
	index := make(map[string]int, len(specs))
	tensors := make([]Tensor, len(specs))
	for i, s := range specs {
		n, err := s.bytes(maxDataSz)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", strict.QuoteKey(s.Name), err)
		}
		at := alignUp(p.size)
		if n > maxDataSz-at {
			return nil, fmt.Errorf("%w: more than %d bytes of data", ErrFormat, int64(maxDataSz))
		}
		if _, twice := index[s.Name]; twice {
			return nil, fmt.Errorf("%w: tensor %s is there twice", ErrTensor, strict.QuoteKey(s.Name))
		}
		p.entries[i] = entry{s, at, n}
		p.size = at + n
		index[s.Name], tensors[i] = i, Tensor{Spec: s}
	}
	if err := checkScales(tensors, index); err != nil {
		return nil, err
	}
	return p, p.encodeHead(h)
}

// encodeHead fills head, hashAt and headAt.
func (p *plan) encodeHead(h Header) error {
	keys := len(headerKeys) + 1
	if len(h.TaskSpec) > 0 {
		keys++
	}
	e := &encoder{Encoder: strict.NewEncoder()}
	e.Array(2)
	e.Map(keys)
	e.strs("format", "hrm", "version")
	e.Int(Version)
	e.strs("config")
	e.config(h.Config)
	e.strs("task", h.Task)
	if len(h.TaskSpec) > 0 {
		e.strs(taskSpec)
		e.config(h.TaskSpec)
	}
	e.strs("meta")
	e.Map(len(h.Meta))
	for _, k := range slices.Sorted(maps.Keys(h.Meta)) {
		e.strs(k, h.Meta[k])
	}
	e.strs("tensors")
	e.Array(len(p.entries))
	for i := range p.entries {
		e.entry(&p.entries[i])
	}
	p.hashAt = e.hash("sha256")
	p.headAt = e.hash(headerHash)
	e.strs("pad")
	e.pad(p.size)
	p.head = e.Bytes()
	return e.err
}

// seal writes the hashes into the head, when all data has been seen.
func (p *plan) seal(data hash.Hash) {
	data.Sum(p.head[:p.hashAt])
	sum := hashHead(p.head, p.headAt)
	copy(p.head[p.headAt:], sum[:])
}

// encoder keeps the first error.
type encoder struct {
	*strict.Encoder
	err error
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

func (e *encoder) strs(list ...string) {
	for _, s := range list {
		if !utf8.ValidString(s) {
			e.fail("%w: %s is not UTF-8", ErrFormat, strict.QuoteKey(s))
		}
		e.Str(s)
	}
}

func (e *encoder) config(config map[string]any) {
	e.Map(len(config))
	for _, k := range slices.Sorted(maps.Keys(config)) {
		e.strs(k)
		switch v := config[k].(type) {
		case string:
			e.strs(v)
		case bool:
			e.Bool(v)
		case int:
			e.Int(int64(v))
		case int64:
			e.Int(v)
		case float64:
			e.Float64(v)
		default:
			e.fail("%w: config %s is a %T, want string, bool, int, int64 or float64", ErrFormat, strict.QuoteKey(k), v)
		}
	}
}

func (e *encoder) entry(t *entry) {
	n := 5
	if t.Scale != "" {
		n = 6
	}
	e.Map(n)
	e.strs("name", t.Name, "dtype", t.DType.String(), "shape")
	e.Array(len(t.Shape))
	for _, d := range t.Shape {
		e.Int(int64(d))
	}
	e.strs("offset")
	e.Int(t.offset)
	e.strs("length")
	e.Int(t.length)
	if t.Scale != "" {
		e.strs("scale", t.Scale)
	}
}

// hash leaves room for a sha256 and returns its offset.
func (e *encoder) hash(key string) int {
	e.strs(key)
	e.Bin(make([]byte, sha256.Size))
	return e.Len() - sha256.Size
}

// pad writes the pad and the head of the data, so that the data starts at a
// multiple of Align.
func (e *encoder) pad(size int64) {
	data := strict.NewEncoder()
	data.BinHead(int(size))
	before := int64(e.Len() + 2 + data.Len()) // 2: the pad's own head
	e.Bin(make([]byte, alignUp(before)-before))
	e.BinHead(int(size))
}

// Encode returns a whole file in memory.
func Encode(h Header, tensors []Tensor) ([]byte, error) {
	p, err := newPlan(h, specsOf(tensors))
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	data := make([]byte, p.size)
	for i, t := range tensors {
		if e := &p.entries[i]; copy(data[e.offset:], t.Bytes) != int(e.length) || len(t.Bytes) != int(e.length) {
			return nil, wrongLength(e, len(t.Bytes))
		}
	}
	sum := sha256.New()
	sum.Write(data)
	p.seal(sum)
	return append(p.head, data...), nil
}

func wrongLength(e *entry, got int) error {
	return fmt.Errorf("weights: tensor %s: %w: %d bytes given, want %d for %v %v",
		strict.QuoteKey(e.Name), ErrTensor, got, e.length, e.DType, e.Shape)
}

func specsOf(tensors []Tensor) []Spec {
	specs := make([]Spec, len(tensors))
	for i := range tensors {
		specs[i] = tensors[i].Spec
	}
	return specs
}

// zeros is the source of the gaps between tensors.
var zeros [Align]byte

// gap writes the zero bytes between end and the next tensor.
func gap(w io.Writer, end, next int64) error {
	_, err := w.Write(zeros[:next-end])
	return err
}
