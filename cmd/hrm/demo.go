package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/wasm/npm"
)

type demoFlags struct {
	address, model, dir string
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve a page in which the model solves puzzles, in the browser",
		Long: `Serve the demo page: type or paste a sudoku and watch the model settle it,
segment by segment. The model runs in the browser, as WebAssembly; this command
only serves files, and Ctrl-C stops it.`,
		Example: `  hrm demo
  hrm demo --addr localhost:9000 --model maze.hrm`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.address, "addr", "localhost:8000", "`HOST:PORT` to listen on")
	flags.StringVarP(&f.model, "model", "m", "", "`FILE` of the page's model (default the embedded model)")
	flags.StringVar(&f.dir, "dir", "", "serve the files of this `FOLDER`, wasm/npm of a checkout, instead of the embedded ones")
	_ = cmd.MarkFlagFilename("model", "hrm")
	_ = cmd.MarkFlagDirname("dir")
	return cmd
}

func (f *demoFlags) run(cmd *cobra.Command) error {
	handler, err := f.handler()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "http://%s/demo/\n", listener.Addr())
	web := &http.Server{
		Handler: handler, MaxHeaderBytes: 1 << 16,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
	}
	done := make(chan error, 1)
	go func() { done <- web.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-cmd.Context().Done():
		if err := web.Close(); err != nil {
			return err
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil // Ctrl-C is how it ends
	}
}

func (f *demoFlags) handler() (http.Handler, error) {
	model := embedded.Model
	if f.model != "" {
		m, file, err := native.Open(f.model) // says what is wrong before a browser does
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if _, err := taskOf(m); err != nil {
			return nil, err
		}
		if model, err = os.ReadFile(f.model); err != nil {
			return nil, err
		}
	}
	if f.dir != "" {
		return npm.Handler(os.DirFS(f.dir), model)
	}
	return npm.Handler(npm.Files, model)
}
