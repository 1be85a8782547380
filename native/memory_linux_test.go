package native

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// A child process of these tests solves with the file that solveEnv names, or
// on and on with the embedded model in the format that steadyEnv names.
const solveEnv, steadyEnv = "HRM_TEST_SOLVE", "HRM_TEST_STEADY"

func TestMain(m *testing.M) {
	for env, run := range map[string]func(string) error{solveEnv: solveOnce, steadyEnv: solveOn} {
		if arg := os.Getenv(env); arg != "" {
			if err := run(arg); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
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
	fmt.Println(memoryKiB("VmHWM:"))
	return nil
}

// memoryKiB returns a figure of /proc/self/status.
func memoryKiB(name string) (n int64) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			fmt.Sscan(rest, &n)
		}
	}
	return n
}

// inChild returns what a process prints that has an environment variable.
func inChild(t *testing.T, name, value string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), name+"="+value)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return string(out)
}

// mostMemory returns the peak of resident memory, in MiB, of a process that
// solves with a file.
func mostMemory(t *testing.T, path string) float64 {
	t.Helper()
	var kib float64
	out := inChild(t, solveEnv, path)
	if _, err := fmt.Sscan(out, &kib); err != nil {
		t.Fatalf("child printed %q: %v", out, err)
	}
	return kib / 1024
}

// reading is what a process has: heap (bytes), resident memory (KiB), goroutines.
type reading struct{ heap, resident, goroutines int64 }

// solveOn solves puzzles with the embedded model in a format, and prints a
// reading from time to time.
func solveOn(format string) error {
	rounds := []int{150, 150, 150}
	if os.Getenv("HRM_LONG") != "" {
		rounds = []int{5_000, 10_000, 10_000}
	}
	m, err := Default()
	if err != nil {
		return err
	}
	for _, f := range steadyFormats {
		if f.String() == format {
			if m, _, err = m.Convert(f); err != nil {
				return err
			}
		}
	}
	b, err := cpu.New(m, cpu.Options{Threads: 2})
	if err != nil {
		return err
	}
	defer b.Close()
	tokens, err := puzzle.Sudoku{}.Encode("53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79")
	if err != nil {
		return err
	}
	for _, n := range rounds {
		for range n {
			if _, err := runtime.Solve(context.Background(), b, []runtime.Input{{Tokens: tokens}}, runtime.Options{}); err != nil {
				return err
			}
		}
		var s goruntime.MemStats
		debug.FreeOSMemory()
		goruntime.ReadMemStats(&s)
		fmt.Println(s.HeapAlloc, memoryKiB("VmRSS:"), goruntime.NumGoroutine())
	}
	return nil
}

var steadyFormats = []quantize.Format{quantize.F32, quantize.F16, quantize.I8}

// Solving on and on keeps nothing: from the first reading to the last the heap
// grows by at most 1 % and goroutines not at all, and resident memory by at most
// 1 % between some two. What a solve keeps would make it grow between any two; a
// few pages that Go or the system takes at some time are no such thing. HRM_LONG=1
// puts 10,000 puzzles between readings.
func TestSteadyMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("solves for a while")
	}
	for _, f := range steadyFormats {
		t.Run(f.String(), func(t *testing.T) {
			out := inChild(t, steadyEnv, f.String())
			t.Log(out)
			var all []reading
			for line := range strings.Lines(out) {
				var r reading
				if _, err := fmt.Sscan(line, &r.heap, &r.resident, &r.goroutines); err != nil {
					t.Fatal(err)
				}
				all = append(all, r)
			}
			first, last, flat := all[0], all[len(all)-1], false
			for i, r := range all[1:] {
				flat = flat || 100*r.resident <= 101*all[i].resident
			}
			if 100*last.heap > 101*first.heap || last.goroutines > first.goroutines || !flat {
				t.Error("grew")
			}
		})
	}
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
