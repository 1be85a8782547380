package pull

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full ends in its sentence, and what was fetched is there to go on with.
// A limit on the size of files stands for it; it is for a whole process, so that a child
// runs the test.
func TestNoRoom(t *testing.T) {
	if os.Getenv("HRM_TEST_LIMIT") == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestNoRoom$", "-test.v")
		child.Env = append(os.Environ(), "HRM_TEST_LIMIT=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	h := newHub(t, sampleFiles())
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100_000, Max: before.Max}); err != nil {
		t.Skip(err)
	}
	var notes strings.Builder
	_, _, err := get(t, "hf:me/model", h.options(&notes))
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "there is no room for it in "+os.Getenv("XDG_CACHE_HOME")) || !strings.Contains(err.Error(), "make some, and the same command goes on") {
		t.Errorf("%v", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	h.change(func() { h.seen = nil })
	if _, _, err := get(t, "hf:me/model", h.options(&notes)); err != nil {
		t.Error(err)
	}
	if r := h.asked("/store/"); len(r) != 1 || r[0].Header.Get("Range") != "bytes=100000-" {
		t.Errorf("it does not go on: %v", r)
	}
}
