package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
)

const oneSafe = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`

func TestSafetensors(t *testing.T) {
	header := `{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  `
	data := append(floatBytes(1, -2), 0x80, 0x3f, 0, 0xc0)
	file := safeBytes(header, data)
	c, err := readTensors(bytes.NewReader(file), int64(len(file)))
	if err != nil || len(c.tensors) != 2 {
		t.Fatalf("%v, %v", c, err)
	}
	for i, key := range []string{"a", "b"} {
		if x := &c.tensors[i]; x.Key != key || !reflect.DeepEqual(values(t, x), []float32{1, -2}) {
			t.Errorf("%s is %v", key, values(t, x))
		}
	}
}

// malformedSafe are headers before 8 bytes of data.
var malformedSafe = []struct {
	name, header string
	err          error
	want         string
}{
	{"no JSON", `{"a"`, ErrFormat, "EOF"},
	{"bytes after the end", oneSafe + "{}", ErrFormat, "2 bytes after the header's end"},
	{"not UTF-8", "{\"\xff\":1}", ErrFormat, "not UTF-8"},
	{"tensor is a number", `{"a":1}`, ErrFormat, "got 1, want {"},
	{"tensor twice", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, ErrFormat, `"a" is there twice`},
	{"key twice", `{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}`, ErrFormat, `"dtype" is there twice`},
	{"unknown key", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"stride":[1]}}`, ErrFormat, `unknown key "stride"`},
	{"key of another case", `{"a":{"DType":"F32","shape":[2],"data_offsets":[0,8]}}`, ErrFormat, `unknown key "DType"`},
	{"unknown dtype", `{"a":{"dtype":"F4","shape":[8],"data_offsets":[0,8]}}`, ErrFormat, `"F4" is not known`},
	{"no dtype", `{"a":{"shape":[2],"data_offsets":[0,8]}}`, ErrFormat, "lacks dtype"},
	{"no shape", `{"a":{"dtype":"F32","data_offsets":[0,8]}}`, ErrFormat, "lacks dtype, shape"},
	{"no offsets", `{"a":{"dtype":"F32","shape":[2]}}`, ErrFormat, "or data_offsets"},
	{"negative dimension", `{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, ErrFormat, "got -2, want an integer from 0"},
	{"fraction", `{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, ErrFormat, "got 2.0, want an integer"},
	{"exponent", `{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}`, ErrFormat, "got 2e0, want an integer"},
	{"dimension beyond 2^53", `{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,8]}}`, ErrFormat, "want an integer from 0 to 2^53"},
	{"dimension beyond 2^64", `{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}`, ErrFormat, "want an integer from 0 to 2^53"},
	{"product wraps", `{"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}}`, ErrTruncated, "in 8 bytes of data"},
	{"dimension 0", `{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, ErrFormat, "8 bytes after the last tensor"},
	{"nine dimensions", `{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,8]}}`, ErrFormat, "more than 8 numbers"},
	{"three offsets", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}`, ErrFormat, "more than 2 numbers"},
	{"one offset", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}`, ErrFormat, "data_offsets are [0]"},
	{"offsets backwards", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, ErrFormat, "data_offsets are [8 0]"},
	{"offsets beyond the data", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}`, ErrTruncated, "ends at 12 of 8"},
	{"size is not the shape's", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, ErrFormat, "has 8 bytes, want 4"},
	{"hole before", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, ErrFormat, "starts at 4, want 0"},
	{"hole after", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, ErrFormat, "4 bytes after the last tensor"},
	{"overlap", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, ErrFormat, "starts at 4, want 8"},
	{"metadata holds a number", `{"__metadata__":{"a":1}}`, ErrFormat, "got 1, want a string"},
	{"no tensors", `{}`, ErrFormat, "8 bytes after the last tensor"},
}

func TestMalformedSafetensors(t *testing.T) {
	for _, c := range malformedSafe {
		file := safeBytes(c.header, make([]byte, 8))
		if _, err := readTensors(bytes.NewReader(file), int64(len(file))); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %v: %s", c.name, err, c.err, c.want)
		}
	}
	for n, want := range map[uint64]error{1 << 20: ErrTruncated, 1 << 40: ErrFormat, 1 << 63: ErrFormat} {
		file := append(binary.LittleEndian.AppendUint64(nil, n), oneSafe...)
		if _, err := readTensors(bytes.NewReader(file), int64(len(file))); !errors.Is(err, want) {
			t.Errorf("header of %d bytes: %v", n, err)
		}
	}
}
