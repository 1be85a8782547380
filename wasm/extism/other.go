//go:build !wasip1

// Command extism is built for GOOS=wasip1 only.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "extism: this is an Extism plugin: build it with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared, or go run ./wasm/build")
	os.Exit(2)
}
