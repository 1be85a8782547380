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
	"sync"
)

// ErrTarget is wrapped by the error about a path that a file must not replace: a
// folder, a device, a FIFO, or a symbolic link to nothing.
var ErrTarget = errors.New("cannot be written as a file")

// tempFile is a file in the folder of path that takes path's name when it is
// complete. Its name is .NAME.RANDOM.tmp, and where the system has locks it
// stays locked while its writer lives, so that others see when it is stale.
type tempFile struct {
	*os.File
	path string
}

// alive are the temporary files of this process.
var alive sync.Map // *tempFile to nothing

// RemoveTemporary removes what writers in this process are writing and will not
// finish, because it is about to end.
func RemoveTemporary() {
	for file := range alive.Range {
		os.Remove(file.(*tempFile).Name())
	}
}

// destination returns the file that a path stands for. What a symbolic link points
// to is replaced, and not the link.
func destination(path string) (string, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(path) != "." && !os.IsPathSeparator(path[len(path)-1]) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		to, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", fmt.Errorf("%s is a symbolic link to nothing, which %w: %w", path, ErrTarget, err)
		}
		return destination(to)
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return path, nil
	case mode.IsDir():
		return "", fmt.Errorf("%s is a folder, which %w: give the name of a file in it", path, ErrTarget)
	case mode&fs.ModeNamedPipe != 0:
		return "", fmt.Errorf("%s is a FIFO, which %w", path, ErrTarget)
	case mode&fs.ModeDevice != 0:
		return "", fmt.Errorf("%s is a device, which %w", path, ErrTarget)
	}
	return "", fmt.Errorf("%s is no regular file and %w", path, ErrTarget)
}

// createTemp sweeps the folder and creates a temporary file for path.
func createTemp(path string) (*tempFile, error) {
	path, err := destination(path)
	if err != nil {
		return nil, err
	}
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
			t := &tempFile{f, path}
			alive.Store(t, nil)
			return t, nil
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
	alive.Delete(t)
	t.Close() // synced: nothing is left that could fail
	return syncDir(filepath.Dir(t.path))
}

func (t *tempFile) abort() {
	alive.Delete(t)
	if goruntime.GOOS == "windows" {
		t.Close()
	}
	os.Remove(t.Name())
	t.Close()
}
