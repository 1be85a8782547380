//go:build !amd64 || purego

package kernels

import "testing"

func eachPanel(t *testing.T, name string, f func(t *testing.T)) { t.Run(name+"/generic", f) }
