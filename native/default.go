package native

import (
	"fmt"
	"strings"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// Default returns the embedded model, which shares its bytes.
func Default() (*runtime.Model, error) { return Embedded("") }

// Embedded returns the embedded model for a task, the default for "". It shares its
// bytes.
func Embedded(task string) (*runtime.Model, error) {
	data := embedded.For(task)
	if data == nil {
		var names []string
		for _, e := range embedded.Models {
			names = append(names, e.Name)
		}
		return nil, fmt.Errorf("no embedded model solves %q, there is one for %s", task, strings.Join(names, ", "))
	}
	f, err := weights.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("embedded model: %w", err)
	}
	return runtime.Load(f)
}
