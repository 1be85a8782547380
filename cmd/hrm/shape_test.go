package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// anyShapeFile writes a random model of mazes of any size: convolution and SwiGLU.
func anyShapeFile(t *testing.T) string { return mazeFile(t, runtime.NoMixing) }

func mazeFile(t *testing.T, mixing runtime.Mixing) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 6, SeqLen: 16, Hidden: 16, Heads: 1, Expansion: 4, InterSize: 32,
		LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.NoPos, Conv: 3, Mixing: mixing,
		HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.Task = "maze"
	path := filepath.Join(t.TempDir(), "any.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInspectSaysWhatALayerDoes(t *testing.T) {
	code, out, _ := hrm(t, "", "inspect", anyShapeFile(t))
	for _, want := range []string{"4 x 4, or any other", "convolution 3 x 3; SwiGLU, 32 wide"} {
		if code != statusOK || !strings.Contains(out, want) {
			t.Errorf("status %d, no %q in\n%s", code, want, out)
		}
	}
	if _, out, _ := hrm(t, "", "inspect", modelFile(t)); !strings.Contains(out, "9 x 9, ") || !strings.Contains(out, "attention, ") {
		t.Errorf("%s", out)
	}
}

func TestBenchShape(t *testing.T) {
	flop := func(shape string) float64 {
		code, out, errOut := hrm(t, "", "bench", "-m", anyShapeFile(t), "--shape", shape, "--lanes", "1", "--seconds", "0.01", "--json")
		var r benchReport
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != statusOK {
			t.Fatalf("%s: status %d, %q, %q: %v", shape, code, out, errOut, err)
		}
		return r.FLOP
	}
	if small, large := flop("3x5"), flop("6x10"); large != 4*small {
		t.Errorf("%v operations for 3 x 5 and %v for 6 x 10", small, large)
	}
	for _, shape := range []string{"20", "0x4", "x", "3x-1", "9999x1", "3x5x2"} {
		if code, _, errOut := hrm(t, "", "bench", "-m", anyShapeFile(t), "--shape", shape); code != statusUsage || !strings.Contains(errOut, "ROWSxCOLS") {
			t.Errorf("%s: status %d, %q", shape, code, errOut)
		}
	}
	if code, _, errOut := hrm(t, "", "bench", "-m", mazeFile(t, runtime.PositionMixing), "--shape", "3x3", "--seconds", "0.01"); code != statusUsage || errOut == "" {
		t.Errorf("another shape of a model that takes one: status %d, %q", code, errOut)
	}
}

// Sizes come with the puzzles, and go out with the answers.
func TestSolveSizes(t *testing.T) {
	mazes := "S  G\n#  #\n\nS    G\n# ## #\n#    #\n"
	_, out, errOut := hrm(t, mazes, "solve", "-m", anyShapeFile(t), "--json", "--restarts", "0")
	var sizes [][2]int
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var r struct {
			Rows, Cols int
			Answer     string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || len(r.Answer) != r.Rows*r.Cols {
			t.Fatalf("%v: %s %s", err, line, errOut)
		}
		sizes = append(sizes, [2]int{r.Rows, r.Cols})
	}
	if len(sizes) != 2 || sizes[0] != [2]int{2, 4} || sizes[1] != [2]int{3, 6} {
		t.Errorf("sizes %v", sizes)
	}
}
