package weights

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func sampleHeader() Header {
	return Header{
		Config:   map[string]any{"family": "hrm", "hidden_size": int64(64), "expansion": 2.5, "mlp_t": false},
		Task:     "sudoku",
		TaskSpec: map[string]any{"rows": int64(4), "labels": "directions"},
		Meta:     map[string]string{"license": "Apache-2.0", "exact_accuracy": "0.55"},
	}
}

func sampleTensors() []Tensor {
	q := Of("lm_head.weight", I8, []int8{1, -2, 3, -4, 5, -6}, 2, 3)
	q.Scale = "lm_head.weight.scale"
	return []Tensor{
		Of("H_init", F32, []float32{1, -2.5, 3}, 3),
		q,
		Of("lm_head.weight.scale", F32, []float32{0.5, 0.25}, 2),
		Of("embed", F16, []uint16{0x3c00, 0xc000}, 1, 2),
		Of("pos", BF16, []uint16{0x3f80, 0xc000}, 2, 1),
		Of("train/step", U64, []uint64{1 << 40}),
		Of("train/ids", I32, []int32{-7}, 1),
	}
}

func mustEncode(t testing.TB, h Header, tensors []Tensor) []byte {
	t.Helper()
	data, err := Encode(h, tensors)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func checkSample(t *testing.T, f *File) {
	t.Helper()
	want := sampleHeader()
	want.Version = Version
	if !reflect.DeepEqual(f.Header, want) {
		t.Errorf("header %v, want %v", f.Header, want)
	}
	tensors := sampleTensors()
	if len(f.Names()) != len(tensors) {
		t.Fatalf("names %q", f.Names())
	}
	for i, w := range tensors {
		got, ok := f.Tensor(w.Name)
		if !ok || f.Names()[i] != w.Name || got.DType != w.DType || got.Scale != w.Scale || !bytes.Equal(got.Bytes, w.Bytes) || len(got.Shape) != len(w.Shape) || got.Len() != w.Len() {
			t.Errorf("tensor %d is %v, want %v", i, got, w)
		}
	}
}

func TestEncodeParse(t *testing.T) {
	f, err := Parse(mustEncode(t, sampleHeader(), sampleTensors()))
	if err != nil {
		t.Fatal(err)
	}
	checkSample(t, f)
	if _, ok := f.Tensor("nothing"); ok {
		t.Error("a tensor that is not there was found")
	}
}

// Every length of a header and of data that changes the pad or the head of the
// data's bin must give an aligned file.
func TestAlignment(t *testing.T) {
	for n := range 140 {
		for _, size := range []int{1, 63, 200, 300, 65530, 66000} {
			h := Header{Task: strings.Repeat("x", n)}
			data := mustEncode(t, h, []Tensor{Of("w", I32, make([]int32, size), size)})
			if _, err := Parse(data); err != nil {
				t.Fatalf("task of %d bytes, %d numbers: %v", n, size, err)
			}
		}
	}
	if _, err := Parse(mustEncode(t, Header{}, nil)); err != nil {
		t.Errorf("no tensors: %v", err)
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.hrm")
	for range 2 { // the second replaces the first
		if err := WriteFile(path, sampleHeader(), sampleTensors()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, mustEncode(t, sampleHeader(), sampleTensors())) {
		t.Error("the writer and Encode differ")
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkSample(t, f)
	onlyFile(t, path)
}

// onlyFile reports anything else in path's folder.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(path) {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestViewInPlaceAndCopied(t *testing.T) {
	f, err := Parse(mustEncode(t, sampleHeader(), sampleTensors()))
	if err != nil {
		t.Fatal(err)
	}
	in, _ := f.Tensor("H_init")
	shifted := in
	shifted.Bytes = append(make([]byte, 1, 16), in.Bytes...)[1:]
	for name, x := range map[string]Tensor{"aligned": in, "misaligned": shifted} {
		got, err := View[float32](x)
		if err != nil || !reflect.DeepEqual(got, []float32{1, -2.5, 3}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if a := testing.AllocsPerRun(10, func() { View[float32](in) }); littleEndian && a != 0 {
		t.Errorf("an aligned view allocates %v times", a)
	}
	if _, err := View[int8](in); err == nil {
		t.Error("f32 was seen as int8")
	}
}

func TestFloat32s(t *testing.T) {
	f, err := Parse(mustEncode(t, sampleHeader(), sampleTensors()))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"embed", "pos"} {
		x, _ := f.Tensor(name)
		if got, err := x.Float32s(); err != nil || !reflect.DeepEqual(got, []float32{1, -2}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	x, _ := f.Tensor("train/step")
	if _, err := x.Float32s(); err == nil {
		t.Error("u64 was seen as float32")
	}
}

func TestWriterRefuses(t *testing.T) {
	spec := func(name string, d DType, shape ...int) Spec { return Spec{Name: name, DType: d, Shape: shape} }
	cases := map[string]struct {
		h     Header
		specs []Spec
		want  error
	}{
		"same name twice":   {specs: []Spec{spec("a", F32, 1), spec("a", F32, 1)}, want: ErrTensor},
		"no name":           {specs: []Spec{spec("", F32, 1)}, want: ErrTensor},
		"dimension 0":       {specs: []Spec{spec("a", F32, 0)}, want: ErrTensor},
		"no dtype":          {specs: []Spec{spec("a", 0, 1)}, want: ErrTensor},
		"i8 without scale":  {specs: []Spec{spec("a", I8, 1)}, want: ErrTensor},
		"beyond 4 GiB":      {specs: []Spec{spec("a", F32, 1<<15, 1<<15)}, want: ErrTruncated},
		"together beyond":   {specs: []Spec{spec("a", F32, 1<<14, 1<<15), spec("b", F32, 1<<14, 1<<15)}, want: ErrFormat},
		"config of a slice": {h: Header{Config: map[string]any{"a": []int{1}}}, want: ErrFormat},
		"task not UTF-8":    {h: Header{Task: "\xff"}, want: ErrFormat},
	}
	for name, c := range cases {
		path := filepath.Join(t.TempDir(), "x.hrm")
		if _, err := Create(path, c.h, c.specs); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		onlyFile(t, path)
	}
}

func TestWriterFailsCleanly(t *testing.T) {
	specs := []Spec{{Name: "a", DType: F32, Shape: []int{2}}}
	broken := errors.New("broken source")
	cases := map[string]struct {
		write func(*Writer) error
		want  string
	}{
		"short tensor": {func(w *Writer) error { return w.Write(strings.NewReader("1234")) }, "4 bytes given, want 8"},
		"broken source": {func(w *Writer) error {
			return w.Write(io.MultiReader(strings.NewReader("1234"), errReader{broken}))
		}, "broken source"},
		"missing tensor": {(*Writer).Commit, `tensor "a" was not written`},
		"one too many": {func(w *Writer) error {
			if err := w.Write(strings.NewReader("12345678")); err != nil {
				return err
			}
			return w.Write(strings.NewReader("12345678"))
		}, "more tensors written"},
		"aborted": {func(w *Writer) error { w.Abort(); return w.Commit() }, "closed"},
	}
	for name, c := range cases {
		path := filepath.Join(t.TempDir(), "x.hrm")
		w, err := Create(path, Header{}, specs)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.write(w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err := w.Commit(); err == nil {
			t.Errorf("%s: committed after an error", name)
		}
		onlyFile(t, path)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// Any msgpack library reads a file, without knowing this package.
func TestPlainMsgpack(t *testing.T) {
	var doc []any
	if err := msgpack.Unmarshal(mustEncode(t, sampleHeader(), sampleTensors()), &doc); err != nil {
		t.Fatal(err)
	}
	header, _ := doc[0].(map[string]any)
	tensors, _ := header["tensors"].([]any)
	data, _ := doc[1].([]byte)
	if len(doc) != 2 || header["format"] != "hrm" || len(tensors) != len(sampleTensors()) || len(data) == 0 {
		t.Errorf("it reads %v", doc)
	}
}

// Machines with the other order of bytes see the same numbers.
func TestSwap(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	swap(b, 1)
	swap(b, 4)
	if want := []byte{4, 3, 2, 1, 8, 7, 6, 5}; !bytes.Equal(b, want) {
		t.Errorf("%v, want %v", b, want)
	}
}

// A header has the same bytes with every version of the msgpack library: the
// shortest form of each value, keys in one order.
func TestEncodedBytes(t *testing.T) {
	h := Header{
		Task: "grid", TaskSpec: map[string]any{"blank": ".", "alphabet": strings.Repeat("x", 40)},
		Config: map[string]any{"b": true, "i": -70000, "n": int64(1) << 40, "f": 0.5, "s": "ropé"},
		Meta:   map[string]string{"z": strings.Repeat("long ", 100), "a": ""},
	}
	data, err := Encode(h, []Tensor{Of("s", F32, []float32{0.5, 2}, 2), {Spec: Spec{Name: "w", DType: I8, Shape: []int{2, 300}, Scale: "s"}, Bytes: make([]byte, 600)}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "e8e74cdc187fe69346ffe2a02966a9037dcae3a6e615be8f62fd9a786a80ebd5"
	if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != want {
		t.Errorf("%d bytes with the hash %s, want %s", len(data), got, want)
	}
}
