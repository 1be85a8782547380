package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
)

// Target is the file that a subcommand writes. One that cannot be replaced, standard
// output or a device or a FIFO, gets the bytes of a temporary file when it is whole.
type Target struct {
	// Path is what the subcommand is to write, a file that is complete or not there.
	Path string

	name string // as the user gave it; "-" is standard output
	cmd  *cobra.Command
	temp string // folder of Path, "" when Path is the file itself
}

// open are the targets that were not discarded yet.
var open sync.Map // *Target to nothing

// discardAll is for a process that is about to end.
func discardAll() {
	for t := range open.Range {
		t.(*Target).Discard()
	}
}

// NewTarget returns the target of a name. Discard it in any case.
func NewTarget(cmd *cobra.Command, name string) (*Target, error) {
	t := &Target{Path: name, name: name, cmd: cmd}
	if through, err := t.through(); err != nil || !through {
		return t, err
	}
	var err error
	if t.temp, err = os.MkdirTemp("", "hrm"); err != nil {
		return nil, err
	}
	t.Path = filepath.Join(t.temp, "output")
	open.Store(t, nil)
	return t, nil
}

// through tells whether the bytes go through a temporary file.
func (t *Target) through() (bool, error) {
	if t.stdout() {
		if _, ok := Terminal(t.cmd.OutOrStdout()); ok {
			return false, errors.New("a model is not for a terminal: give a file, or send standard output into one")
		}
		return true, nil
	}
	info, err := os.Stat(t.name)
	return err == nil && info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0, nil
}

func (t *Target) stdout() bool { return t.name == "-" || t.name == "/dev/stdout" }

// Deliver copies the file to a target that is none.
func (t *Target) Deliver() (err error) {
	if t.temp == "" {
		return nil
	}
	from, err := os.Open(t.Path)
	if err != nil {
		return err
	}
	defer from.Close()
	if t.stdout() {
		_, err = io.Copy(t.cmd.OutOrStdout(), from)
		return err
	}
	to, err := os.OpenFile(t.name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err = io.Copy(to, from); err != nil {
		err = fmt.Errorf("writing %s: %w", t.name, err)
	}
	return errors.Join(err, to.Close())
}

// Discard removes what is temporary.
func (t *Target) Discard() {
	if t.temp != "" {
		_ = os.RemoveAll(t.temp)
		open.Delete(t)
	}
}

// Size returns the bytes of the file.
func (t *Target) Size() (int64, error) {
	info, err := os.Stat(t.Path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Out is where to tell about the file: standard output unless the file goes there.
func (t *Target) Out() io.Writer {
	if t.stdout() {
		return t.cmd.ErrOrStderr()
	}
	return t.cmd.OutOrStdout()
}

// String names the target.
func (t *Target) String() string {
	if t.stdout() {
		return "standard output"
	}
	return t.name
}
