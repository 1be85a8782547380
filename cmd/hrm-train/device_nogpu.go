package main

import (
	"errors"

	"github.com/hrmgo/hrm/train"
)

// errNoWebGPU is why a build without the GPU package has no webgpu device.
var errNoWebGPU = errors.New("this hrm-train was built without WebGPU")

func openWebGPU(*train.Spec) (train.Device, error) { return nil, errNoWebGPU }
