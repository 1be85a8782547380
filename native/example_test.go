package native_test

import (
	"fmt"

	"github.com/hrmgo/hrm/native"
)

// Open a model by name: embedded, fetched, a file, or a training run's folder.
func ExampleOpen() {
	model, file, err := native.Open("maze")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	fmt.Println(model.Task, model.TaskSpec["labels"], model.Config.AnyShape())
	// Output: maze directions true
}
