package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/scale/browsers"
)

// page is what is said about the page for browsers.
type page struct {
	address   string
	cert, key string
	model     string
	restarts  int
}

func newServe(f *flags) *cobra.Command {
	var p page
	cmd := &cobra.Command{
		Use: "serve", Short: "Only serve the queue of --store, for workers of other machines", Args: cobra.NoArgs,
		Long: `Only serve the queue of --store, for workers of other machines.

With --worker-page ADDRESS also a page with which a browser works for the queue, while
somebody keeps it open: it takes batches, solves them with WebAssembly and stores the
answers. Its user at the server may do nothing else. Whoever can open the page can
answer batches, so let those alone reach it whose answers you trust.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.server.Folder = f.store
			if p.address == "" {
				return f.serve(cmd.Context(), cmd.OutOrStdout(), nil)
			}
			return p.serve(cmd.Context(), f, cmd.OutOrStdout())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.server.Host, "host", "127.0.0.1", "`ADDRESS` to listen on")
	fl.IntVar(&f.server.Port, "port", 0, "port to listen on (default the one that the folder had before)")
	fl.StringVar(&f.server.ServerConfig, "server-config", "", "`FILE` of nats-server's configuration: leaf nodes, WebSocket, users and permissions")
	fl.StringVar(&p.address, "worker-page", "", "`ADDRESS`, as 127.0.0.1:8090, of a page that works in browsers (default none)")
	fl.StringVar(&p.cert, "page-cert", "", "`FILE` of the page's certificate")
	fl.StringVar(&p.key, "page-key", "", "`FILE` of its key")
	fl.StringVarP(&p.model, "model", "m", "sudoku", "`FILE` or name of the page's model")
	fl.IntVar(&p.restarts, "restarts", -1, restartsUsage)
	cmd.MarkFlagsRequiredTogether("page-cert", "page-key")
	return cmd
}

// serve serves the queue until the context ends, and beside it what with does.
func (f *flags) serve(ctx context.Context, out io.Writer, with func(ctx context.Context, url string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	url, wait, err := f.server.Local(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the queue of %s is at %s\n", f.store, url)
	if with != nil {
		err = with(ctx, url)
		cancel()
	}
	wait()
	return err
}

func (p *page) serve(ctx context.Context, f *flags, out io.Writer) error {
	s, err := hrm.Open(p.model)
	if err != nil {
		return err
	}
	restarts := restartsOf(p.restarts, s)
	s.Close()
	file, err := modelFile(p.model)
	if err != nil {
		return err
	}
	site, err := browsers.New(f.Name, file, restarts)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return err
	}
	defer l.Close()
	scheme := "http"
	if p.cert != "" {
		scheme = "https"
	}
	f.server.Change = site.Change
	return f.serve(ctx, out, func(ctx context.Context, url string) error {
		fmt.Fprintf(out, "browsers work at %s://%s/\n", scheme, l.Addr())
		return site.Serve(ctx, url, l, p.cert, p.key)
	})
}

func modelFile(name string) ([]byte, error) {
	place, err := native.Find(name)
	if err != nil {
		return nil, err
	}
	file, err := place.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
