package toolchain

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// questions returns sudokus, one a line: hard ones of the validation set, where it
// lies beside the checkout, else generated ones, and easy ones.
func questions(t *testing.T, hard, easy int) string {
	var lines []string
	if path := shared.Find("data", "sudoku", "valid.csv.gz"); path != "" {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		r, err := puzzle.NewReader(file, puzzle.Sudoku{})
		if err != nil {
			t.Fatal(err)
		}
		for len(lines) < hard {
			p, err := r.Next()
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, puzzle.Sudoku{}.Decode(p.Question))
		}
	}
	rng := rand.New(rand.NewPCG(7, 2))
	for len(lines) < hard+easy {
		var text strings.Builder
		for _, digit := range data.Ordinary(26+len(lines)%10, rng).Question {
			text.WriteByte(".123456789"[digit])
		}
		lines = append(lines, text.String())
	}
	return strings.Join(lines, "\n") + "\n"
}

// models writes the embedded model as it is and with int8 weights.
func models(t *testing.T, dir string) map[string]string {
	paths := map[string]string{}
	m, err := native.Default()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]quantize.Format{"f32": quantize.F32, "int8": quantize.I8} {
		q, _, err := m.Convert(f)
		if err != nil {
			t.Fatal(err)
		}
		paths[name] = filepath.Join(dir, name+".hrm")
		if err := q.Save(paths[name]); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// solver runs the command wasm/wasi somewhere.
type solver func(t *testing.T, stdin string, args ...string) string

// solvers builds the command for this machine, for wazero and for node.
func solvers(t *testing.T, dir string) map[string]solver {
	root, binaryen := tools(t)
	exe := filepath.Join(dir, "command.exe")
	if err := run(t.Context(), root, nil, "go", "build", "-o", exe, "./wasm/wasi"); err != nil {
		t.Fatal(err)
	}
	build := func(m Module) string {
		m.Package = "./wasm/wasi"
		out := filepath.Join(dir, m.Name+".wasm")
		if err := m.Build(t.Context(), root, binaryen, out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	wasi, err := os.ReadFile(build(Module{Name: "wasi", GOOS: "wasip1"}))
	if err != nil {
		t.Fatal(err)
	}
	js := build(Module{Name: "js", GOOS: "js"})
	return map[string]solver{
		"native":         process([]string{kernels.EnvVar + "=generic"}, exe),
		"native, vector": process(nil, exe),
		"wazero": func(t *testing.T, stdin string, args ...string) string {
			out, err := command(t.Context(), wasi, stdin, args, dir)
			return answered(t, out, err)
		},
		"node": process(nil, "node", append(nodeArgs(t, false), js)...),
		"node, relaxed": func(t *testing.T, stdin string, args ...string) string {
			return process(nil, "node", append(nodeArgs(t, true), js)...)(t, stdin, args...)
		},
	}
}

func process(env []string, name string, before ...string) solver {
	return func(t *testing.T, stdin string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, append(before[:len(before):len(before)], args...)...)
		cmd.Env, cmd.Stdin, cmd.Stderr = append(os.Environ(), env...), strings.NewReader(stdin), os.Stderr
		out, err := cmd.Output()
		return answered(t, string(out), err)
	}
}

// answered returns the output of a command whose exit status may be 1: not
// every puzzle was solved.
func answered(t *testing.T, out string, err error) string {
	t.Helper()
	if err != nil && !strings.Contains(err.Error(), "status 1") && !strings.Contains(err.Error(), "exit_code(1)") {
		t.Fatalf("%v\n%s", err, out)
	}
	return elapsed.ReplaceAllString(out, "")
}

// elapsed is what no two runs have alike.
var elapsed = regexp.MustCompile(`,"elapsed_ms":[0-9.e+-]+`)

// One core: this machine, wazero and V8 give the same answers after the same
// segments with the same halting values, bit for bit, because the SIMD kernels
// have the bits of plain Go. The vector kernels of this machine fuse products
// and sums, and agree on the answers and segments of puzzles that settle: one
// that does not goes on changing, with every rounding.
func TestSameAnswers(t *testing.T) {
	hard, easy := 3, 3
	if os.Getenv("HRM_LONG") != "" {
		hard, easy = 500, 50
	} else if testing.Short() {
		t.Skip("builds four programs")
	}
	dir := t.TempDir()
	text, paths, all := questions(t, hard, easy), models(t, dir), solvers(t, dir)
	for format, path := range paths {
		args := []string{"-model", path, "-restarts", "0", "-max-segments", "4"}
		want := all["native"](t, text, args...)
		if got := strings.Count(want, `"answer"`); got != hard+easy {
			t.Fatalf("%s: %d answers, want %d: %s", format, got, hard+easy, want)
		}
		for name, solve := range all {
			t.Run(name+" "+format, func(t *testing.T) {
				got := solve(t, text, args...)
				if name == "native, vector" {
					got, want := settled(t, got, want)
					compare(t, got, want)
				} else {
					compare(t, got, want)
				}
			})
		}
	}
}

func compare(t *testing.T, got, want string) {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(g) != len(w) {
		t.Fatalf("%d lines, want %d", len(g), len(w))
	}
	differ := 0
	for i := range w {
		if g[i] != w[i] {
			if differ++; differ == 1 {
				t.Errorf("line %d:\n%s\nnative says\n%s", i, g[i], w[i])
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d lines differ", differ, len(w))
	}
}

// settled returns the answers and segments of the puzzles that halted in want.
func settled(t *testing.T, got, want string) (string, string) {
	t.Helper()
	g, w := records(t, got), records(t, want)
	var gs, ws strings.Builder
	n := 0
	for i := range min(len(g), len(w)) {
		if w[i].Halted {
			fmt.Fprintln(&gs, g[i])
			fmt.Fprintln(&ws, w[i])
			n++
		}
	}
	if n == 0 || n < len(w)/10 {
		t.Fatalf("%d of %d puzzles settled: too few to compare", n, len(w))
	}
	return gs.String(), ws.String()
}

// record is what two kernels that round differently agree on.
type record struct {
	Index    int
	Answer   string
	Segments int
	Halted   bool
}

func records(t *testing.T, lines string) (all []record) {
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}
