package checkpoint

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"testing"
)

// allocated returns how many bytes the program has allocated so far. The
// runtime counts small objects a span at a time, so a difference may be off by
// slack.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// slack covers spans that are counted late, what the fuzzing engine itself
// allocates meanwhile, and the buffers of widen.
const slack = 1 << 20

// perByte is how many bytes of memory one byte of a file may cost: an opcode
// of a pickle can make an empty dict and a slot on the stack.
const perByte = 512

// FuzzPickle gives the pickle reader arbitrary bytes.
//
// Run for 200,000 executions: go test -fuzz FuzzPickle -fuzztime 200000x
func FuzzPickle(f *testing.F) {
	for _, c := range malformedPickles {
		f.Add(c.pickle)
	}
	f.Add(oneTensor(4, []int64{2, 2}, []int64{1, 2}))
	addTorchPickles(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := allocated()
		v, err := unpickle(data)
		if used := allocated() - before; used > perByte*uint64(len(data))+slack {
			t.Fatalf("%d bytes allocated for %d given", used, len(data))
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
		if ref, ok := v.(tensorRef); ok {
			if n, inside := extent(ref.shape, ref.stride, ref.storage.numel); !inside || ref.offset < 0 || ref.offset+n > ref.storage.numel {
				t.Fatalf("tensor %+v leaves its storage", ref)
			}
		}
	})
}

// addTorchPickles seeds with the pickles that torch wrote.
func addTorchPickles(f *testing.F) {
	names, err := filepath.Glob("testdata/torch/*.pt")
	if err != nil || len(names) == 0 {
		f.Fatalf("no files: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		a, err := openArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue // the legacy format
		}
		pickle, err := a.read("data.pkl", maxPickle)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pickle)
	}
}

// FuzzFile gives the reader of both kinds of file arbitrary bytes, and reads
// every tensor that it finds.
//
// Run for 200,000 executions: go test -fuzz FuzzFile -fuzztime 200000x
func FuzzFile(f *testing.F) {
	names, _ := filepath.Glob("testdata/torch/*.pt")
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	for _, c := range malformedSafe {
		f.Add(safeBytes(c.header, make([]byte, 8)))
	}
	f.Add(safeBytes(oneSafe, make([]byte, 8)))
	f.Add(uncheckedZip(f, oneTensor(4, []int64{4}, []int64{1}), make([]byte, 16)))
	f.Fuzz(checkFile)
}

// FuzzTorch gives a zip that is as it should be an arbitrary pickle and an
// arbitrary storage called 0.
//
// Run for 200,000 executions: go test -fuzz FuzzTorch -fuzztime 200000x
func FuzzTorch(f *testing.F) {
	for _, c := range malformedPickles {
		f.Add(c.pickle, make([]byte, 16))
	}
	f.Add(oneTensor(4, []int64{4}, []int64{1}), make([]byte, 16))
	f.Add(oneTensor(4, []int64{2, 2}, []int64{1, 2}), make([]byte, 16))
	f.Fuzz(func(t *testing.T, pickle, storage []byte) {
		checkFile(t, uncheckedZip(t, pickle, storage))
	})
}

// uncheckedZip has no checksums, so that what is mutated is still read.
func uncheckedZip(t testing.TB, pickle, storage []byte) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, r := range []record{{name: "x/data.pkl", data: pickle}, {name: "x/data/0", data: storage}} {
		size := uint64(len(r.data))
		w, err := z.CreateRaw(&zip.FileHeader{Name: r.name, CompressedSize64: size, UncompressedSize64: size})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(r.data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// checkFile reads a file and all that it holds.
func checkFile(t *testing.T, data []byte) {
	before := allocated()
	c, err := readTensors(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if c != nil {
			t.Fatal("contents beside an error")
		}
		return
	}
	f := &File{}
	if f.take(c, "") != nil || f.name() != nil || f.find(c.size) != nil {
		return
	}
	total := int64(0)
	for i := range f.tensors {
		total += drain(t, &f.tensors[i])
	}
	if used := allocated() - before; used > perByte*uint64(len(data))+slack+uint64(len(f.tensors))<<16 {
		t.Fatalf("%d bytes allocated for %d given", used, len(data))
	}
	if total > 4*int64(len(data)) {
		t.Fatalf("%d bytes of float32 from %d given", total, len(data))
	}
}

// drain reads a tensor to its end and returns how many bytes it gave.
func drain(t *testing.T, x *Tensor) int64 {
	r, err := x.Float32()
	if err != nil {
		return 0
	}
	n, err := io.Copy(io.Discard, r)
	if err == nil && n != 4*int64(x.Len()) {
		t.Fatalf("%d bytes, want %d numbers", n, x.Len())
	}
	return n
}

// FuzzSafeHeader gives the header of a .safetensors file arbitrary text.
func FuzzSafeHeader(f *testing.F) {
	for _, c := range malformedSafe {
		f.Add([]byte(c.header))
	}
	f.Add([]byte(oneSafe))
	f.Fuzz(func(t *testing.T, header []byte) {
		before := allocated()
		entries, err := parseSafeHeader(header)
		if used := allocated() - before; used > perByte*uint64(len(header))+slack {
			t.Fatalf("%d bytes allocated for %d given", used, len(header))
		}
		if err == nil && checkCover(entries, 8) == nil && len(entries) > 8 {
			t.Fatalf("%d tensors in 8 bytes", len(entries))
		}
	})
}

// FuzzYAML gives the configuration reader arbitrary text.
func FuzzYAML(f *testing.F) {
	f.Add([]byte(smallYAML))
	f.Add([]byte("a: &a [1, 2]\nb: *a\n<<: {c: 1}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := parseYAML(data); err != nil && m != nil {
			t.Fatal("a map beside an error")
		}
	})
}
