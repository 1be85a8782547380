//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFolder takes the lock of a run's folder, which lasts until the file is
// closed or the process dies. Two runs in one folder would write over each other.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		_ = f.Close()
		return nil, fmt.Errorf("another hrm-train is at work in %s: stop it or wait for it, or give another --out", dir)
	}
	return f, nil // no locks on this file system: go on without
}
