//go:build !unix

package host

import "context"

// withMemory does nothing: guests have their memory in Go's slices.
func withMemory(ctx context.Context) context.Context { return ctx }
