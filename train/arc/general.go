package arc

import (
	_ "embed"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

//go:embed mini-arc.hrm
var general []byte

// General returns a model of the tasks of Mini-ARC, to begin learning with: see
// docs/arc.md for how it was made and what it reaches.
func General() (*runtime.Model, error) {
	f, err := weights.Parse(general)
	if err != nil {
		return nil, err
	}
	return runtime.Load(f)
}
