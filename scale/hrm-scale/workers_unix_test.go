//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crowd starts workers of a thread each, and returns what ends them.
func crowd(t *testing.T, n int, url string, args ...string) (end func()) {
	t.Helper()
	var ends []func()
	for i := range n {
		cmd, out := process(append([]string{"work", "--nats", url, "--name", fmt.Sprint("w", i)}, args...)...)
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// Two workers answer twice what one does. HRM_LONG=1 measures it, with a thread each,
// and how much the server can take: with puzzles that are none and cost no thought.
func TestWorkers(t *testing.T) {
	if os.Getenv("HRM_LONG") == "" {
		t.Skip("HRM_LONG=1 measures")
	}
	store := filepath.Join(t.TempDir(), "queue")
	server, _ := process("serve", "--store", store)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	}()
	url := "nats://127.0.0.1:" + portOf(t, store)
	jobs := 0
	// rate pushes a file and returns how many puzzles a second are answered.
	rate := func(path string, n, workers int, args ...string) float64 {
		jobs++
		job := fmt.Sprint("job", jobs)
		scale(t, "push", path, "--nats", url, "--job", job)
		began := time.Now()
		end := crowd(t, workers, url, args...)
		scale(t, "pull", job, "--nats", url, "-o", filepath.Join(t.TempDir(), "out"))
		took := time.Since(began)
		end()
		return float64(n) / took.Seconds()
	}
	const n, none = 1024, 64000
	path, _ := sudokus(t, n)
	var ratios, ones, twos []float64
	for range 3 {
		one, two := rate(path, n, 1), rate(path, n, 2)
		ones, twos, ratios = append(ones, one), append(twos, two), append(ratios, two/one)
	}
	for _, list := range [][]float64{ones, twos, ratios} {
		slices.Sort(list)
	}
	t.Logf("a worker %.0f puzzles a second, two %.0f: %.2f times (%.2f to %.2f)", ones[1], twos[1], ratios[1], ratios[0], ratios[2])
	bad := filepath.Join(t.TempDir(), "none.txt")
	if err := os.WriteFile(bad, []byte(strings.Repeat(easy[:80]+"x\n", none)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 4} {
		t.Logf("%d workers that need not think: %.0f a second", workers, rate(bad, none, workers, "--in-flight", "8"))
	}
}
