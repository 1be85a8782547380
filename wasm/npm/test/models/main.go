// Command models writes what the package's tests need besides the embedded
// model: small models of the other tasks, with random weights, which answer
// nothing right.
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
	for _, task := range puzzle.Tasks {
		if err := write(os.Args[1], task); err != nil {
			fmt.Fprintln(os.Stderr, "models:", err)
			os.Exit(1)
		}
	}
}

// write writes FOLDER/TASK.hrm.
func write(dir string, task puzzle.Task) error {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, VocabSize: task.Vocab(), SeqLen: task.SeqLen(),
		Hidden: 32, Heads: 2, Expansion: 1, HLayers: 1, LLayers: 1, HCycles: 1, LCycles: 1,
		Positions: runtime.Rope, HaltMaxSteps: 3, NormEps: runtime.DefaultNormEps, RopeTheta: runtime.DefaultRopeTheta,
	}, 1)
	if err != nil {
		return err
	}
	m.Task = task.Name()
	return m.Save(filepath.Join(dir, task.Name()+".hrm"))
}
