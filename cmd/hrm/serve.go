package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/internal/version"
	"github.com/hrmgo/hrm/native/service"
)

type serveFlags struct {
	modelFlags
	thinkFlags
	service.Options
	models     []string
	address    string
	tokens     string
	cert, key  string
	log        string
	drainDelay time.Duration
	check      bool
	anyway     bool
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer puzzles over HTTP",
		Long: `Answer puzzles over HTTP. The puzzles of all clients share the lanes of a model,
fairly between requests; an answer depends on the puzzle and the seed alone.

  POST /v1/solve  {"puzzles": ["53..7....", ...]} gives {"model": ..., "results":
                  [...]}, with an object for each puzzle as hrm solve --json prints
                  it; a puzzle is a string as hrm solve reads it, or a list of rows
                  or cells. With Accept: application/x-ndjson or text/event-stream
                  every segment is sent as it comes.
  POST /solve     the same without options, as before
  POST /v2/models/NAME/infer   the Open Inference Protocol, as KServe and Triton
  GET  /livez /readyz /metrics /v1/models /openapi.yaml

Whoever asks when too much waits is told 429 and when to come again. A request out
of time gets what is solved, and "out of time" for the rest. docs/serving.md says
more, also of each limit.

On localhost only local programs can ask, and no web page; elsewhere anybody can who
reaches the address, unless --tokens says who.

Every flag can be given in the environment: --max-queue as HRM_SERVE_MAX_QUEUE.
SIGHUP reads the models again. SIGINT and SIGTERM finish what is under way and stop,
a second one stops at once.`,
		Example: `  hrm serve --address localhost:8080
  curl -d '{"puzzles": ["53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"]}' localhost:8080/solve
  hrm serve --model sudoku --model mazes=maze.hrm --address :8443 --tls-cert tls.crt --tls-key tls.key --tokens tokens.txt`,
		Args:    cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.LocalFlags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.models, "model", "m", nil, "`NAME=FILE` of a model, or FILE, or what hrm models lists; may be given more than once, the first is the default (default the embedded model for --task)")
	f.modelFlags.addDevice(cmd)
	f.thinkFlags.add(cmd, false)
	f.limits(flags)
	flags.StringVar(&f.address, "address", "localhost:8080", "`HOST:PORT` to listen on, or unix:PATH")
	flags.BoolVar(&f.anyway, "anyway", false, "let the model try puzzles that have no answer, or several")
	flags.BoolVar(&f.check, "check", true, "let the task's own rules, not the halting head, decide whether a restart is needed")
	flags.DurationVar(&f.drainDelay, "drain-delay", time.Second, "after a signal, how long to answer as before but not be ready")
	flags.StringSliceVar(&f.Hosts, "host", nil, "`NAME` that requests may be for; may be given more than once (default on localhost its names, elsewhere any)")
	flags.StringSliceVar(&f.Origins, "cors", nil, "`ORIGIN` of web pages that may ask, as in https://example.com (default none)")
	flags.StringVar(&f.tokens, "tokens", "", "`FILE` with a name and a bearer token on each line; read again when it changes (default anybody may ask)")
	flags.StringVar(&f.cert, "tls-cert", "", "`FILE` of the certificate, read again when it changes")
	flags.StringVar(&f.key, "tls-key", "", "`FILE` of its key")
	flags.StringVar(&f.log, "log", "text", "`FORM` of the log of requests on standard error: text, json or none")
	return cmd
}

// limits are what clients may ask for.
func (f *serveFlags) limits(flags *pflag.FlagSet) {
	flags.Int64Var(&f.MaxBody, "max-body", 1<<20, "`BYTES` of a request at most")
	flags.IntVar(&f.MaxPuzzles, "max-puzzles", 1024, "puzzles of a request at most")
	flags.IntVar(&f.MaxQueue, "max-queue", 4096, "puzzles of all requests under way at most")
	flags.IntVar(&f.MaxClient, "max-client", 0, "puzzles of one client under way at most: of a token, or else of an address (default half of --max-queue)")
	flags.DurationVar(&f.Timeout, "timeout", time.Minute, "time for one request at most")
	flags.Lookup("max-tokens").Usage = "`CELLS` of a puzzle at most, for models that take any size (default 4096, or the model's own grid if larger)"
	flags.Lookup("max-segments").Usage += "; requests may ask for fewer"
	flags.Lookup("restarts").Usage = "further attempts for a puzzle whose answer is not accepted; requests may ask for fewer (default 127 for sudokus, 7 for others)"
}

// fromEnvironment sets the flags that were not given from variables.
func fromEnvironment(flags *pflag.FlagSet) error {
	var failed error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := "HRM_SERVE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value, there := os.LookupEnv(name)
		if !there || flag.Changed || flag.Name == "help" {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s in the environment: %w", name, err))
		}
	})
	return failed
}

func (f *serveFlags) run(cmd *cobra.Command) error {
	if err := f.validate(); err != nil {
		return err
	}
	log, err := f.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	f.Log, f.Version = log, version.Read().Version
	encryption, err := f.encryption()
	if err != nil {
		return err
	}
	models, err := f.open()
	if err != nil {
		return err
	}
	listener, err := service.Listen(f.address)
	if err != nil {
		closeAll(models)
		return err
	}
	defer listener.Close()
	if len(f.Hosts) == 0 {
		f.Hosts = localNames(listener)
	}
	s, err := service.New(models, f.Options)
	if err != nil {
		closeAll(models)
		return err
	}
	defer s.Replace(nil)
	stop := f.reloads(s)
	defer stop()
	f.say(cmd.ErrOrStderr(), models, listener, encryption)
	command.Finish(cmd.Context())
	return s.Serve(cmd.Context(), listener, encryption, f.drainDelay)
}

func (f *serveFlags) validate() error {
	for _, n := range []struct {
		name  string
		value int64
	}{{"max-body", f.MaxBody}, {"max-puzzles", int64(f.MaxPuzzles)}, {"max-queue", int64(f.MaxQueue)}, {"timeout", int64(f.Timeout)}} {
		if n.value < 1 {
			return fmt.Errorf("--%s is %s, want more than 0", n.name, f.modelFlags.cmd.Flag(n.name).Value)
		}
	}
	switch {
	case f.MaxClient < 0 || f.drainDelay < 0:
		return fmt.Errorf("--max-client is %d and --drain-delay %v, want 0 or more", f.MaxClient, f.drainDelay)
	case (f.cert == "") != (f.key == ""):
		return errors.New("--tls-cert and --tls-key go together: give both files")
	}
	if f.tokens == "" {
		return nil
	}
	var err error
	f.Tokens, err = service.TokensOf(f.tokens)
	return err
}

func (f *serveFlags) logger(w io.Writer) (*slog.Logger, error) {
	switch f.log {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	case "none":
		return slog.New(slog.DiscardHandler), nil
	}
	return nil, fmt.Errorf("--log is %q, want text, json or none", f.log)
}

func (f *serveFlags) encryption() (*tls.Config, error) {
	if f.cert == "" {
		return nil, nil
	}
	return service.Encryption(f.cert, f.key, func(err error) { f.Log.Error("the certificate cannot be read again", "error", err) })
}

// open starts every model that was asked for.
func (f *serveFlags) open() (models []service.Model, err error) {
	names := f.models
	if len(names) == 0 {
		names = []string{""}
	}
	taken := map[string]bool{}
	for _, text := range names {
		name, path := nameOf(text)
		var m service.Model
		if m, err = f.start(name, path); err == nil && taken[m.Name] {
			err = errors.Join(fmt.Errorf("two models are called %s: name one, as in --model other=%s", m.Name, path), m.Close())
		}
		if err != nil {
			closeAll(models)
			return nil, err
		}
		taken[m.Name] = true
		models = append(models, m)
	}
	return models, nil
}

// start starts one model. Without a name it is called as its task is.
func (f *serveFlags) start(name, path string) (service.Model, error) {
	one := f.modelFlags
	one.path = path
	l, err := one.load(f.lanes)
	if err != nil {
		return service.Model{}, err
	}
	o, err := f.options(l.model)
	if err != nil {
		l.close()
		return service.Model{}, err
	}
	o.NoCheck, o.Anyway = !f.check, f.anyway
	if name == "" {
		name = l.task.Name()
	}
	return service.Model{Name: name, Solver: l.with(o), Close: func() error { l.close(); return nil }}, nil
}

// nameOf splits NAME=FILE. A file alone is called as it is, without its folder and
// ending.
func nameOf(text string) (name, path string) {
	if name, path, ok := strings.Cut(text, "="); ok && name != "" && !isFile(text) && !strings.ContainsAny(name, `/\`) {
		return name, path
	}
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(text), ".hrm"), "."), text
}

func closeAll(models []service.Model) {
	for _, m := range models {
		_ = m.Close()
	}
}

// say tells where the service is.
func (f *serveFlags) say(w io.Writer, models []service.Model, l net.Listener, encryption *tls.Config) {
	var names []string
	for _, m := range models {
		names = append(names, fmt.Sprintf("%s on %s", m.Name, m.Solver.Backend.Name()))
	}
	where := "http://" + l.Addr().String()
	switch {
	case l.Addr().Network() == "unix":
		where = "unix:" + l.Addr().String()
	case encryption != nil:
		where = "https://" + l.Addr().String()
	}
	fmt.Fprintf(w, "hrm: solving %s at %s\n", strings.Join(names, ", "), where)
}

// localNames are the hosts that a listener on this machine alone answers to: a name
// that a web page's owner points here is not among them.
func localNames(l net.Listener) []string {
	a, ok := l.Addr().(*net.TCPAddr)
	if !ok || !a.IP.IsLoopback() {
		return nil
	}
	return []string{"localhost", "127.0.0.1", "::1", a.IP.String()}
}

// reloads reads the models again on SIGHUP. Those that cannot be read stay as they are.
func (f *serveFlags) reloads(s *service.Server) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.Signal(1)) // SIGHUP, which has no name for js/wasm
	go func() {
		for {
			select {
			case <-hangups:
			case <-ctx.Done():
				signal.Stop(hangups)
				return
			}
			models, err := f.open()
			if err != nil {
				f.Log.Error("models not replaced", "error", err)
				continue
			}
			s.Replace(models)
		}
	}()
	return cancel
}
