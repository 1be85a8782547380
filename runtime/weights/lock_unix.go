//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package weights

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock takes a lock that lasts until f is closed or its process dies.
func lock(f *os.File) bool {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return err == nil || !errors.Is(err, syscall.EWOULDBLOCK) // no locks on this file system: go on without
}

// removeStale removes a temporary file if nobody holds its lock, holding the
// lock meanwhile: a writer that has just created it and not locked it yet sees
// that it is gone. Where the file system has no locks, nothing is removed.
func removeStale(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		os.Remove(path)
	}
}

// syncDir makes a rename in dir last. File systems that cannot sync a folder
// say EINVAL.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
