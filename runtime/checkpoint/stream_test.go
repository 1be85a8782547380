package checkpoint

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// sparse writes to a file and leaves holes where it would write zeros, so that
// a large file of zeros takes no room.
type sparse struct{ *os.File }

func (s sparse) Write(p []byte) (int, error) {
	if len(bytes.Trim(p, "\x00")) > 0 {
		return s.File.Write(p)
	}
	_, err := s.Seek(int64(len(p)), io.SeekCurrent)
	return len(p), err
}

// sparseCheckpoint writes a checkpoint of zeros.
func sparseCheckpoint(t *testing.T, path string, c runtime.Config) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z := zip.NewWriter(sparse{file})
	p := new(pickler).begin()
	zeros := make([]byte, 1<<20)
	for i, s := range c.TensorShapes() {
		shape, stride, numel := rowMajor(s.Shape)
		p.str(s.Name).tensor("torch.FloatStorage", fmt.Sprint(i), numel, 0, shape, stride)
		size := 4 * numel
		w, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("checkpoint/data/%d", i), CompressedSize64: uint64(size), UncompressedSize64: uint64(size)})
		if err != nil {
			t.Fatal(err)
		}
		for ; size > 0; size -= min(size, 1<<20) {
			if _, err := w.Write(zeros[:min(size, 1<<20)]); err != nil {
				t.Fatal(err)
			}
		}
	}
	w, err := z.CreateHeader(&zip.FileHeader{Name: "checkpoint/data.pkl"})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p.end())
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// A puzzle table passes through the conversion in a buffer: 64 MiB, or with
// HRM_LONG=1 the 1,045,829 rows of the published ARC-2 model, 2.1 GB.
func TestConvertStreams(t *testing.T) {
	c := smallConfig()
	c.VocabSize, c.SeqLen, c.NumPuzzles, c.PuzzleEmbDim, c.Hidden = 12, 900, 32768, 512, 512
	if os.Getenv("HRM_LONG") != "" {
		c.NumPuzzles = 1_045_829
	}
	dir := t.TempDir()
	sparseCheckpoint(t, filepath.Join(dir, "checkpoint"), c)
	before := allocated()
	f, err := Open(dir, Options{Config: map[string]any{"H_layers": 1, "L_layers": 2, "L_cycles": 3, "num_heads": 2, "halt_max_steps": 5}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Config != c || f.Task != "arc" {
		t.Fatalf("%+v", f.Config)
	}
	path := filepath.Join(dir, "m.hrm")
	if err := Convert(context.Background(), path, f, nil); err != nil {
		t.Fatal(err)
	}
	if used := allocated() - before; used > 4<<20 {
		t.Errorf("%d bytes allocated in all", used)
	} else {
		t.Logf("%d bytes allocated in all for a table of %d", used, 4*c.NumPuzzles*c.PuzzleEmbDim)
	}
	file, err := weights.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := runtime.Load(file); err != nil || m.PuzzleEmb.Rows != c.NumPuzzles {
		t.Errorf("the converted model: %v", err)
	}
}
