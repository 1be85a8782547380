//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
)

// TestMain is the command itself when a test starts this program as one.
func TestMain(m *testing.M) {
	if os.Getenv("HRM_COMMAND") == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// process prepares the command as a process of its own.
func process(args ...string) (cmd *exec.Cmd, errOut *bytes.Buffer) {
	cmd, errOut = exec.Command(os.Args[0], args...), &bytes.Buffer{}
	cmd.Env = append(os.Environ(), "HRM_COMMAND=1")
	cmd.Stderr = errOut
	return cmd, errOut
}

// statusOf runs a process and returns its exit status.
func statusOf(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// Every subcommand that prints says so when it cannot, and does not say that all is
// well.
func TestFullDiskIsNoSuccess(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	puzzles := filepath.Join(t.TempDir(), "puzzles.csv")
	if err := os.WriteFile(puzzles, []byte("question,answer\n"+easy+","+easyAnswer+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	model := modelFile(t)
	for _, args := range [][]string{
		{"solve", easy}, {"solve", "--json", puzzles}, {"solve", "--watch", easy},
		{"eval", "--data", puzzles}, {"eval", "--json", "--data", puzzles},
		{"inspect", model}, {"inspect", "--json", model}, {"bench", "--model", model, "--seconds", "0.01", "--lanes", "1"},
		{"quantize", model, "-o", filepath.Join(t.TempDir(), "q.hrm")}, {"quantize", model, "-o", "-"}, {"quantize", model, "-o", "/dev/full"},
		{"export", model, "-o", "-"}, {"version"}, {"version", "--licences"}, {"--help"}, {"solve", "--help"}, {"completion", "bash"},
	} {
		cmd, errOut := process(args...)
		cmd.Stdout = full
		if status := statusOf(t, cmd); status != statusUsage || !strings.Contains(errOut.String(), "no space left on device") {
			t.Errorf("%q: status %d, %s", args, status, errOut)
		}
	}
}

// A FIFO that nobody writes to is waited for until a signal comes, and no longer.
func TestSignalAtAFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, args := range [][]string{
		{"demo", "--model", fifo}, {"inspect", fifo}, {"solve", "--model", fifo, easy}, {"solve", fifo}, {"eval", "--data", fifo}, {"import", fifo, "-o", fifo + ".hrm"},
		{"quantize", fifo, "-o", fifo + ".hrm"}, {"quantize", modelFile(t), "-o", fifo}, {"export", fifo, "-o", fifo + ".onnx"},
	} {
		var took time.Duration
		var errOut *bytes.Buffer
		status := -1 // it had not begun to listen for signals
		for wait := 200 * time.Millisecond; status == -1 && wait < 5*time.Second; wait *= 2 {
			var cmd *exec.Cmd
			if cmd, errOut = process(args...); cmd.Start() != nil {
				t.Fatalf("%q does not start", args)
			}
			time.Sleep(wait)
			began := time.Now()
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
			took, status = time.Since(began), cmd.ProcessState.ExitCode()
		}
		if status != statusInterrupted || took > time.Second {
			t.Errorf("%q: status %d after %v, %s", args, status, took, errOut)
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("%q: left %v", args, left)
		}
	}
}

// Ctrl-C ends whatever a subcommand computes: a pass of thousands of positions, the
// rounding of large matrices, a table being loaded. It leaves nothing behind.
func TestSignalEndsWork(t *testing.T) {
	dir := t.TempDir()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, Hidden: 1024, Heads: 8, Expansion: 4, LLayers: 4, HCycles: 8, LCycles: 8,
		Positions: runtime.Rope, HaltMaxSteps: 1000, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task = "sudoku"
	model := filepath.Join(dir, "large.hrm")
	if err := m.Save(model); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"solve", "--model", model, easy}, {"quantize", model, "-o", filepath.Join(dir, "q.hrm")},
		{"export", model, "--to", "int8", "-o", filepath.Join(dir, "x.onnx")}, {"bench", "--model", model},
	} {
		for _, after := range []time.Duration{50 * time.Millisecond, 300 * time.Millisecond} {
			cmd, errOut := process(args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			began := time.Now()
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
			took, status := time.Since(began), cmd.ProcessState.ExitCode()
			t.Logf("%s: status %d after %v", args[0], status, took)
			if status != statusInterrupted && status != statusOK && status != -1 || took > time.Second {
				t.Errorf("%q: status %d after %v, %s", args, status, took, errOut)
			}
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*.tmp"))
	if len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// -o replaces what a link points to and not the link, writes into devices and FIFOs
// and to standard output, and refuses a folder.
func TestOutputTargets(t *testing.T) {
	dir, model := t.TempDir(), modelFile(t)
	file, link, loose := filepath.Join(dir, "file.hrm"), filepath.Join(dir, "link.hrm"), filepath.Join(dir, "loose.hrm")
	if status, _, errOut := hrm(t, "", "quantize", model, "-o", file); status != statusOK {
		t.Fatal(errOut)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink("file.hrm", link), os.Symlink("nothing", loose)); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := hrm(t, "", "quantize", model, "-o", link); status != statusOK {
		t.Error(errOut)
	}
	info, err := os.Lstat(link)
	if got, _ := os.ReadFile(file); err != nil || info.Mode()&os.ModeSymlink == 0 || !bytes.Equal(got, want) {
		t.Errorf("the link was replaced or led nowhere: %v, %d bytes, %v", info.Mode(), len(got), err)
	}
	for path, problem := range map[string]string{dir: "is a folder", loose: "symbolic link to nothing", dir + "/none/": "no such file"} {
		if status, _, errOut := hrm(t, "", "quantize", model, "-o", path); status != statusUsage || !strings.Contains(errOut, problem) {
			t.Errorf("%s: status %d, %s", path, status, errOut)
		}
	}
	if status, out, errOut := hrm(t, "", "quantize", model, "-o", "-"); status != statusOK || out != string(want) || !strings.Contains(errOut, "standard output") {
		t.Errorf("standard output: status %d, %d bytes, %s", status, len(out), errOut)
	}
	null, err := os.Lstat("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := hrm(t, "", "quantize", model, "-o", "/dev/null"); status != statusOK {
		t.Error(errOut)
	}
	if after, err := os.Lstat("/dev/null"); err != nil || !os.SameFile(null, after) || after.Mode()&os.ModeDevice == 0 {
		t.Fatalf("/dev/null is now %v: %v", after, err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan []byte, 1)
	go func() { data, _ := os.ReadFile(fifo); read <- data }()
	if status, _, errOut := hrm(t, "", "quantize", model, "-o", fifo); status != statusOK {
		t.Fatal(errOut)
	}
	if got := <-read; !bytes.Equal(got, want) {
		t.Errorf("FIFO: %d bytes, want %d", len(got), len(want))
	}
}

// An answer whose halting values are no numbers is printed all the same, and the
// text says so.
func TestSolveWithoutHaltingValues(t *testing.T) {
	l := newOracle(t)
	l.backend.(*oracle).halt = float32(math.NaN())
	for _, asJSON := range []bool{false, true} {
		var out, errOut bytes.Buffer
		y := &tally{loaded: l, options: once}
		if err := y.solve(t.Context(), inputs([]string{easy}, strings.NewReader(""), l.task), newPrinter(l, &out, &errOut, asJSON)); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "no numbers", true: `"q_halt":null`}[asJSON]
		if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), easyAnswer) {
			t.Errorf("printed %q, want %q", &out, want)
		}
	}
}
