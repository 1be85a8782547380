//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A FIFO that nobody writes to is waited for until a signal comes, and no longer:
// there is nothing to save yet.
func TestSignalAtAFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo.csv")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	for _, args := range [][]string{
		tinyRun(fifo, t.TempDir()), {"eval", fifo, "--data", fifo}, {"data", "sudoku", "--in", fifo, "--out", fifo + ".out"},
	} {
		cmd, out := process(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		began := time.Now()
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if took, status := time.Since(began), cmd.ProcessState.ExitCode(); status != statusInterrupted || took > time.Second {
			t.Errorf("%q: status %d after %v, %s", args, status, took, out)
		}
	}
}
