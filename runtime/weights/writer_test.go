package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets a test run this binary as a process that writes files until it
// is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("HRM_TEST_WRITE"); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

func writeForever(path string) {
	for i := 0; ; i++ {
		w := make([]float32, 1<<16)
		for j := range w {
			w[j] = float32(i)
		}
		h := Header{Meta: map[string]string{"round": fmt.Sprint(i)}}
		if err := WriteFile(path, h, []Tensor{Of("a", F32, w[:100], 100), Of("w", F32, w, 1<<16)}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// A writer is killed at random moments, 20 times, or 200 with HRM_LONG=1.
// After each the file is there, whole, and of one round, and the next writer
// leaves nothing of the dead one.
func TestKilledWriter(t *testing.T) {
	if goruntime.GOOS == "js" || goruntime.GOOS == "wasip1" {
		t.Skip("no processes here")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	rounds := 20
	if os.Getenv("HRM_LONG") != "" {
		rounds = 200
	}
	path := filepath.Join(t.TempDir(), "m.hrm")
	if err := WriteFile(path, Header{}, []Tensor{Of("w", F32, make([]float32, 3), 3)}); err != nil {
		t.Fatal(err)
	}
	leftovers := 0
	for i := range rounds {
		child := exec.Command(exe)
		child.Env = append(os.Environ(), "HRM_TEST_WRITE="+path)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Millisecond + rand.N(30*time.Millisecond))
		child.Process.Kill()
		child.Wait()
		checkOneRound(t, path, i)
		entries, _ := os.ReadDir(filepath.Dir(path))
		leftovers += len(entries) - 1
		if len(entries) > 2 {
			t.Errorf("kill %d: %d files of dead writers, want at most the last one's", i, len(entries)-1)
		}
	}
	t.Logf("%d kills, %d of them in the middle of a file", rounds, leftovers)
}

func checkOneRound(t *testing.T, path string, kill int) {
	t.Helper()
	f, err := ReadFile(path)
	if err != nil {
		t.Fatalf("kill %d: %v", kill, err)
	}
	x, _ := f.Tensor("w")
	w, err := View[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	if round := f.Header.Meta["round"]; round != "" && fmt.Sprint(w[0]) != round || w[0] != w[len(w)-1] {
		t.Fatalf("kill %d: round %s holds %v ... %v", kill, round, w[0], w[len(w)-1])
	}
}

func TestStaleFilesAreSwept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.hrm")
	stale := tempName(path)
	others := []string{
		path + ".tmp",
		filepath.Join(filepath.Dir(path), ".m.hrm.notrandom.tmp"),
		filepath.Join(filepath.Dir(path), ".other.hrm.0123456789abcdef.tmp"),
	}
	old := time.Now().Add(-48 * time.Hour)
	for _, name := range append(others, stale) {
		if err := os.WriteFile(name, []byte("half"), 0o666); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(name, old, old)
	}
	if err := WriteFile(path, Header{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the stale file is still there")
	}
	for _, name := range others {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("a file of somebody else is gone: %v", err)
		}
	}
}

// Writers of one file at once: none takes another's temporary file for stale,
// and the last to commit wins.
func TestConcurrentWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.hrm")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				w := make([]float32, 1000)
				for j := range w {
					w[j] = float32(i)
				}
				h := Header{Meta: map[string]string{"round": fmt.Sprint(i)}}
				if err := WriteFile(path, h, []Tensor{Of("w", F32, w, 1000)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	checkOneRound(t, path, 0)
	onlyFile(t, path)
}

// A tensor of 64 MiB passes through the writer in a buffer.
func TestWriterStreams(t *testing.T) {
	const n = 16 << 20
	path := filepath.Join(t.TempDir(), "m.hrm")
	before := allocated()
	w, err := Create(path, Header{}, []Spec{{Name: "w", DType: F32, Shape: []int{n}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(io.LimitReader(zeroReader{}, 4*n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if used := allocated() - before; used > 4<<20 {
		t.Errorf("%d bytes allocated", used)
	}
	if _, err := ReadFile(path); err != nil {
		t.Error(err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWriteFileWrongLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.hrm")
	bad := []Tensor{Of("w", F32, make([]float32, 3), 4)}
	if err := WriteFile(path, Header{}, bad); !errors.Is(err, ErrTensor) || !strings.Contains(err.Error(), "12 bytes given, want 16") {
		t.Errorf("WriteFile: %v", err)
	}
	if _, err := Encode(Header{}, bad); !errors.Is(err, ErrTensor) {
		t.Errorf("Encode: %v", err)
	}
	onlyFile(t, path)
}

func TestWriteWhereItCannot(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(filepath.Join(dir, "no", "m.hrm"), Header{}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "m.hrm"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "m.hrm"), Header{}, nil); err == nil {
		t.Error("a folder was replaced")
	}
	onlyFile(t, filepath.Join(dir, "m.hrm"))
}

// The old file is there and whole until the new one is complete.
func TestOldFileStaysUntilCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.hrm")
	if err := WriteFile(path, sampleHeader(), sampleTensors()); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(path)
	w, err := Create(path, Header{}, []Spec{{Name: "a", DType: F32, Shape: []int{1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(strings.NewReader("1234")); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, old) {
		t.Error("the old file changed before Commit")
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if f, err := ReadFile(path); err != nil || len(f.Names()) != 1 {
		t.Errorf("the new file: %v", err)
	}
}
