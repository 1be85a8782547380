package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/wasm/host"
)

// sizes are those of the mazes that one file is asked.
var sizes = []string{"8x8", "16x16", "10x24"}

const mazesOfASize = 2

// One int8 file of a model of convolutions, the embedded one, gives the same answers after
// the same segments to mazes of three sizes: on this machine, in V8, in wazero as a command
// and behind the plugin's host, and on a GPU. Those without vector kernels or with those of
// WebAssembly agree to the bit of the halting values.
func TestOneFileForAllSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds six programs")
	}
	dir := t.TempDir()
	path, mazes := filepath.Join(dir, "maze.hrm"), made(t, dir)
	if err := os.WriteFile(path, embedded.For("maze"), 0o644); err != nil {
		t.Fatal(err)
	}
	m, file, err := native.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text := strings.Join(mazes, "\n\n") + "\n"
	all := solvers(t, dir)
	args := []string{"-model", path, "-restarts", "0"}
	want := all["native"](t, text, args...)
	answers := records(t, want)
	if len(answers) != len(mazes) {
		t.Fatalf("%d answers to %d mazes: %s", len(answers), len(mazes), want)
	}
	for i, a := range answers {
		if rows, cols := size(mazes[i]); len([]rune(a.Answer)) != rows*cols || !a.Halted {
			t.Fatalf("maze %d of %d x %d: %+v", i, rows, cols, a)
		}
	}
	for name, solve := range all {
		t.Run(name, func(t *testing.T) {
			got := solve(t, text, args...)
			if name == "native, vector" {
				agree(t, records(t, got), answers)
			} else {
				compare(t, got, want)
			}
		})
	}
	t.Run("plugin", func(t *testing.T) { agree(t, behindHost(t, dir, path, mazes), answers) })
	t.Run("webgpu", func(t *testing.T) { agree(t, onGPU(t, m, mazes), answers) })
}

// made makes the mazes with the command.
func made(t *testing.T, dir string) (mazes []string) {
	root, _ := tools(t)
	for _, size := range sizes {
		file := filepath.Join(dir, size+".csv")
		err := run(t.Context(), root, nil, "go", "run", "-tags", "nogpu", "./cmd/hrm-train",
			"data", "maze", "--generate", fmt.Sprint(mazesOfASize), "--size", size, "--far", "--seed", "3", "--out", file)
		if err != nil {
			t.Fatal(err)
		}
		mazes = append(mazes, read(t, file)...)
	}
	return mazes
}

// read returns the mazes of a file, a row a line.
func read(t *testing.T, file string) (mazes []string) {
	r, err := puzzle.Open(file, puzzle.Maze{Rows: 30, Cols: 30})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range mazesOfASize {
		p, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		mazes = append(mazes, strings.TrimRight(p.Of(puzzle.Maze{Rows: 30, Cols: 30}).(puzzle.Maze).Render(p.Question, nil), "\n"))
	}
	return mazes
}

func size(maze string) (rows, cols int) {
	first, _, _ := strings.Cut(maze, "\n")
	return strings.Count(maze, "\n") + 1, len(first)
}

// inputs are the mazes as a model takes them.
func inputs(t *testing.T, mazes []string) (in []runtime.Input) {
	for _, maze := range mazes {
		rows, cols := size(maze)
		tokens, err := puzzle.Maze{Rows: rows, Cols: cols}.Encode(strings.ReplaceAll(maze, "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, runtime.Input{Tokens: tokens, Rows: rows, Cols: cols})
	}
	return in
}

// behindHost solves with the plugin.
func behindHost(t *testing.T, dir, path string, mazes []string) (all []record) {
	root, binaryen := tools(t)
	out := filepath.Join(dir, "plugin.wasm")
	m := Module{Name: "hrm-plugin", Package: "./wasm/plugin", GOOS: "wasip1", Reactor: true}
	if err := m.Build(t.Context(), root, binaryen, out); err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(out)
	model, other := os.ReadFile(path)
	if err := errors.Join(err, other); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(module)
	h, err := host.Open(t.Context(), host.Options{Module: module, SHA256: hex.EncodeToString(sum[:]), Model: model, Instances: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var puzzles []host.Puzzle
	for _, maze := range mazes {
		puzzles = append(puzzles, host.Puzzle{Text: maze})
	}
	results, err := h.Solve(t.Context(), puzzles, host.SolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if rows, cols := size(mazes[i]); r.Error != nil || r.Rows != rows || r.Cols != cols {
			t.Fatalf("maze %d of %d x %d: %+v, %v", i, rows, cols, r, r.Error)
		}
		all = append(all, record{i, r.Answer, r.Segments, r.Halted})
	}
	return all
}

// onGPU solves through WebGPU.
func onGPU(t *testing.T, m *runtime.Model, mazes []string) (all []record) {
	d, err := wgpu.Open()
	if err != nil {
		t.Skip("no GPU and no driver in software: ", err)
	}
	defer d.Close()
	b, err := gpu.New(d, m)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	task, err := puzzle.ForModel(m.Task, m.TaskSpec, m.Config.SeqLen, m.Config.Cols, m.Config.VocabSize)
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(t, mazes)
	results, err := runtime.Solve(t.Context(), b, in, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		p := puzzle.Puzzle{Rows: in[i].Rows, Cols: in[i].Cols}
		sized := p.Of(task)
		all = append(all, record{i, sized.Decode(puzzle.Answer(sized, in[i].Tokens, r.Tokens)), r.Segments, r.Halted})
	}
	return all
}

// agree compares answers and segments.
func agree(t *testing.T, got, want []record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d answers, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("maze %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
