package npm_test

import (
	"errors"
	"fmt"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/wasm/npm"
)

// Serve the demo page in a program of one's own: examples/page does so whole.
func ExampleHandler() {
	handler, err := npm.Handler(npm.Files, embedded.Models)
	fmt.Println(handler != nil, errors.Is(err, npm.ErrNoModule))
	// Output: true false
}
