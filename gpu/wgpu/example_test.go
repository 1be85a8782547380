package wgpu_test

import (
	"fmt"

	"github.com/hrmgo/hrm/gpu/wgpu"
)

// Open the most powerful adapter, and see what it is.
func ExampleOpen() {
	d, err := wgpu.Open()
	if err != nil {
		fmt.Println(err) // no adapter, or a build without cgo
		return
	}
	defer d.Close()
	fmt.Println(d.Info().Name, d.Info().Software)
}
