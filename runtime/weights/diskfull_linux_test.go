package weights

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that grows beyond what the system allows ends in one clear error and
// leaves nothing, the old file untouched. A limit on the size of files stands
// for the full disk; it is for a whole process, so that a child runs the test.
func TestNoRoom(t *testing.T) {
	if os.Getenv("HRM_TEST_LIMIT") == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestNoRoom$", "-test.v")
		child.Env = append(os.Environ(), "HRM_TEST_LIMIT=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "m.hrm")
	if err := WriteFile(path, sampleHeader(), sampleTensors()); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	err := WriteFile(path, Header{}, []Tensor{Of("w", F32, make([]float32, 1<<20), 1<<20)})
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), `tensor "w"`) {
		t.Errorf("error %v", err)
	}
	onlyFile(t, path)
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkSample(t, f)
}
