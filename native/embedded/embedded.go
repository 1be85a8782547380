// Package embedded holds the bytes of the models that programs carry, apart from
// package native, so that a small program has a model without a server.
package embedded

import (
	_ "embed"
	"slices"
)

// Model is a .hrm file: a sudoku solver that hrm-train made, float32.hrm, in int8.
// Its header says how, and what it reaches; docs/training.md says more. It must not
// be changed.
//
//go:embed default.hrm
var Model []byte

// maze says of every cell of a maze of any size where the next step to the goal is; int8.
//
//go:embed maze.hrm
var maze []byte

// sizes is a sudoku solver for grids of other sizes: each digit of a cell is a position,
// and no weight depends on how many there are; int8.
//
//go:embed sudoku-sizes.hrm
var sizes []byte

// SudokuSizes is the name of the model for sudokus of other sizes than 9 x 9.
const SudokuSizes = "sudoku-sizes"

// Entry is a model that is embedded.
type Entry struct {
	Name string // the task that it solves, or SudokuSizes
	File []byte // .hrm, not to be changed
}

// Models are those that are embedded, the default first.
var Models = []Entry{{"sudoku", Model}, {"maze", maze}, {SudokuSizes, sizes}}

// arc knows seven rules about grids of colours, from examples that wasm/npm/train/rules.mjs
// makes; int8. docs/arc.md says more.
//
//go:embed arc.hrm
var arc []byte

// Page returns the models of the web page and the npm package: one more than the command
// and the plugins carry, for its rules are the page's.
func Page() []Entry { return append(slices.Clone(Models), Entry{"arc", arc}) }

// For returns the model of a name, the default for "", and nil where there is none.
func For(name string) []byte {
	for _, e := range Models {
		if name == "" || e.Name == name {
			return e.File
		}
	}
	return nil
}
