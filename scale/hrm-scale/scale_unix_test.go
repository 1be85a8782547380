//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/solver/record"
)

// TestMain is the command itself when a test starts this program as one.
func TestMain(m *testing.M) {
	if os.Getenv("HRM_SCALE_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process prepares hrm-scale as a process of its own.
func process(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd, out := exec.Command(os.Args[0], args...), &bytes.Buffer{}
	cmd.Env = append(os.Environ(), "HRM_SCALE_COMMAND=1")
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// scale runs hrm-scale and returns what it said.
func scale(t *testing.T, args ...string) string {
	t.Helper()
	cmd, out := process(args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v: %s", args, err, out)
	}
	return out.String()
}

// tinyModel writes a model with random weights, which is fast and wrong.
func tinyModel(t *testing.T) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 16, Heads: 1, Expansion: 1,
		LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 1, NormEps: 1e-5, RopeTheta: 1e4,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task = "sudoku"
	path := filepath.Join(t.TempDir(), "tiny.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

// sudokus writes n of them, each with its digits named anew, and returns them.
func sudokus(t *testing.T, n int) (path string, lines []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	for range n {
		names := r.Perm(9)
		lines = append(lines, strings.Map(func(c rune) rune {
			if c == '.' {
				return c
			}
			return rune('1' + names[c-'1'])
		}, easy))
	}
	path = filepath.Join(t.TempDir(), "puzzles.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, lines
}

// checkAnswers expects an answer to each puzzle, in order, once.
func checkAnswers(t *testing.T, path string, puzzles []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var r record.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || n >= len(puzzles) {
			t.Fatalf("line %d: %v: %s", n, err, lines.Text())
		}
		if r.Index != n || r.Question != puzzles[n] || r.Solution == nil || len(r.Answer) != 81 {
			t.Fatalf("line %d: %s", n, lines.Text())
		}
	}
	if n != len(puzzles) {
		t.Errorf("%d answers to %d puzzles", n, len(puzzles))
	}
}

// On one machine, with nothing but a folder: whichever process runs serves the others,
// pushing twice puts nothing twice, and pulling goes on behind what is there.
func TestFolder(t *testing.T) {
	path, puzzles := sudokus(t, 300)
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(text, easy[:80]+"x\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	store, out := filepath.Join(t.TempDir(), "queue"), filepath.Join(t.TempDir(), "answers.jsonl")
	for range 2 {
		if said := scale(t, "push", path, "--store", store, "--job", "one", "--batch", "16"); said != "one: 301 puzzles in 19 batches\n" {
			t.Error(said)
		}
	}
	scale(t, "work", "--store", store, "--idle", "1s", "--restarts", "0", "-m", tinyModel(t))
	if said := scale(t, "push", path, "--store", store, "--job", "one", "--batch", "16"); said != "one: 301 puzzles in 19 batches\n" {
		t.Error(said)
	}
	if said := scale(t, "status", "--store", store); !strings.Contains(said, "batches: 0 wait, 0 under way, 19 done, 1 with puzzles") {
		t.Error(said)
	}
	scale(t, "pull", "one", "--store", store, "-o", out)
	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	if len(lines) != 302 || !strings.Contains(lines[300], `"error":`) || !strings.Contains(lines[300], `"index":300`) {
		t.Errorf("%d lines, the last but one %s", len(lines), lines[300])
	}
	for _, cut := range []int{0, 1, len(lines[0]), len(whole) / 2, len(whole) - 1, len(whole)} {
		if err := os.WriteFile(out, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		scale(t, "pull", "one", "--store", store, "-o", out)
		if again, err := os.ReadFile(out); err != nil || !bytes.Equal(again, whole) {
			t.Errorf("cut at %d: %d bytes, want %d: %v", cut, len(again), len(whole), err)
		}
	}
	if err := os.WriteFile(out, whole[:len(whole)-len(lines[300])], 0o600); err != nil {
		t.Fatal(err)
	}
	checkAnswers(t, out, puzzles)
}

// portOf waits for the port of a folder's server.
func portOf(t *testing.T, store string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if port, _ := os.ReadFile(filepath.Join(store, "port")); len(port) > 0 {
			return strings.TrimSpace(string(port))
		}
	}
	t.Fatal("no server")
	return ""
}

// immortal keeps a process running that somebody kills, until it ends by itself or stop
// is closed.
func immortal(t *testing.T, all *sync.WaitGroup, stop chan struct{}, kills <-chan struct{}, args ...string) {
	all.Go(func() {
		for {
			cmd, out := process(args...)
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case <-kills:
				_ = cmd.Process.Kill()
				<-ended
			case err := <-ended:
				if err == nil {
					return
				}
				t.Errorf("%q: %v: %s", args, err, out)
				return
			case <-stop:
				_ = cmd.Process.Signal(syscall.SIGTERM)
				<-ended
				return
			}
		}
	})
}

// Workers, the server and the reader are killed at random: every puzzle has its answer
// once. HRM_LONG=1 does it with 200,000 puzzles, ten kills of each worker and three of
// the server.
func TestKilled(t *testing.T) {
	n, kills, servers, pause := 3000, 3, 1, 700*time.Millisecond
	if os.Getenv("HRM_LONG") != "" {
		n, kills, servers, pause = 200000, 10, 3, 4*time.Second
	}
	path, puzzles := sudokus(t, n)
	store, out, model := filepath.Join(t.TempDir(), "queue"), filepath.Join(t.TempDir(), "answers.jsonl"), tinyModel(t)
	stop := make(chan struct{})
	var all sync.WaitGroup
	server := make(chan struct{})
	immortal(t, &all, stop, server, "serve", "--store", store)
	url := "nats://127.0.0.1:" + portOf(t, store)
	var workers []chan struct{}
	for i := range 3 {
		workers = append(workers, make(chan struct{}))
		immortal(t, &all, stop, workers[i], "work", "--nats", url, "--restarts", "0", "-m", model, "--patience", "2s", "--name", fmt.Sprint("w", i))
	}
	began := time.Now()
	var push sync.WaitGroup
	push.Go(func() {
		cmd, said := process("push", path, "--nats", url, "--job", "many")
		if err := cmd.Run(); err != nil {
			t.Errorf("push: %v: %s", err, said)
		}
	})
	var killers sync.WaitGroup
	for i, w := range append(workers, server) {
		killers.Go(func() {
			times := kills
			if i == len(workers) {
				times = servers
			}
			for range times {
				time.Sleep(pause/2 + rand.N(pause))
				w <- struct{}{}
			}
		})
	}
	push.Wait()
	pulls := make(chan struct{}, 1)
	var pull sync.WaitGroup
	immortal(t, &pull, make(chan struct{}), pulls, "pull", "many", "--nats", url, "-o", out)
	time.Sleep(300 * time.Millisecond)
	pulls <- struct{}{}
	killers.Wait()
	pull.Wait()
	t.Logf("%d puzzles, 3 workers killed %d times each, the server %d times: %v", n, kills, servers, time.Since(began).Round(time.Second))
	checkAnswers(t, out, puzzles)
	t.Log(scale(t, "status", "--nats", url))
	close(stop)
	all.Wait()
}
