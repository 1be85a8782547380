package main

import (
	"fmt"
	"io"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/weights"
)

// writeFile writes a file so that a crash or a full disk leaves the old one or
// the new one, whole.
func writeFile(path string, data []byte) error {
	err := weights.ReplaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: writing %s: %w", errFailed, path, err)
	}
	return nil
}

// writeTarget writes what a flag names: a file, a device, or standard output.
func writeTarget(t *command.Target, data []byte) error {
	if err := writeFile(t.Path, data); err != nil {
		return err
	}
	return t.Deliver()
}
