// Package command runs a program of subcommands so that nothing it prints is lost
// unseen, and so that a signal is answered at once.
package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hrmgo/hrm/runtime/weights"
)

// patience is how long a subcommand may take to end after a signal. Most take a few
// milliseconds; a read from a disk that does not answer, or the opening of a FIFO
// that nobody writes to, would take for ever.
const patience = 150 * time.Millisecond

// unhurried is the key of a context's *atomic.Bool, see Finish.
type unhurried struct{}

// Finish tells that the subcommand of this context has begun what it finishes in its
// own time after a signal: it saves what it has, or answers who asked.
func Finish(ctx context.Context) {
	if flag, ok := ctx.Value(unhurried{}).(*atomic.Bool); ok {
		flag.Store(true)
	}
}

// ErrOutput is wrapped by the error about standard output that could not be
// written, such as one on a full disk.
var ErrOutput = fmt.Errorf("writing standard output")

// Run runs the subcommand that args name. Its output is checked: when some of it
// cannot be written the context ends, and the error wraps ErrOutput whatever the
// subcommand returns. When ctx ends and the subcommand neither ends nor finishes
// something, the error is that of ctx, and what it was writing is removed.
func Run(ctx context.Context, root *cobra.Command, args []string, in io.Reader, out, errOut io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	checked, told := &output{w: out, failed: cancel}, &output{w: errOut, failed: func(error) {}}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(checked)
	root.SetErr(told)
	finishes := new(atomic.Bool)
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(context.WithValue(ctx, unhurried{}, finishes)) }()
	err := wait(ctx, done, func() bool {
		if finishes.Load() {
			fmt.Fprintf(told, "%s: interrupted: finishing what is under way; once more ends at once\n", root.Name())
		}
		return finishes.Load()
	})
	told.close()
	if broken := checked.close(); broken != nil {
		return fmt.Errorf("%w: %w", ErrOutput, broken)
	}
	return err
}

// wait returns what comes from done, or the context's error when that has ended and
// nothing comes, unless the subcommand finishes.
func wait(ctx context.Context, done <-chan error, finishes func() bool) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
	}
	if finishes() {
		return <-done
	}
	weights.RemoveTemporary()
	discardAll()
	return ctx.Err()
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
