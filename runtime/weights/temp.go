package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
)

// tempFile is a file in the folder of path that takes path's name when it is
// complete. Its name is .NAME.RANDOM.tmp, and where the system has locks it
// stays locked while its writer lives, so that others see when it is stale.
type tempFile struct {
	*os.File
	path string
}

// createTemp sweeps the folder and creates a temporary file for path.
func createTemp(path string) (*tempFile, error) {
	sweep(path)
	for range 100 {
		f, err := os.OpenFile(tempName(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// Between the creation and the lock another writer may have taken it
		// for stale.
		if lock(f) && stillThere(f) {
			return &tempFile{f, path}, nil
		}
		f.Close()
	}
	return nil, fmt.Errorf("%s: no temporary file could be created", path)
}

func tempName(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, fmt.Sprintf(".%s.%016x.tmp", base, rand.Uint64()))
}

// isTemp reports whether name is a temporary file's for a file called base.
func isTemp(name, base string) bool {
	middle, ok := strings.CutPrefix(name, "."+base+".")
	middle, ok2 := strings.CutSuffix(middle, ".tmp")
	_, err := strconv.ParseUint(middle, 16, 64)
	return ok && ok2 && len(middle) == 16 && err == nil
}

func stillThere(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// sweep removes the temporary files of writers that died. What cannot be
// removed is left: it harms nobody.
func sweep(path string) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.Type().IsRegular() && isTemp(e.Name(), base) {
			removeStale(filepath.Join(dir, e.Name()))
		}
	}
}

// commit gives a complete file its name: the bytes are on disk before the name
// is, and the name before commit returns.
func (t *tempFile) commit() error {
	if err := t.Sync(); err != nil {
		return err
	}
	if goruntime.GOOS == "windows" { // where an open file cannot be renamed
		if err := t.Close(); err != nil {
			return err
		}
	}
	if err := os.Rename(t.Name(), t.path); err != nil {
		return err
	}
	t.Close() // synced: nothing is left that could fail
	return syncDir(filepath.Dir(t.path))
}

func (t *tempFile) abort() {
	if goruntime.GOOS == "windows" {
		t.Close()
	}
	os.Remove(t.Name())
	t.Close()
}
