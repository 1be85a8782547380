package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime/weights"
	"github.com/hrmgo/hrm/train/curve"
)

// TestMain is the command itself when a test starts this program as one.
func TestMain(m *testing.M) {
	if os.Getenv("HRM_TRAIN_COMMAND") == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// process prepares the command as a process of its own.
func process(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "HRM_TRAIN_COMMAND=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

const (
	someQuestion = "1.345.78945.789.237.912.4562.4567.915.789.234.9123456.34.678.126.89123.5.123.5678"
	someAnswer   = "123456789456789123789123456234567891567891234891234567345678912678912345912345678"
)

// writePuzzles writes a training file of n variants of an easy puzzle.
func writePuzzles(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("source,question,answer,rating\n")
	for i := range n {
		fmt.Fprintf(&b, "test,%s,%s,%d\n", someAnswer[:i]+"."+someAnswer[i+1:], someAnswer, i)
	}
	path := filepath.Join(t.TempDir(), "puzzles.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tinyRun returns the arguments of a run of a model so small that 200 steps
// take seconds.
func tinyRun(data, out string, more ...string) []string {
	args := []string{"run", "--preset", "sudoku-cpu", "--device", "cpu", "--data", data, "--out", out, "--resume"}
	for _, set := range []string{
		"hidden_size=16", "num_heads=2", "L_layers=1", "H_cycles=1", "L_cycles=1", "expansion=1", "precision=f32", "global_batch_size=2",
		"halt_max_steps=3", "steps=200", "lr_warmup_steps=5", "checkpoint_interval=7", "log_interval=5", "eval_interval=1000",
	} {
		args = append(args, "--set", set)
	}
	return append(args, more...)
}

// tensors returns the numbers of a checkpoint: weights, optimizer, carry.
func checkpointTensors(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	f, err := weights.ReadFile(filepath.Join(dir, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string][]byte{}
	for _, name := range f.Names() {
		tensor, _ := f.Tensor(name)
		tensors[name] = tensor.Bytes
	}
	return tensors
}

// Three kill -9 at random in a 200-step run end in the same bits as none.
func TestKillAndResume(t *testing.T) {
	data, whole, killed := writePuzzles(t, 50), t.TempDir(), t.TempDir()
	cmd, out := process(t, tinyRun(data, whole)...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range 3 {
		cmd, out := process(t, tinyRun(data, killed)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitForRecords(t, filepath.Join(killed, metricsFile), 5+8*i+rand.IntN(8)) // of 40
		time.Sleep(rand.N(2 * time.Millisecond))
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err == nil {
			t.Errorf("was done before kill %d:\n%s", i+1, out)
		}
	}
	cmd, out = process(t, tinyRun(data, killed)...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "resuming after step") && !strings.Contains(out.String(), "are done") {
		t.Errorf("nothing was resumed:\n%s", out)
	}
	want, got := checkpointTensors(t, whole), checkpointTensors(t, killed)
	if len(want) < 5 || !reflect.DeepEqual(got, want) {
		t.Errorf("killed and resumed: other bits than without")
	}
	sameMetrics(t, whole, killed)
}

// waitForRecords waits until a run has written n lines of metrics.
func waitForRecords(t *testing.T, path string, n int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Microsecond) {
		if text, err := os.ReadFile(path); err == nil && bytes.Count(text, []byte("\n")) >= n {
			return
		}
	}
	t.Errorf("no %d records in %s after two minutes", n, path)
}

// sameMetrics compares what the records say about the model, not about time.
func sameMetrics(t *testing.T, a, b string) {
	t.Helper()
	last := func(dir string) curve.Record {
		records, err := curve.ReadFile(filepath.Join(dir, metricsFile))
		if err != nil || len(records) != 40 {
			t.Fatalf("%d records, want 40: %v", len(records), err)
		}
		return records[len(records)-1]
	}
	if x, y := last(a), last(b); x.Step != y.Step || x.LR != y.LR {
		t.Errorf("%+v\nand\n%+v", x, y)
	}
}

// SIGTERM saves where it is and exits with its own status.
func TestSignalSaves(t *testing.T) {
	data, dir := writePuzzles(t, 50), t.TempDir()
	cmd, out := process(t, tinyRun(data, dir, "--set", "steps=100000", "--set", "checkpoint_interval=100000")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(dir, metricsFile))
	_ = cmd.Process.Signal(syscall.SIGTERM)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != statusInterrupted {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "hrm-train run --resume --out ") {
		t.Errorf("output:\n%s", out)
	}
	if len(checkpointTensors(t, dir)) < 5 {
		t.Error("no checkpoint")
	}
}

// waitFor waits until a file has something in it.
func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 1000 {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s stays empty", path)
}

// A disk that has room for one checkpoint and not for two: the second is an
// error, and the first stays good.
func TestDiskFull(t *testing.T) {
	data, dir, save := writePuzzles(t, 50), t.TempDir(), t.TempDir()
	if status, _, errOut := hrmTrain(t, tinyRun(data, save, "--set", "steps=1")...); status != statusOK {
		t.Fatal(errOut)
	}
	info, err := os.Stat(filepath.Join(save, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	args := tinyRun(data, filepath.Join(dir, "run"))
	script := fmt.Sprintf(`mount -t tmpfs -o size=%d none "$1" || exit 99; `, info.Size()*3/2) + `out=$2; shift 2; "$@"; status=$?; cp ` +
		filepath.Join(dir, "run", checkpointFile) + ` "$out" || exit 98; exit $status`
	cmd, out := process(t)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", script, "sh", dir, save, os.Args[0]}, args...)
	if unshare, err := exec.LookPath("unshare"); err == nil {
		cmd.Path, cmd.Args = unshare, append([]string{"unshare", "-rm"}, cmd.Args...)
	} else {
		t.Skip("no unshare command")
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == 99 || strings.Contains(out.String(), "unshare")) {
		t.Skipf("no small file system here: %s", out)
	}
	if exit == nil || exit.ExitCode() != statusFailed {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "no space left on device") || !strings.Contains(out.String(), "last good checkpoint") {
		t.Errorf("output:\n%s", out)
	}
	if len(checkpointTensors(t, save)) < 5 {
		t.Error("the first checkpoint is gone")
	}
}

// A run whose weights blow up stops, and the checkpoint before stays.
func TestDivergenceStops(t *testing.T) {
	dir := t.TempDir()
	status, _, errOut := hrmTrain(t, tinyRun(writePuzzles(t, 50), dir, "--set", "lr=1", "--set", "weight_decay=1000", "--set", "checkpoint_interval=1")...)
	if status != statusFailed || !strings.Contains(errOut, "diverged") || !strings.Contains(errOut, "last good checkpoint") {
		t.Errorf("status %d, %s", status, errOut)
	}
	for name, data := range checkpointTensors(t, dir) {
		if bytes.Contains(data, []byte{0, 0, 0xc0, 0x7f}) {
			t.Errorf("%s has a NaN", name)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	good := writePuzzles(t, 20)
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	corrupt := filepath.Join(t.TempDir(), "corrupt.csv")
	if err := os.WriteFile(corrupt, bytes.Replace(text, []byte("12345678"), []byte("123x5678"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	typo := filepath.Join(t.TempDir(), "typo.yaml")
	if err := os.WriteFile(typo, []byte("lr: 1e-3\nhiden_size: 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "--preset", "sudoku-cpu"}, "--out is missing"},
		{[]string{"run", "--out", "x"}, "--preset or --config is missing"},
		{[]string{"run", "--preset", "sudoku-cpu", "--out", "x"}, "data is missing"},
		{[]string{"run", "--config", typo, "--out", "x"}, `line 2: invalid training configuration: unknown key "hiden_size", did you mean "hidden_size"?`},
		{[]string{"run", "--preset", "sudoku-cpu", "--set", "lr", "--out", "x"}, "want key=value"},
		{tinyRun(good, "x", "--set", "num_heads=3"), "no multiple of num_heads"},
		{tinyRun("nowhere.csv", "x"), "no such file"},
		{tinyRun(corrupt, "x"), "corrupt.csv: line 2"},
		{tinyRun(good, "x", "--validation", good), "both training data and validation"},
		{tinyRun(good, "x", "--device", "cuda"), `device is "cuda"`},
	} {
		status, _, errOut := hrmTrain(t, test.args...)
		if status != statusUsage || !strings.Contains(errOut, test.want) {
			t.Errorf("%q: status %d, %s\nwant %q", test.args, status, errOut, test.want)
		}
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a refused run left a folder")
	}
}

// A folder with a run is not overwritten, and other data are not trained on
// under the same name.
func TestRunKeepsWhatIsThere(t *testing.T) {
	dir, data := t.TempDir(), writePuzzles(t, 20)
	if status, _, errOut := hrmTrain(t, tinyRun(data, dir, "--set", "steps=2")...); status != statusOK {
		t.Fatal(errOut)
	}
	var fresh []string
	for _, arg := range tinyRun(data, dir) {
		if arg != "--resume" {
			fresh = append(fresh, arg)
		}
	}
	if status, _, errOut := hrmTrain(t, fresh...); status != statusUsage || !strings.Contains(errOut, "already holds a run") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if status, _, errOut := hrmTrain(t, tinyRun(writePuzzles(t, 21), dir)...); status != statusUsage || !strings.Contains(errOut, "other data") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
