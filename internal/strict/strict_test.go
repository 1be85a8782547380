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

// write appends a value.
func write(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return AppendInt(b, v)
	case string:
		return AppendStr(b, v)
	case []byte:
		return AppendBin(b, v)
	case bool:
		return AppendBool(b, v)
	}
	return AppendFloat64(b, v.(float64))
}

// The bytes are those of the library, and the cursor reads them back.
func TestAgainstLibrary(t *testing.T) {
	for _, v := range values() {
		var want bytes.Buffer
		e := msgpack.NewEncoder(&want)
		e.UseCompactInts(true)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		got := write(nil, v)
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%.20v is %.20x, the library says %.20x", v, got, want.Bytes())
		}
		c := cursor(got)
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

func TestHeads(t *testing.T) {
	for _, n := range []int{0, 15, 16, 65535, 65536} {
		var want bytes.Buffer
		e := msgpack.NewEncoder(&want)
		_, _ = e.EncodeArrayLen(n), e.EncodeMapLen(n)
		got := AppendMap(AppendArray(nil, n), n)
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("heads of %d: %x, the library says %x", n, got, want.Bytes())
		}
		c := cursor(append(got, make([]byte, 2*n)...))
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
	for _, b := range [][]byte{AppendFloat32(nil, -3), AppendFloat64(nil, -3), AppendInt(nil, -3)} {
		if f, err := cursor(b).Float(); err != nil || f != -3 {
			t.Errorf("%x: %v, %v", b, f, err)
		}
	}
}

// Every value, cut anywhere before its end, is one that ends too early.
func TestCut(t *testing.T) {
	for _, v := range values() {
		data := write(nil, v)
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
