package runtime

import (
	"bytes"
	"maps"
	"runtime/metrics"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/internal/edits"
	"github.com/hrmgo/hrm/runtime/weights"
)

// FuzzLoad makes models of files with edits. It must not panic, and a model
// that it makes must be saved as it was loaded. What it may allocate is a small
// multiple of the file, besides the list of at most 200 missing layers.
func FuzzLoad(f *testing.F) {
	configs := tinyConfigs()
	var files [][]byte
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		c := configs[name]
		if c.SeqLen == 81 {
			continue // small
		}
		c.VocabSize, c.Hidden, c.Heads, c.Expansion = 1, 2, 1, 0.5
		c.PuzzleEmbDim = min(c.PuzzleEmbDim, 2)
		data, err := numbered(f, c).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(len(files)), []byte{})
		f.Add(byte(len(files)), []byte{60, 0, 0, 9})
		files = append(files, version1(data))
		if _, err := load(files[len(files)-1]); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, changes []byte) {
		data := edits.Apply(files[int(which)%len(files)], changes)
		before := allocated()
		m, err := load(data)
		if used := allocated() - before; used > 128*uint64(len(data))+4<<20 {
			t.Fatalf("%d bytes allocated for %d given", used, len(data))
		}
		if err != nil {
			return
		}
		if _, err := m.Encode(); err != nil {
			t.Fatalf("what was loaded cannot be saved: %v", err)
		}
	})
}

func load(data []byte) (*Model, error) {
	file, err := weights.Options{SkipHash: true}.Parse(data)
	if err != nil {
		return nil, err
	}
	return Load(file)
}

// version1 is a file without the hash of its header, which would refuse every
// edit of it.
func version1(data []byte) []byte {
	const key = "\xadheader_sha256"
	at := bytes.Index(data, []byte(key))
	pad := bytes.Index(data, []byte("\xa3pad\xc4")) + 5
	removed := len(key) + 2 + 32
	more := (int(data[pad]) + removed) % weights.Align
	out := slices.Clone(data[:at])
	out = append(out, data[at+removed:pad]...)
	out = append(append(out, byte(more)), make([]byte, more)...)
	out = append(out, data[pad+1+int(data[pad]):]...)
	out[1]--
	out[bytes.Index(out, []byte("\xa7version\x02"))+8] = 1
	return out
}

// allocated returns how many bytes the program has allocated so far.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
