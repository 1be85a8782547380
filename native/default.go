package native

import (
	"fmt"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// Default returns the embedded model, which shares its bytes.
func Default() (*runtime.Model, error) {
	f, err := weights.Parse(embedded.Model)
	if err != nil {
		return nil, fmt.Errorf("embedded model: %w", err)
	}
	return runtime.Load(f)
}
