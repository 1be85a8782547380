// Command models writes what the package's tests and benchmarks need besides
// the embedded model: small models of every task, int8.hrm, the sudoku one with
// int8 weights, arrows.hrm, which takes mazes of any size, and full.hrm, a sudoku model of the published size, all with
// random weights, which answer nothing right.
//
//	go run ./wasm/npm/test/models FOLDER
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: models FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	small := runtime.Config{Hidden: 32, Heads: 2, Expansion: 1, HLayers: 1, LLayers: 1, HCycles: 1, LCycles: 1, HaltMaxSteps: 3}
	for _, task := range puzzle.Tasks {
		if task == (puzzle.Grid{}) {
			task = puzzle.Grid{Rows: 4, Cols: 4, Alphabet: ".1234", Blank: ".", Rules: "sudoku"}
		}
		if err := write(filepath.Join(dir, task.Name()+".hrm"), task, small, quantize.F32); err != nil {
			return err
		}
	}
	if err := write(filepath.Join(dir, "int8.hrm"), puzzle.Sudoku{}, small, quantize.I8); err != nil {
		return err
	}
	arrows := runtime.Config{Hidden: 32, Heads: 1, Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1, HaltMaxSteps: 3, Conv: 3, Mixing: runtime.NoMixing}
	if err := write(filepath.Join(dir, "arrows.hrm"), puzzle.Maze{Rows: 30, Cols: 30, Directions: true}, arrows, quantize.F32); err != nil {
		return err
	}
	full := runtime.Config{Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, HaltMaxSteps: 16}
	full.NumPuzzles, full.PuzzleEmbDim = 1, 512
	return write(filepath.Join(dir, "full.hrm"), puzzle.Sudoku{}, full, quantize.F32)
}

// write writes a model of a task with random weights in a format.
func write(path string, task puzzle.Task, c runtime.Config, format quantize.Format) error {
	c.Family, c.Positions = runtime.HRM, runtime.Rope
	if c.Mixing == runtime.NoMixing {
		c.Family, c.Positions = runtime.TRM, runtime.NoPos
	}
	c.VocabSize, c.SeqLen = task.Vocab(), task.SeqLen()
	c.NormEps, c.RopeTheta = runtime.DefaultNormEps, runtime.DefaultRopeTheta
	m, err := runtime.NewModel(c, 1)
	if err != nil {
		return err
	}
	m.Task, m.TaskSpec = task.Name(), puzzle.Spec(task)
	if m, _, err = m.Convert(format); err != nil {
		return err
	}
	return m.Save(path)
}
