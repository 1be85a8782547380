//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package weights

import (
	"os"
	"time"
)

// lock does nothing: staleness is a matter of age here.
func lock(*os.File) bool { return true }

// removeStale removes a temporary file that has not been written to for a day.
func removeStale(path string) {
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
		os.Remove(path)
	}
}

// syncDir does nothing: these systems cannot sync a folder.
func syncDir(string) error { return nil }
