package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/wasm/npm"
)

type demoFlags struct {
	address, model, dir, export, site string
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve a page in which the model solves puzzles, in the browser",
		Long: `Serve the demo page: watch the model fill in a sudoku at once and correct
itself until it wants to stop. The model runs in the browser, as WebAssembly;
this command only serves files, and Ctrl-C stops it. With --export it writes the
files into a folder instead, for any web server to carry.`,
		Example: `  hrm demo
  hrm demo --address localhost:9000 --model maze.hrm
  hrm demo --export site --site https://example.com/sudoku/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.address, "address", "localhost:8000", "`HOST:PORT` to listen on")
	flags.StringVarP(&f.model, "model", "m", "", "`FILE` or name of the model that the page begins with (default the embedded ones)")
	flags.StringVar(&f.dir, "dir", "", "serve the files of this `FOLDER`, wasm/npm of a checkout, instead of the embedded ones")
	flags.StringVar(&f.export, "export", "", "write the page into this `FOLDER` as a static site, and serve nothing")
	flags.StringVar(&f.site, "site", "", "`URL` that an exported page will have, for the picture that links to it show")
	_ = cmd.MarkFlagDirname("export")
	completeModel(cmd)
	_ = cmd.MarkFlagDirname("dir")
	return cmd
}

func (f *demoFlags) run(cmd *cobra.Command) error {
	files, models, err := f.files()
	if err != nil {
		return err
	}
	if f.export != "" {
		return f.write(cmd.OutOrStdout(), files, models)
	}
	handler, err := npm.Handler(files, models)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "http://%s/\n", listener.Addr())
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

// write exports the page.
func (f *demoFlags) write(out io.Writer, files fs.FS, models []embedded.Entry) error {
	site := f.site
	if site != "" {
		u, err := url.Parse(site)
		if err != nil || u.Host == "" || strings.ContainsAny(site, "\"<>") {
			return fmt.Errorf("--site %q is no address, want one such as https://example.com/sudoku/", f.site)
		}
		site = strings.TrimSuffix(site, "/") + "/"
	}
	if err := npm.Export(files, models, f.export, site); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: the page is index.html; it needs a web server, such as python3 -m http.server --directory %s\n", f.export, f.export)
	return nil
}

// files returns those of the page, and its models: the embedded ones, of which
// --model replaces the one for its task and comes first.
func (f *demoFlags) files() (fs.FS, []embedded.Entry, error) {
	models := embedded.Page()
	if f.model != "" {
		m, file, err := native.Open(f.model) // says what is wrong before a browser does
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		task, err := taskOf(m)
		if err != nil {
			return nil, nil, err
		}
		own := embedded.Entry{Name: task.Name()}
		if !slices.ContainsFunc(models, func(e embedded.Entry) bool { return e.Name == own.Name }) {
			return nil, nil, fmt.Errorf("%s solves %s puzzles: the page draws sudokus, mazes and grids of ARC", f.model, own.Name)
		}
		place, err := native.Find(f.model)
		if err != nil {
			return nil, nil, err
		}
		whole, err := place.Open()
		if err != nil {
			return nil, nil, err
		}
		defer whole.Close()
		if own.File, err = io.ReadAll(whole); err != nil {
			return nil, nil, err
		}
		others := slices.DeleteFunc(slices.Clone(models), func(e embedded.Entry) bool { return e.Name == own.Name })
		models = append([]embedded.Entry{own}, others...)
	}
	if f.dir != "" {
		return os.DirFS(f.dir), models, nil
	}
	return npm.Files, models, nil
}
