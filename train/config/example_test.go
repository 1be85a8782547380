package config_test

import (
	"fmt"

	"github.com/hrmgo/hrm/train/config"
)

// Begin with a preset, change a key, and see a slip refused.
func Example() {
	c, err := config.Preset("sudoku-cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Set("conv", "3"), c.Conv)
	fmt.Println(c.Set("weigth_decay", "1"))
	// Output:
	// <nil> 3
	// invalid training configuration: unknown key "weigth_decay", did you mean "weight_decay"?
}
