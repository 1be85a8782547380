package native

import (
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// ErrNoDefault is returned by Default when no model was embedded in this build.
var ErrNoDefault = errors.New("this build has no embedded model")

// embedded is the default model's file, nil when this build has none.
var embedded []byte

// Default returns the embedded model.
func Default() (*runtime.Model, error) {
	if len(embedded) == 0 {
		return nil, ErrNoDefault
	}
	f, err := weights.Parse(embedded)
	if err != nil {
		return nil, fmt.Errorf("embedded model: %w", err)
	}
	return runtime.Load(f)
}
