package native

import (
	_ "embed"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// embedded is the default model's file: a sudoku solver that hrm-train made.
// Its header says how, and what it reaches; docs/training.md says more.
//
//go:embed default.hrm
var embedded []byte

// Default returns the embedded model, which shares its bytes.
func Default() (*runtime.Model, error) {
	f, err := weights.Parse(embedded)
	if err != nil {
		return nil, fmt.Errorf("embedded model: %w", err)
	}
	return runtime.Load(f)
}
