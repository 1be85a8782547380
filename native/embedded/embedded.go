// Package embedded holds the bytes of the default model, apart from package
// native, so that a small program has the model without a server.
package embedded

import _ "embed"

// Model is a .hrm file: a sudoku solver that hrm-train made, float32.hrm, in int8.
// Its header says how, and what it reaches; docs/training.md says more. It must not
// be changed.
//
//go:embed default.hrm
var Model []byte
