package weights

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// object is a msgpack map with an order, and with duplicate keys where a test
// wants them. raw is msgpack as it is.
type (
	object []pair
	pair   struct {
		key   string
		value any
	}
	raw []byte
)

func (o *object) set(key string, v any) {
	for i := range *o {
		if (*o)[i].key == key {
			(*o)[i].value = v
			return
		}
	}
	*o = append(*o, pair{key, v})
}

func (o *object) remove(key string) {
	for i := range *o {
		if (*o)[i].key == key {
			*o = append((*o)[:i:i], (*o)[i+1:]...)
			return
		}
	}
}

func (o *object) add(key string, v any) { *o = append(*o, pair{key, v}) }

// document is a file that a test can bend in every way.
type document struct {
	header  object
	tensors []object
	data    []byte
	rehash  bool // give the header the sha256 of the data
	repad   bool // align the data
	tail    []byte
	first   []byte // instead of an array of two
}

func (d *document) tensor(i int) *object { return &d.tensors[i] }

// sampleDocument is a valid file of three tensors: w, an i8 [2, 3]; its scale
// s; and b, an f32 [20], with gaps before s and b.
func sampleDocument() *document {
	d := &document{rehash: true, repad: true, data: make([]byte, 208)}
	for i := range 6 {
		d.data[i] = byte(i + 1)
	}
	binary.LittleEndian.PutUint32(d.data[64:], math.Float32bits(0.5))
	binary.LittleEndian.PutUint32(d.data[204:], math.Float32bits(2))
	d.tensors = []object{
		{{"name", "w"}, {"dtype", "i8"}, {"shape", []int{2, 3}}, {"offset", 0}, {"length", 6}, {"scale", "s"}},
		{{"name", "s"}, {"dtype", "f32"}, {"shape", []int{2}}, {"offset", 64}, {"length", 8}},
		{{"name", "b"}, {"dtype", "f32"}, {"shape", []int{20}}, {"offset", 128}, {"length", 80}},
	}
	d.header = object{
		{"format", "hrm"}, {"version", 1}, {"config", object{{"a", 1}, {"b", 2.5}}}, {"task", "sudoku"},
		{"meta", object{{"k", "v"}}}, {"tensors", nil}, {"sha256", make([]byte, 32)}, {"pad", []byte{}},
	}
	return d
}

func encodeValue(e *msgpack.Encoder, buf *bytes.Buffer, v any) {
	switch v := v.(type) {
	case raw:
		buf.Write(v)
	case object:
		e.EncodeMapLen(len(v))
		for _, p := range v {
			e.EncodeString(p.key)
			encodeValue(e, buf, p.value)
		}
	case []object:
		e.EncodeArrayLen(len(v))
		for _, o := range v {
			encodeValue(e, buf, o)
		}
	default:
		if err := e.Encode(v); err != nil {
			panic(err)
		}
	}
}

func (d *document) bytes() []byte {
	if d.rehash {
		sum := sha256.Sum256(d.data)
		d.header.set("sha256", sum[:])
	}
	for i := range d.header {
		if d.header[i].key == "tensors" && d.header[i].value == nil {
			d.header[i].value = d.tensors
		}
	}
	head := func() []byte {
		var buf bytes.Buffer
		e := msgpack.NewEncoder(&buf)
		e.UseCompactInts(true)
		if d.first != nil {
			buf.Write(d.first)
		} else {
			e.EncodeArrayLen(2)
		}
		encodeValue(e, &buf, d.header)
		e.EncodeBytesLen(len(d.data))
		return buf.Bytes()
	}
	if d.repad {
		d.header.set("pad", []byte{})
		n := len(head())
		d.header.set("pad", make([]byte, (Align-n%Align)%Align))
	}
	return append(append(head(), d.data...), d.tail...)
}

// huge is a msgpack header of the given code that declares 2^32-1 elements.
func huge(code byte) raw { return raw{code, 0xff, 0xff, 0xff, 0xff} }

type malformed struct {
	name string
	bend func(*document)
	err  error  // wrapped
	want string // in the message
}

var malformedHeaders = []malformed{
	{"format is another", func(d *document) { d.header.set("format", "gguf") }, ErrFormat, `format is "gguf"`},
	{"format is a number", func(d *document) { d.header.set("format", 1) }, ErrFormat, "an integer, want a string"},
	{"no format", func(d *document) { d.header.remove("format") }, ErrFormat, `no "format"`},
	{"version of the future", func(d *document) { d.header.set("version", 3) }, ErrVersion, "3, this program reads 1 to 2"},
	{"version 0", func(d *document) { d.header.set("version", 0) }, ErrVersion, "0, this program reads 1 to 2"},
	{"version beyond int64", func(d *document) { d.header.set("version", uint64(math.MaxUint64)) }, ErrFormat, "too large"},
	{"version is a string", func(d *document) { d.header.set("version", "1") }, ErrFormat, "a string, want an integer"},
	{"version is a float", func(d *document) { d.header.set("version", 1.0) }, ErrFormat, "a float, want an integer"},
	{"no version", func(d *document) { d.header.remove("version") }, ErrFormat, `no "version"`},
	{"no config", func(d *document) { d.header.remove("config") }, ErrFormat, `no "config"`},
	{"config is an array", func(d *document) { d.header.set("config", []int{1}) }, ErrFormat, "an array, want a map"},
	{"config holds a map", func(d *document) { d.header.set("config", object{{"a", object{}}}) }, ErrFormat, "a map, want a string, boolean"},
	{"config holds nil", func(d *document) { d.header.set("config", object{{"a", raw{0xc0}}}) }, ErrFormat, "a nil or an extension"},
	{"config holds an extension", func(d *document) { d.header.set("config", object{{"a", raw{0xd4, 1, 2}}}) }, ErrFormat, "a nil or an extension"},
	{"config has a key twice", func(d *document) { d.header.set("config", object{{"a", 1}, {"a", 2}}) }, ErrFormat, `config has the key "a" twice`},
	{"config has a key that is no string", func(d *document) { d.header.set("config", raw{0x81, 0x01, 0x02}) }, ErrFormat, "key in config"},
	{"config of 2^32 fields", func(d *document) { d.header.set("config", huge(0xdf)) }, ErrTruncated, "4294967295 elements"},
	{"config is an extension before a map", func(d *document) { d.header.set("config", raw{0xd4, 1, 2, 0x80}) }, ErrFormat, "want a map"},
	{"no task", func(d *document) { d.header.remove("task") }, ErrFormat, `no "task"`},
	{"task is nil", func(d *document) { d.header.set("task", raw{0xc0}) }, ErrFormat, "want a string"},
	{"task is a bin", func(d *document) { d.header.set("task", []byte("sudoku")) }, ErrFormat, "a bin, want a string"},
	{"task is not UTF-8", func(d *document) { d.header.set("task", "\xff") }, ErrFormat, "not UTF-8"},
	{"task of 2^32 bytes", func(d *document) { d.header.set("task", huge(0xdb)) }, ErrTruncated, "4294967295 elements"},
	{"no meta", func(d *document) { d.header.remove("meta") }, ErrFormat, `no "meta"`},
	{"meta holds a number", func(d *document) { d.header.set("meta", object{{"a", 1}}) }, ErrFormat, "an integer, want a string"},
	{"meta has a key twice", func(d *document) { d.header.set("meta", object{{"a", "1"}, {"a", "2"}}) }, ErrFormat, `meta has the key "a" twice`},
	{"no tensors", func(d *document) { d.header.remove("tensors") }, ErrFormat, `no "tensors"`},
	{"tensors is a map", func(d *document) { d.header.set("tensors", object{}) }, ErrFormat, "a map, want an array"},
	{"2^32 tensors", func(d *document) { d.header.set("tensors", huge(0xdd)) }, ErrTruncated, "4294967295 elements"},
	{"no sha256", func(d *document) { d.rehash = false; d.header.remove("sha256") }, ErrFormat, `no "sha256"`},
	{"sha256 of 31 bytes", func(d *document) { d.rehash = false; d.header.set("sha256", make([]byte, 31)) }, ErrFormat, "31 bytes, want 32"},
	{"sha256 is a string", func(d *document) { d.rehash = false; d.header.set("sha256", strings.Repeat("x", 32)) }, ErrFormat, "a string, want a bin"},
	{"sha256 of other data", func(d *document) { d.rehash = false }, ErrHash, "the header says 00000000"},
	{"version 2 without a hash of the header", func(d *document) { d.header.set("version", 2) }, ErrFormat, `version 2 without "header_sha256"`},
	{"version 1 with a hash of the header", func(d *document) { d.header.add(headerHash, make([]byte, 32)) }, ErrFormat, `version 1 with "header_sha256"`},
	{"hash of the header of 31 bytes", func(d *document) { d.header.add(headerHash, make([]byte, 31)) }, ErrFormat, "31 bytes, want 32"},
	{"hash of another header", func(d *document) { d.header.set("version", 2); d.header.add(headerHash, make([]byte, 32)) }, ErrHeaderHash, "the header says 00000000"},
	{"no pad", func(d *document) { d.repad = false; d.header.remove("pad") }, ErrFormat, `no "pad"`},
	{"pad of 64 bytes", func(d *document) { d.repad = false; d.header.set("pad", make([]byte, 64)) }, ErrFormat, "64 bytes, want at most 63"},
	{"pad is not zero", func(d *document) { d.repad = false; d.header.set("pad", []byte{0, 1}) }, ErrFormat, "pad is not zero"},
	{"pad is an array", func(d *document) { d.repad = false; d.header.set("pad", []int{}) }, ErrFormat, "an array, want a bin"},
	{"unknown key", func(d *document) { d.header.add("licence", "free") }, ErrFormat, `"licence" in header`},
	{"key of another case", func(d *document) { d.header.add("Format", "hrm") }, ErrFormat, `"Format" in header`},
	{"key twice", func(d *document) { d.header.add("task", "maze") }, ErrFormat, `header has the key "task" twice`},
}

var malformedTensors = []malformed{
	{"entry is a string", func(d *document) { d.header.set("tensors", []string{"w"}) }, ErrFormat, "a string, want a map"},
	{"no name", func(d *document) { d.tensor(0).remove("name") }, ErrTensor, "no name"},
	{"empty name", func(d *document) { d.tensor(0).set("name", "") }, ErrTensor, "no name"},
	{"name of 256 bytes", func(d *document) { d.tensor(0).set("name", strings.Repeat("n", 256)) }, ErrTensor, "name of 256 bytes"},
	{"name twice", func(d *document) { d.tensor(2).set("name", "w") }, ErrTensor, `"w" is there twice`},
	{"no dtype", func(d *document) { d.tensor(2).remove("dtype") }, ErrTensor, "no dtype"},
	{"unknown dtype", func(d *document) { d.tensor(2).set("dtype", "f64") }, ErrTensor, `dtype is "f64"`},
	{"dtype in capitals", func(d *document) { d.tensor(2).set("dtype", "F32") }, ErrTensor, `dtype is "F32"`},
	{"no shape", func(d *document) { d.tensor(2).remove("shape") }, ErrTensor, "no shape"},
	{"dimension 0", func(d *document) { d.tensor(2).set("shape", []int{20, 0}) }, ErrTensor, "dimension 1 is 0"},
	{"dimension -1", func(d *document) { d.tensor(2).set("shape", []int{-1}) }, ErrTensor, "dimension 0 is -1"},
	{"dimension is a float", func(d *document) { d.tensor(2).set("shape", []float64{20}) }, ErrFormat, "a float, want an integer"},
	{"nine dimensions", func(d *document) { d.tensor(2).set("shape", make([]int, 9)) }, ErrTensor, "9 dimensions, want at most 8"},
	{"shape of 2^32 dimensions", func(d *document) { d.tensor(2).set("shape", huge(0xdd)) }, ErrTruncated, "4294967295 elements"},
	{"shape is larger than the data", func(d *document) { d.tensor(2).set("shape", []int{53}) }, ErrTruncated, "does not fit 208 bytes"},
	{"shape's product wraps to 20", func(d *document) { d.tensor(2).set("shape", []int{1 << 30, 1 << 30, 1 << 4, 20}) }, ErrTruncated, "does not fit"},
	{"no offset", func(d *document) { d.tensor(2).remove("offset") }, ErrTensor, "no offset"},
	{"negative offset", func(d *document) { d.tensor(2).set("offset", -128) }, ErrTensor, "-128 is negative"},
	{"offset beyond the data", func(d *document) { d.tensor(2).set("offset", 256) }, ErrTruncated, "80 bytes at 256 of 208"},
	{"offset plus length wraps", func(d *document) { d.tensor(2).set("offset", int64(math.MaxInt64)) }, ErrTruncated, "80 bytes at 9223372036854775807"},
	{"offset misaligned", func(d *document) {
		d.data = append(d.data, 0, 0, 0, 0)
		d.tensor(2).set("offset", 132)
	}, ErrLayout, "starts at 132, want a multiple of 64"},
	{"overlap", func(d *document) { d.tensor(1).set("offset", 0) }, ErrLayout, "overlaps the tensor before, which ends at 6"},
	{"hole", func(d *document) {
		d.data = append(d.data, make([]byte, 64)...)
		d.tensor(2).set("offset", 192)
	}, ErrLayout, "leaves a hole from 128"},
	{"gap is not zero", func(d *document) { d.data[7] = 1 }, ErrLayout, "gap from 6 to 64 is not zero"},
	{"another order", func(d *document) { d.tensors[0], d.tensors[1] = d.tensors[1], d.tensors[0] }, ErrLayout, "starts at 64 and leaves a hole from 0"},
	{"bytes after the last tensor", func(d *document) { d.data = append(d.data, 0) }, ErrLayout, "1 bytes after the last tensor"},
	{"data without tensors", func(d *document) { d.tensors = d.tensors[:0] }, ErrLayout, "208 bytes after the last tensor"},
	{"no length", func(d *document) { d.tensor(2).remove("length") }, ErrTensor, "no length"},
	{"length too small", func(d *document) { d.tensor(2).set("length", 79) }, ErrTensor, "length is 79, want 80"},
	{"length too large", func(d *document) { d.tensor(2).set("length", 84) }, ErrTensor, "length is 84, want 80"},
	{"negative length", func(d *document) { d.tensor(2).set("length", -80) }, ErrTensor, "-80 is negative"},
	{"i8 without scale", func(d *document) { d.tensor(0).remove("scale") }, ErrTensor, `"w" is i8 without a scale`},
	{"empty scale", func(d *document) { d.tensor(0).set("scale", "") }, ErrTensor, "empty name"},
	{"scale that is not there", func(d *document) { d.tensor(0).set("scale", "x") }, ErrTensor, `there is no scale "x"`},
	{"scale of another shape", func(d *document) { d.tensor(0).set("scale", "b") }, ErrTensor, "its scale is f32 [20], want f32 [2]"},
	{"scale of another dtype", func(d *document) { d.tensor(1).set("dtype", "i32") }, ErrTensor, "its scale is i32 [2], want f32 [2]"},
	{"scale is itself", func(d *document) { d.tensor(0).set("scale", "w") }, ErrTensor, "its scale is i8"},
	{"f32 with a scale", func(d *document) { d.tensor(2).set("scale", "s") }, ErrTensor, "has a scale, want none"},
	{"i8 without rows", func(d *document) {
		d.tensor(0).set("shape", []int{})
		d.tensor(0).set("length", 1)
		clear(d.data[1:6])
	}, ErrTensor, "i8 without rows"},
	{"unknown key in an entry", func(d *document) { d.tensor(2).add("stride", 1) }, ErrTensor, `"stride" in tensor 2`},
	{"key twice in an entry", func(d *document) { d.tensor(2).add("offset", 128) }, ErrFormat, `tensor 2 has the key "offset" twice`},
}

var malformedDocuments = []malformed{
	{"an array of three", func(d *document) { d.first, d.tail = []byte{0x93}, []byte{0xc0} }, ErrFormat, "an array of 3, want 2"},
	{"an array of one", func(d *document) { d.first = []byte{0x91} }, ErrFormat, "an array of 1, want 2"},
	{"a map", func(d *document) { d.first = []byte{0x82} }, ErrFormat, "does not start like one"},
	{"a zip", func(d *document) { d.first = []byte("PK\x03\x04") }, ErrFormat, "it is a zip archive: if torch.save wrote it, hrm import"},
	{"header is an array", func(d *document) { d.first = []byte{0x92, 0x92} }, ErrFormat, "an array, want a map"},
	{"a byte after the data", func(d *document) { d.tail = []byte{0} }, ErrFormat, "1 bytes after the data"},
	{"two documents", func(d *document) { d.tail = sampleDocument().bytes() }, ErrFormat, "bytes after the data"},
	{"data not aligned", func(d *document) { d.repad = false }, ErrLayout, "want a multiple of 64"},
}

func TestSampleDocumentIsValid(t *testing.T) {
	f, err := Parse(sampleDocument().bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.Names(), " "); got != "w s b" {
		t.Errorf("tensors %s", got)
	}
}

func TestMalformed(t *testing.T) {
	cases := append(append(append([]malformed(nil), malformedDocuments...), malformedHeaders...), malformedTensors...)
	if len(cases) < 60 {
		t.Errorf("%d cases, want at least 60", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := sampleDocument()
			c.bend(d)
			f, err := Parse(d.bytes())
			if f != nil || !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %v: %s", err, c.err, c.want)
			}
		})
	}
}

// What is given in place of a model is named, with what to do.
func TestOtherFilesAreNamed(t *testing.T) {
	for head, want := range map[string]string{
		"<html><body>404": "it is a web page (HTML): download the file itself",
		"version https://git-lfs.github.com/spec/v1\nsize 99\n": "it is a Git LFS pointer (to a file of 99 bytes): download the real file",
		"GGUF\x02\x00":            "it is a GGUF model",
		"\x08\x0a\x12\x07pytorch": "it is an ONNX model: hrm export writes ONNX, and reads none",
		"\x80\x05\x95":            "it is a Python pickle",
		"a: 1\n":                  "it is text; hrm import makes a .hrm file",
		"\x01\x02\x03":            "does not start like one",
	} {
		if _, err := Parse([]byte(head)); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", head, err, want)
		}
	}
	if _, err := Parse(nil); !errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), "an empty file") {
		t.Errorf("nothing: %v", err)
	}
}

// A file that ends early is cut short wherever it ends, and never valid.
func TestCutShort(t *testing.T) {
	whole := sampleDocument().bytes()
	for n := range whole {
		if _, err := Parse(whole[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// A flipped bit is always found, but for one in a header of version 1, which
// never panics. That of the header is found without a look at the data.
func TestFlippedBits(t *testing.T) {
	for version, whole := range map[int][]byte{1: sampleDocument().bytes(), 2: mustEncode(t, sampleHeader(), sampleTensors())} {
		f, err := Parse(whole)
		if err != nil || f.Header.Version != version {
			t.Fatalf("version %d: %v, %v", version, f, err)
		}
		data := len(whole) - len(f.data)
		for i := range whole {
			for bit := range 8 {
				bent := bytes.Clone(whole)
				bent[i] ^= 1 << bit
				_, err := Options{SkipHash: i < data}.Parse(bent)
				if err == nil && (version > 1 || i >= data) {
					t.Errorf("version %d: flipping bit %d of byte %d, data from %d, was not noticed", version, bit, i, data)
				}
			}
		}
	}
}

func TestSkipHash(t *testing.T) {
	d := sampleDocument()
	d.rehash = false
	f, err := Options{SkipHash: true}.Parse(d.bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.VerifyHash(); !errors.Is(err, ErrHash) {
		t.Errorf("VerifyHash: %v", err)
	}
}

func TestReadFileErrors(t *testing.T) {
	path := t.TempDir() + "/x.hrm"
	if _, err := ReadFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte{0x92}, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); !errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), path) {
		t.Errorf("one byte: %v", err)
	}
}
