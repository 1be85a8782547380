package cache_test

import (
	"fmt"
	"os"

	"github.com/hrmgo/hrm/native/cache"
)

// See where a model of a name would lie, and whether it does.
func Example() {
	os.Setenv("XDG_CACHE_HOME", os.TempDir())
	defer os.Unsetenv("XDG_CACHE_HOME")
	_, there := cache.Lookup("no-such-model")
	fmt.Println(there, cache.Check("../escape") != nil)
	// Output: false true
}
