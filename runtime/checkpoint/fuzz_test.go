package checkpoint

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/edits"
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

// addTorchPickles seeds with the pickles that torch wrote, but for long ones,
// which the fuzzing engine would spend its time on shortening.
func addTorchPickles(f *testing.F) {
	for _, data := range torchFiles(f) {
		a, err := openArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue // the legacy format
		}
		pickle, err := a.read("data.pkl", maxPickle)
		if err != nil {
			f.Fatal(err)
		}
		if len(pickle) < 1<<10 {
			f.Add(pickle)
		}
	}
}

// torchFiles are the files that torch wrote.
func torchFiles(f *testing.F) (files [][]byte) {
	names, err := filepath.Glob("testdata/torch/*.pt")
	if err != nil || len(names) == 0 {
		f.Fatalf("no files: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, data)
	}
	return files
}

// FuzzFile gives the reader of both kinds of file arbitrary files with edits,
// and reads every tensor that it finds.
//
// Run for 200,000 executions: go test -fuzz FuzzFile -fuzztime 200000x
func FuzzFile(f *testing.F) {
	files := torchFiles(f)
	for _, c := range malformedSafe {
		files = append(files, safeBytes(c.header, make([]byte, 8)))
	}
	files = append(files, safeBytes(oneSafe, make([]byte, 8)), uncheckedZip(f, oneTensor(4, []int64{4}, []int64{1}), make([]byte, 16)))
	for i := range files {
		f.Add(byte(i), []byte{})
		f.Add(byte(i), []byte{90, 0, 1, 2})
	}
	f.Fuzz(func(t *testing.T, which byte, changes []byte) {
		checkFile(t, edits.Apply(files[int(which)%len(files)], changes))
	})
}

// FuzzFolder opens folders of a few files, of which one has edits, and reads
// the model that it finds.
//
// Run for 200,000 executions: go test -fuzz FuzzFolder -fuzztime 200000x
func FuzzFolder(f *testing.F) {
	dir := f.TempDir()
	files := folderFiles(f)
	for i := range files {
		f.Add(uint16(1<<i|1<<7), byte(i), []byte{})
		f.Add(uint16(1<<i|1<<7), byte(i), []byte{100, 0, 1, 3})
	}
	f.Add(uint16(0b00000_1_1_1_1_0000), byte(4), []byte{}) // shards with their index
	f.Add(uint16(0b00000_1_0_1_1_0000), byte(7), []byte{}) // and without
	const absent, asItIs, changed = 0, 1, 2
	states := make([]int, len(files)) // of the folder, to write little
	f.Fuzz(func(t *testing.T, present uint16, victim byte, changes []byte) {
		size := 0
		for i, file := range files {
			path := filepath.Join(dir, file.name)
			data, want := file.data, asItIs
			switch {
			case present>>i&1 == 0:
				data, want = nil, absent
			case i == int(victim)%len(files):
				data, want = edits.Apply(data, changes), changed
			}
			var err error
			switch {
			case want == absent && states[i] != absent:
				err = os.Remove(path)
			case want == changed, want != states[i]:
				err = os.WriteFile(path, data, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
			states[i] = want
			size += len(data)
		}
		before := allocated()
		c, err := Open(dir, Options{})
		if err == nil {
			_, err = c.Model(context.Background())
			c.Close()
		}
		if used := allocated() - before; used > perByte*uint64(size)+8*slack {
			t.Fatalf("%d bytes allocated for %d given", used, size)
		}
		if err != nil && (len(err.Error()) > 50_000 || strings.Contains(err.Error(), "checkpoint.") || strings.Contains(err.Error(), "interface {")) {
			t.Fatalf("%d bytes of message: %.500s", len(err.Error()), err)
		}
	})
}

// folderFiles are what a folder may hold: nine files, of which the eighth is
// the configuration.
func folderFiles(f *testing.F) []record {
	c := smallConfig()
	c.Hidden, c.Heads, c.PuzzleEmbDim, c.LLayers, c.NumPuzzles = 2, 1, 2, 1, 1
	sd := smallTensors(c)
	half := len(sd) / 2
	index := `{"weight_map": {"H_init": "m-00001-of-00002.safetensors", "x": "m-00002-of-00002.safetensors"}}`
	yaml := strings.NewReplacer("hidden_size: 8", "hidden_size: 2", "num_heads: 2", "num_heads: 1", "puzzle_emb_ndim: 10", "puzzle_emb_ndim: 2", "L_layers: 2", "L_layers: 1").Replace(smallYAML)
	if _, err := Open(writeFolder(f, map[string][]byte{"step_1": torchFile(f, "inner.", sd), "config.yaml": []byte(yaml)}), Options{}); err != nil {
		f.Fatal(err)
	}
	return []record{
		{name: "checkpoint", data: torchFile(f, "model.inner.", sd)},
		{name: "step_1", data: torchTree(f, []item{{"model", under("", sd)}, {"ema", []item{{"shadow", under("", parameters(sd))}}}, {"args", namespace}})},
		{name: "step_2.pt", data: torchTree(f, []item{{"state_dict", nested(sd)}, {"optimizer", []item{{number, scalar}}}})},
		{name: "model.safetensors", data: safeFile(f, sd)},
		{name: "m-00001-of-00002.safetensors", data: safeFile(f, sd[:half])},
		{name: "m-00002-of-00002.safetensors", data: safeFile(f, sd[half:])},
		{name: "m.safetensors.index.json", data: []byte(index)},
		{name: "all_config.yaml", data: []byte(yaml)},
		{name: "config.json", data: []byte(`{"arch": {"hidden_size": 2, "num_heads": 1, "L_layers": 1, "H_layers": 1}}`)},
	}
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

// FuzzIndex gives the reader of a sharded checkpoint's index arbitrary text.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata": {"total_size": 1}, "weight_map": {"a": "b.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"a": "../b"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, err := parseIndex(data)
		if err == nil && len(names) == 0 {
			t.Fatal("no names and no error")
		}
		for _, name := range names {
			if filepath.Join("dir", name) != "dir"+string(filepath.Separator)+name {
				t.Fatalf("%q leaves the folder", name)
			}
		}
	})
}
