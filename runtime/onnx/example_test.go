package onnx_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime/onnx"
)

// Write a segment as a graph for ONNX Runtime.
func ExampleWriteFile() {
	model, err := native.Embedded("sudoku")
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "hrm-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "segment.onnx")
	err = onnx.WriteFile(context.Background(), path, model, onnx.Options{Int8: true})
	info, missing := os.Stat(path)
	fmt.Println(err, missing, info.Size() > 500_000)
	// Output: <nil> <nil> true
}
