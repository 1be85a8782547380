package strict

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

var errFormat, errTruncated = errors.New("format"), errors.New("truncated")

func cursor(data []byte) *Cursor { return NewCursor(data, errFormat, errTruncated) }

// values are one of each form of msgpack: around every limit of a length or number.
func values() (all []any) {
	for _, n := range []int64{
		0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64,
		-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64,
	} {
		all = append(all, n)
	}
	for _, n := range []int{0, 1, 31, 32, 255, 256, 65535, 65536} {
		all = append(all, strings.Repeat("x", n), bytes.Repeat([]byte{7}, n))
	}
	return append(all, true, false, 0.0, 2.5, math.Inf(-1), math.MaxFloat64)
}

// write returns the bytes of a value.
func write(v any) []byte {
	e := NewEncoder()
	switch v := v.(type) {
	case int64:
		e.Int(v)
	case string:
		e.Str(v)
	case []byte:
		e.Bin(v)
	case bool:
		e.Bool(v)
	case float64:
		e.Float64(v)
	}
	return e.Bytes()
}

// The cursor reads back what the encoder writes.
func TestRoundTrip(t *testing.T) {
	for _, v := range values() {
		c := cursor(write(v))
		if data, is := v.([]byte); is {
			b, err := c.Bin()
			if err != nil || !bytes.Equal(b, data) {
				t.Errorf("a bin of %d bytes became %d bytes, %v", len(data), len(b), err)
			}
		} else if back, err := c.Scalar(); err != nil || back != v {
			t.Errorf("%.20v became %.20v, %v", v, back, err)
		}
		if c.Left() != 0 {
			t.Errorf("%.20v: %d bytes left", v, c.Left())
		}
	}
}

// Every value has the shortest of its forms, so that a file's bytes depend on
// nothing but what is in it.
func TestShortest(t *testing.T) {
	for _, c := range []struct {
		v    any
		head string
	}{
		{int64(127), "\x7f"}, {int64(128), "\xcc\x80"}, {int64(255), "\xcc\xff"}, {int64(256), "\xcd\x01\x00"}, {int64(65536), "\xce\x00\x01\x00\x00"},
		{int64(math.MaxUint32 + 1), "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"},
		{int64(-1), "\xff"}, {int64(-32), "\xe0"}, {int64(-33), "\xd0\xdf"}, {int64(-129), "\xd1\xff\x7f"}, {int64(-32769), "\xd2\xff\xff\x7f\xff"},
		{int64(math.MinInt32 - 1), "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"},
		{"", "\xa0"}, {strings.Repeat("x", 31), "\xbfx"}, {strings.Repeat("x", 32), "\xd9\x20x"}, {strings.Repeat("x", 256), "\xda\x01\x00x"}, {strings.Repeat("x", 65536), "\xdb\x00\x01\x00\x00x"},
		{[]byte{}, "\xc4\x00"}, {[]byte(nil), "\xc4\x00"}, {make([]byte, 256), "\xc5\x01\x00\x00"}, {make([]byte, 65536), "\xc6\x00\x01\x00\x00\x00"},
		{true, "\xc3"}, {false, "\xc2"}, {2.0, "\xcb\x40\x00\x00\x00\x00\x00\x00\x00"},
	} {
		if got := write(c.v); !strings.HasPrefix(string(got), c.head) {
			t.Errorf("%.20v begins with %.12x, want %x", c.v, got, c.head)
		}
	}
}

func TestHeads(t *testing.T) {
	for n, want := range map[int]string{0: "\x90\x80", 15: "\x9f\x8f", 16: "\xdc\x00\x10\xde\x00\x10", 65536: "\xdd\x00\x01\x00\x00\xdf\x00\x01\x00\x00"} {
		e := NewEncoder()
		e.Array(n)
		e.Map(n)
		if got := string(e.Bytes()); got != want {
			t.Errorf("heads of %d: %x, want %x", n, got, want)
		}
		c := cursor(append(e.Bytes(), make([]byte, 2*n)...))
		if a, err := c.Array(); err != nil || a != n {
			t.Errorf("an array of %d: %d, %v", n, a, err)
		}
		if m, err := c.Map(); err != nil || m != n {
			t.Errorf("a map of %d: %d, %v", n, m, err)
		}
	}
}

// Floats of 32 bits and integers are read as floats.
func TestFloat(t *testing.T) {
	e := NewEncoder()
	e.Float32(-3)
	for _, b := range [][]byte{e.Bytes(), write(-3.0), write(int64(-3))} {
		if f, err := cursor(b).Float(); err != nil || f != -3 {
			t.Errorf("%x: %v, %v", b, f, err)
		}
	}
}

// Every value, cut anywhere before its end, is one that ends too early.
func TestCut(t *testing.T) {
	for _, v := range values() {
		data := write(v)
		for n := range min(len(data), 12) {
			c := cursor(data[:n])
			var err error
			if _, is := v.([]byte); is {
				_, err = c.Bin()
			} else {
				_, err = c.Scalar()
			}
			if !errors.Is(err, errTruncated) {
				t.Fatalf("%.20v: %d bytes of %d: %v, want %v", v, n, len(data), err, errTruncated)
			}
		}
	}
}

// Each code that the library reads as something is something here.
func TestKinds(t *testing.T) {
	count := map[kind]int{}
	for code := range 256 {
		k := kindOf(byte(code))
		count[k]++
		var v any
		err := msgpack.Unmarshal(append([]byte{byte(code)}, make([]byte, 600)...), &v)
		if _, is := map[kind]bool{otherKind: true, mapKind: true}[k]; !is && err != nil {
			t.Errorf("code %#x is %s here, the library says %v", code, k, err)
		}
		is := false
		switch v.(type) {
		case int8, int16, int32, int64, uint8, uint16, uint32, uint64:
			is = k == intKind
		case float32, float64:
			is = k == floatKind
		case string:
			is = k == strKind
		case []byte:
			is = k == binKind
		case bool:
			is = k == boolKind
		case []any:
			is = k == arrayKind
		case map[string]any:
			is = k == mapKind
		default:
			is = k == otherKind || k == mapKind // zeros are no map with keys
		}
		if !is {
			t.Errorf("code %#x is %s here, a %T in the library", code, k, v)
		}
	}
	if count[mapKind] != 18 || count[otherKind] != 10 {
		t.Errorf("%v", count)
	}
}

// What the library alone would take is refused: nil for anything, an extension
// in front of a value, integers beyond int64, lengths beyond the bytes present.
func TestRefused(t *testing.T) {
	for _, data := range []string{
		"\xc0", "\xd4\x01\x00\x90", "\xc7\x00\x01\x80", "\xc1",
		"\xdc\xff\xff", "\xdd\xff\xff\xff\xff\x00", "\xde\x00\x02\xa0\x00\xa0", "\xdf\xff\xff\xff\xff\x00",
		"\xc6\xff\xff\xff\xff\x00", "\xdb\xff\xff\xff\xff\x00", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\xff",
	} {
		for what, read := range map[string]func(*Cursor) error{
			"array":  func(c *Cursor) error { _, err := c.Array(); return err },
			"map":    func(c *Cursor) error { _, err := c.Map(); return err },
			"bin":    func(c *Cursor) error { _, err := c.Bin(); return err },
			"string": func(c *Cursor) error { _, err := c.Str(); return err },
			"scalar": func(c *Cursor) error { _, err := c.Scalar(); return err },
			"float":  func(c *Cursor) error { _, err := c.Float(); return err },
			"bool":   func(c *Cursor) error { _, err := c.Bool(); return err },
			"keys":   func(c *Cursor) error { return c.Each("map", func(string) error { _, err := c.Scalar(); return err }) },
		} {
			if err := read(cursor([]byte(data))); !errors.Is(err, errFormat) && !errors.Is(err, errTruncated) {
				t.Errorf("%x is a %s: %v", data, what, err)
			}
		}
	}
	twice := cursor([]byte("\x82\xa1a\x01\xa1a\x02"))
	if err := twice.Each("map", func(string) error { _, err := twice.Integer(); return err }); !errors.Is(err, errFormat) {
		t.Errorf("a key that comes twice: %v", err)
	}
}
