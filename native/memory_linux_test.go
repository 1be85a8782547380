package native

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// solveEnv names the file that a child process of these tests solves with.
const solveEnv = "HRM_TEST_SOLVE"

func TestMain(m *testing.M) {
	if path := os.Getenv(solveEnv); path != "" {
		if err := solveOnce(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// solveOnce solves a puzzle with a mapped model and prints the most memory that
// the process ever had, in KiB.
func solveOnce(path string) error {
	m, file, err := Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	b, err := cpu.New(m, cpu.Options{Threads: 2})
	if err != nil {
		return err
	}
	defer b.Close()
	in := []runtime.Input{{Tokens: make([]int32, m.Config.SeqLen), PuzzleID: int32(m.Config.NumPuzzles - 1)}}
	if _, err := runtime.Solve(context.Background(), b, in, runtime.Options{MaxSegments: 2}); err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Println(strings.Fields(rest)[0])
		}
	}
	return nil
}

// mostMemory returns the peak of resident memory, in MiB, of a process that
// solves with a file.
func mostMemory(t *testing.T, path string) float64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), solveEnv+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var kib float64
	if _, err := fmt.Sscan(string(out), &kib); err != nil {
		t.Fatalf("child printed %q: %v", out, err)
	}
	return kib / 1024
}

// The published size in int8 solves within 48 MiB: the file is not kept beside
// the packed weights.
func TestFullSizeMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a full-size model")
	}
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8, Expansion: 4,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m, _, err = m.Convert(quantize.I8); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "full.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	used := mostMemory(t, path)
	t.Logf("%.1f MiB", used)
	if used > 48 {
		t.Errorf("%.1f MiB resident, want at most 48", used)
	}
}

// A table of a million rows, 160 MB: only the row of the puzzle is read.
func TestMillionRowTableMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 160 MB")
	}
	const rows, dim = 1_000_000, 40
	c := runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: dim, PuzzleEmbLen: 1, Hidden: 256, Heads: 4,
		Expansion: 4, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
	}
	m, err := runtime.NewModel(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Anonymous memory that nobody wrote to has no pages either.
	m.Config.NumPuzzles, m.PuzzleEmb = rows, quantize.NewF32(make([]float32, rows*dim), rows, dim)
	path := filepath.Join(t.TempDir(), "table.hrm")
	if err := m.Save(path); err != nil {
		t.Skip("no room for the file: ", err)
	}
	used := mostMemory(t, path)
	t.Logf("%.1f MiB", used)
	if used > 32 {
		t.Errorf("%.1f MiB resident for one row of a table of 160 MB", used)
	}
}
