//go:build !linux && !purego

package kernels

import "errors"

// permitAMX fails: only Linux is known to give tiles to a process.
func permitAMX() error { return errors.ErrUnsupported }
