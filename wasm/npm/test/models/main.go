// Command models writes what the package's tests and benchmarks need besides
// the embedded model: small models of every task, and full.hrm, a sudoku model
// of the published size, all with random weights, which answer nothing right.
//
//	go run ./wasm/npm/test/models FOLDER
package main

import (
	"fmt"
	"os"
	"path/filepath"

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
	for _, task := range puzzle.Tasks {
		c := runtime.Config{Hidden: 32, Heads: 2, Expansion: 1, HLayers: 1, LLayers: 1, HCycles: 1, LCycles: 1, HaltMaxSteps: 3}
		if err := write(filepath.Join(dir, task.Name()+".hrm"), task, c); err != nil {
			return err
		}
	}
	full := runtime.Config{Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, HaltMaxSteps: 16}
	full.NumPuzzles, full.PuzzleEmbDim = 1, 512
	return write(filepath.Join(dir, "full.hrm"), puzzle.Sudoku{}, full)
}

// write writes a model of a task with random weights.
func write(path string, task puzzle.Task, c runtime.Config) error {
	c.Family, c.Positions = runtime.HRM, runtime.Rope
	c.VocabSize, c.SeqLen = task.Vocab(), task.SeqLen()
	c.NormEps, c.RopeTheta = runtime.DefaultNormEps, runtime.DefaultRopeTheta
	m, err := runtime.NewModel(c, 1)
	if err != nil {
		return err
	}
	m.Task = task.Name()
	return m.Save(path)
}
