package toolchain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Go's linker leaves zeros out of a module's data: 85,000 segments in hrm-js.wasm,
// each with its address. Compressed, the zeros are smaller than the addresses, by
// 8 % of the module (brotli); and it starts sooner.

// gap is the number of zeros between two segments that stay apart.
const gap = 512

// The sections that joinSegments writes anew.
const (
	sectionData      = 11
	sectionDataCount = 12
)

var errModule = errors.New("not a module as Go and Binaryen write it")

// joinSegments returns a module with the data segments that lie close to each other
// as one.
func joinSegments(module []byte) ([]byte, error) {
	r := &reader{rest: module}
	out := slices.Clone(r.bytes(8)) // magic number and version
	count := 0                      // where the number of segments stood, which comes long before them
	for len(r.rest) > 0 && !r.failed {
		id, body := r.bytes(1), r.bytes(r.uint())
		switch {
		case r.failed:
		case id[0] == sectionDataCount:
			count = len(out)
		case id[0] == sectionData:
			segments, err := readSegments(body)
			if err == nil {
				segments, err = join(segments)
			}
			if err != nil {
				return nil, err
			}
			if count > 0 {
				out = slices.Insert(out, count, section(sectionDataCount, binary.AppendUvarint(nil, uint64(len(segments))))...)
				count = 0
			}
			out = append(out, section(sectionData, writeSegments(segments))...)
		default:
			out = append(out, section(id[0], body)...)
		}
	}
	if r.failed || count > 0 {
		return nil, fmt.Errorf("toolchain: %w: a section is cut short, or none has the data", errModule)
	}
	return out, nil
}

func section(id byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
}

// segment is data with a constant address, which is all that Go writes.
type segment struct {
	at   int
	data []byte
}

func (s *segment) end() int { return s.at + len(s.data) }

const (
	i32Const = 0x41
	endCode  = 0x0b
)

func readSegments(body []byte) ([]segment, error) {
	r := &reader{rest: body}
	segments := make([]segment, 0, min(r.uint(), len(body)))
	for len(r.rest) > 0 && !r.failed {
		if head := r.bytes(2); !bytes.Equal(head, []byte{0, i32Const}) {
			return nil, fmt.Errorf("toolchain: %w: a data segment that begins with % x, want 00 41: memory 0, a constant address", errModule, head)
		}
		s := segment{at: r.int()}
		if end := r.bytes(1); !r.failed && end[0] != endCode {
			return nil, fmt.Errorf("toolchain: %w: the address of a data segment is no constant", errModule)
		}
		s.data = r.bytes(r.uint())
		segments = append(segments, s)
	}
	if r.failed {
		return nil, fmt.Errorf("toolchain: %w: a data segment is cut short", errModule)
	}
	return segments, nil
}

func writeSegments(segments []segment) []byte {
	out := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		out = append(appendInt(append(out, 0, i32Const), s.at), endCode)
		out = append(binary.AppendUvarint(out, uint64(len(s.data))), s.data...)
	}
	return out
}

// join puts zeros between segments, in the order of their addresses. The error says
// that some overlap: then zeros could hide data.
func join(segments []segment) ([]segment, error) {
	var joined []segment
	for _, s := range slices.SortedStableFunc(slices.Values(segments), func(a, b segment) int { return a.at - b.at }) {
		n := len(joined) - 1
		if n >= 0 && s.at < joined[n].end() {
			return nil, fmt.Errorf("toolchain: %w: data overlaps at address %d", errModule, s.at)
		}
		if n < 0 || s.at-joined[n].end() > gap {
			joined = append(joined, segment{s.at, slices.Clone(s.data)})
			continue
		}
		data := append(joined[n].data, make([]byte, s.at-joined[n].end())...)
		joined[n].data = append(data, s.data...)
	}
	return joined, nil
}

// reader reads the binary format; after its end everything is zero and failed is set.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.rest, r.failed = nil, true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// uint reads a LEB128, which is what package binary calls a Uvarint.
func (r *reader) uint() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > 1<<32 {
		r.rest, r.failed = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

// int reads a signed LEB128 that is an address below 2 GB.
func (r *reader) int() int {
	v := int64(0)
	for shift := 0; shift < 35; shift += 7 {
		b := r.bytes(1)
		if r.failed {
			return 0
		}
		v |= int64(b[0]&0x7f) << shift
		if b[0] < 0x40 && v <= math.MaxInt32 {
			return int(v)
		} else if b[0] < 0x80 {
			break // negative, or too large
		}
	}
	r.failed = true
	return 0
}

// appendInt is the inverse of int: one more byte where the sign would be set.
func appendInt(out []byte, v int) []byte {
	for v >= 0x40 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v))
}
