package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/native/service"
)

type serveFlags struct {
	modelFlags
	thinkFlags
	address string
	timeout time.Duration
	check   bool
	anyway  bool
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer puzzles over HTTP",
		Long: `Answer puzzles over HTTP. The puzzles of all clients share the lanes of one model.

  POST /solve   {"puzzles": ["53..7....", ...]} gives {"results": [...]}, with an
                object for each puzzle as hrm solve --json prints it, and the same
                answers; a puzzle is
                a string as hrm solve reads it, or a list of rows or cells
  GET  /health  {"backend": ..., "task": ...}

A request may have 1 MiB and 1024 puzzles. Where the model takes grids of any size,
a puzzle is text with a row a line and at most --max-tokens cells. There is no encryption and no
authentication: put it behind a proxy that has both before strangers reach it.

SIGINT and SIGTERM finish the requests under way and stop.`,
		Example: `  hrm serve --address localhost:8080
  curl -d '{"puzzles": ["53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"]}' localhost:8080/solve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.modelFlags.add(cmd)
	f.thinkFlags.add(cmd, false)
	flags := cmd.Flags()
	flags.StringVar(&f.address, "address", "localhost:8080", "`HOST:PORT` to listen on")
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "time for one request at most")
	flags.BoolVar(&f.anyway, "anyway", false, "let the model try puzzles that have no answer, or several")
	flags.Lookup("max-tokens").Usage = "`CELLS` of a puzzle at most, for models that take any size (default 4096, or the model's own grid if larger)"
	flags.BoolVar(&f.check, "check", true, "let the task's own rules, not the halting head, decide whether a restart is needed")
	return cmd
}

func (f *serveFlags) run(cmd *cobra.Command) error {
	l, err := f.load(f.lanes)
	if err != nil {
		return err
	}
	defer l.close()
	o, err := f.options(l.model)
	if err != nil {
		return err
	}
	o.NoCheck, o.Anyway = !f.check, f.anyway
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return err
	}
	s := service.New(l.with(o), service.Options{Timeout: f.timeout})
	fmt.Fprintf(cmd.ErrOrStderr(), "hrm: solving %s on %s at http://%s\n", l.task.Name(), l.backend.Name(), listener.Addr())
	command.Finish(cmd.Context())
	return f.serve(cmd.Context(), s, listener)
}

// serve answers until the context ends, then finishes the requests under way.
func (f *serveFlags) serve(ctx context.Context, s *service.Server, listener net.Listener) error {
	web := &http.Server{
		Handler: s, MaxHeaderBytes: 1 << 16,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: f.timeout + 30*time.Second, IdleTimeout: 2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	select {
	case err := <-failed:
		_ = web.Close()
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.timeout)
	defer cancel()
	if err := web.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return web.Close()
}
