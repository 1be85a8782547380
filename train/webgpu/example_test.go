package webgpu_test

import (
	"fmt"

	"github.com/hrmgo/hrm/gpu/wgpu"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/webgpu"
)

// Train on a GPU: everything but the device is as in the example of train/cpu.
func Example() {
	d, err := wgpu.Open()
	if err != nil {
		fmt.Println(err) // no adapter, or a build without cgo
		return
	}
	defer d.Close()
	c, err := config.Preset("sudoku-gpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := c.Train(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	device, err := webgpu.Open(d, run.Spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer device.Close()
}
