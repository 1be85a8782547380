// Package command runs a program of subcommands so that nothing it prints is lost
// unseen, and so that a signal is answered at once.
package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hrmgo/hrm/runtime/weights"
)

// Unhurried is the annotation of a subcommand that ends in its own time after a
// signal: it saves, or finishes what others asked for.
const Unhurried = "unhurried"

// patience is how long any other subcommand may take to end after a signal. Most
// take a few milliseconds; a read from a disk that does not answer, or the opening
// of a FIFO that nobody writes to, would take for ever.
const patience = 150 * time.Millisecond

// ErrOutput is wrapped by the error about standard output that could not be
// written, such as one on a full disk.
var ErrOutput = fmt.Errorf("writing standard output")

// Run runs the subcommand that args name. Its output is checked: when some of it
// cannot be written the context ends, and the error wraps ErrOutput whatever the
// subcommand returns. When ctx ends and the subcommand does not, the error is that
// of ctx, and what it was writing is removed.
func Run(ctx context.Context, root *cobra.Command, args []string, in io.Reader, out, errOut io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	checked, told := &output{w: out, failed: cancel}, &output{w: errOut, failed: func(error) {}}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(checked)
	root.SetErr(told)
	hurried := true
	if cmd, _, err := root.Find(args); err == nil {
		_, unhurried := cmd.Annotations[Unhurried]
		hurried = !unhurried
	}
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	err := wait(ctx, done, hurried)
	told.close()
	if broken := checked.close(); broken != nil {
		return fmt.Errorf("%w: %w", ErrOutput, broken)
	}
	return err
}

// wait returns what comes from done, or the context's error when that has ended and
// nothing comes.
func wait(ctx context.Context, done <-chan error, hurried bool) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if !hurried {
		return <-done
	}
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		weights.RemoveTemporary()
		return ctx.Err()
	}
}

// output remembers the first error of its writer, after which nothing is written.
type output struct {
	mu     sync.Mutex
	w      io.Writer
	err    error
	closed bool
	failed func(error)
}

// Write writes all of b or returns why not.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.err != nil:
		return 0, o.err
	case o.closed:
		return 0, os.ErrClosed
	}
	n, err := o.w.Write(b)
	if err != nil {
		o.err = err
		o.failed(fmt.Errorf("%w: %w", ErrOutput, err))
	}
	return n, err
}

// close ends writing, for a subcommand that is still at work, and returns the first
// error.
func (o *output) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	return o.err
}

// Terminal returns the terminal that w, an output of a subcommand, is written to,
// when a person looks at it.
func Terminal(w any) (*os.File, bool) {
	if o, ok := w.(*output); ok {
		w = o.w
	}
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}
