package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/filekind"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/cache"
	"github.com/hrmgo/hrm/native/pull"
	"github.com/hrmgo/hrm/runtime/weights"
)

// Keys of a header about where a model came from.
const (
	metaFrom    = "pulled_from"
	metaHash    = "pulled_sha256"
	metaLicence = "licence"
)

type pullFlags struct {
	checkpointFlags
	name, sha256 string
	force        bool
}

func newPull() *cobra.Command {
	var f pullFlags
	cmd := &cobra.Command{
		Use:   "pull SOURCE",
		Short: "Fetch a published model and keep it under a name",
		Long: `Fetch a model, check and import it, and keep it under a name that stands for it
wherever a file does. SOURCE is

  hf:OWNER/REPO[@REVISION]   a repository of huggingface.co: its checkpoint with its
                             configuration (and identifiers.json), or its .hrm file
  hf:OWNER/REPO/FILE         one file, or what a folder of it holds
  https://...                the address of a checkpoint or of a .hrm file

A download that was cut or killed goes on where it ended, and what comes is compared
with the size and the hash that the hub says, or --sha256. Nothing in a checkpoint is
executed; see hrm help import for what is read and for the flags that it shares. The
model's header keeps where it came from, with the commit, and its licence.

HF_ENDPOINT names another hub, HF_TOKEN is sent to it for what needs a login, and
HF_HUB_OFFLINE=1 forbids it all; HTTPS_PROXY, HTTP_PROXY and NO_PROXY are followed.
Models are kept below $XDG_CACHE_HOME/hrm, by default ~/.cache/hrm: hrm models lists
them, hrm models remove NAME removes one.`,
		Example: `  hrm pull hf:sapientinc/HRM-checkpoint-sudoku-extreme --name hrm-sudoku
  hrm solve --model hrm-sudoku puzzles.txt
  hrm pull hf:arcprize/trm_arc_prize_verification/arc_v1_public
  HF_ENDPOINT=https://hub.example.com hrm pull hf:me/maze@v2
  hrm pull https://example.com/maze.hrm --sha256 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "`NAME` of the model (default what its repository or file is called)")
	flags.StringVar(&f.sha256, "sha256", "", "`HASH` that the file must have, 64 hexadecimal digits")
	flags.BoolVar(&f.force, "force", false, "fetch it again and replace what has the name")
	f.checkpointFlags.add(flags)
	return cmd
}

func (f *pullFlags) run(cmd *cobra.Command, source string) error {
	if err := f.check(); err != nil {
		return err
	}
	said := cmd.ErrOrStderr()
	o := pull.FromEnvironment()
	o.SHA256, o.NoConfig, o.Agent = f.sha256, f.ConfigPath != "", "hrm/"+cmd.Root().Version
	o.Note = func(text string) { fmt.Fprintln(said, "hrm:", text) }
	bar := &fetching{out: said}
	o.Progress = bar.show
	from, err := pull.Resolve(cmd.Context(), source, o)
	if err != nil {
		return err
	}
	if f.name == "" {
		f.name = from.Source.Name()
	}
	there, err := f.taken(cmd, from)
	if there || err != nil {
		return err
	}
	got, err := from.Fetch(cmd.Context())
	bar.end()
	if err != nil {
		return err
	}
	defer got.Close()
	if err := f.keep(cmd, got); err != nil {
		return fmt.Errorf("%w; what was fetched is kept for another try, until hrm models remove %s", err, source)
	}
	if err := got.Remove(); err != nil {
		return err
	}
	return f.report(cmd.OutOrStdout(), f.name+": ")
}

// taken reports whether the model is there already, and an error when another one has
// its name.
func (f *pullFlags) taken(cmd *cobra.Command, from *pull.Resolved) (bool, error) {
	if err := cache.Check(f.name); err != nil {
		return false, fmt.Errorf("%w; choose one with --name", err)
	}
	if isEmbedded(f.name) {
		return false, fmt.Errorf("%s is the name of a model that is part of hrm; choose another with --name", f.name)
	}
	if _, ok := cache.Lookup(f.name); !ok || f.force {
		return false, nil
	}
	i, err := summary(f.name)
	if err != nil {
		return false, fmt.Errorf("there is a model called %s that cannot be used: %w; --force replaces it", f.name, err)
	}
	was := i.Meta[metaFrom]
	switch {
	case was == from.From:
		return true, f.report(cmd.OutOrStdout(), f.name+" is here already: ")
	case from.Source.Same(was):
		fmt.Fprintf(cmd.ErrOrStderr(), "hrm: %s was fetched from %s, and there is something newer\n", f.name, was)
		return false, nil
	}
	return false, fmt.Errorf("there is a model called %s, from %s; choose another name with --name, or --force to replace it", f.name, orDash(was))
}

// keep imports what was fetched.
func (f *pullFlags) keep(cmd *cobra.Command, got *pull.Fetched) error {
	to, err := cache.Path(f.name)
	if err != nil {
		return err
	}
	meta := map[string]string{metaFrom: got.From, metaHash: got.SHA256}
	if got.Licence != "" {
		meta[metaLicence] = got.Licence
	}
	isModel, err := isModelFile(got.Path)
	if err != nil {
		return err
	}
	if isModel {
		return keepModel(got.Path, to, meta)
	}
	if f.identifiers == "" {
		f.identifiers = got.Names
	}
	_, err = f.convert(cmd, got.Path, to, meta)
	return err
}

func isModelFile(path string) (bool, error) {
	in, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer in.Close()
	head := make([]byte, filekind.Head)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return filekind.Of(head[:n], int64(n)).Name == filekind.HRM, nil
}

// keepModel copies a .hrm file that a model can be made of, with more in its header.
func keepModel(from, to string, meta map[string]string) error {
	_, file, err := native.Open(from)
	if err != nil {
		return err
	}
	file.Close()
	f, file, err := native.OpenFile(from)
	if err != nil {
		return err
	}
	defer file.Close()
	h := f.Header
	h.Meta = maps.Clone(h.Meta)
	maps.Copy(h.Meta, meta)
	return native.Guard(file, func() error { return weights.WriteFile(to, h, f.Tensors()) })
}

// report says what the model is.
func (f *pullFlags) report(out io.Writer, before string) error {
	i, err := summary(f.name)
	if err != nil {
		return err
	}
	licence := i.Meta[metaLicence]
	if licence == "" {
		licence = "not stated"
	}
	_, err = fmt.Fprintf(out, "%s%v %s, %s parameters, %s bytes; from %s; licence: %s\n",
		before, i.Config["family"], orDash(i.Task), thousands(i.Parameters), thousands(i.Bytes), i.Meta[metaFrom], licence)
	return err
}

// fetching shows how much of a file has come: a bar on a terminal, else a line when it
// begins.
type fetching struct {
	out  io.Writer
	name string
	bar  *progressbar.ProgressBar
}

func (b *fetching) show(name string, done, total int64) {
	if name != b.name {
		b.end()
		b.name = name
		b.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetVisibility(isTerminal(b.out)),
			progressbar.OptionSetDescription("fetching "+shorten(name)), progressbar.OptionShowBytes(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		if !isTerminal(b.out) {
			size := ""
			if total >= 0 {
				size = ", " + thousands(total) + " bytes"
			}
			fmt.Fprintf(b.out, "hrm: fetching %s%s\n", name, size)
		}
	}
	_ = b.bar.Set64(done)
}

func (b *fetching) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// shorten keeps the end of a name, which tells files apart.
func shorten(name string) string {
	const most = 30
	if at := strings.LastIndexByte(name, '/'); at >= 0 && len(name) > most {
		name = name[at+1:]
	}
	if len(name) > most {
		name = "..." + name[len(name)-most+3:]
	}
	return name
}
