package runtime

import (
	"runtime/metrics"
	"testing"

	"github.com/hrmgo/hrm/runtime/weights"
)

// FuzzLoad makes models of arbitrary files. It must not panic, and a model
// that it makes must be saved as it was loaded. What it may allocate is a
// small multiple of the file, besides the list of at most 200 missing layers.
func FuzzLoad(f *testing.F) {
	for _, c := range tinyConfigs() {
		if c.SeqLen == 81 {
			continue // seeds should be small
		}
		c.VocabSize, c.Hidden, c.Heads, c.Expansion = 1, 2, 1, 0.5
		c.PuzzleEmbDim = min(c.PuzzleEmbDim, 2)
		data, err := numbered(f, c).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := allocated()
		file, err := weights.Options{SkipHash: true}.Parse(data)
		if err != nil {
			return
		}
		m, err := Load(file)
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

// allocated returns how many bytes the program has allocated so far.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
