package pull

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/hrmgo/hrm/internal/filekind"
	"github.com/hrmgo/hrm/native/cache"
	"github.com/hrmgo/hrm/runtime/checkpoint"
	"github.com/hrmgo/hrm/runtime/weights"
)

// DefaultEndpoint is the hub, where HF_ENDPOINT names no other.
const DefaultEndpoint = "https://huggingface.co"

// tries is how often a request is made that brings nothing new.
const tries = 5

// Options say where and how to fetch. Proxies are those of the environment.
type Options struct {
	Endpoint string                               // address of the hub
	Token    string                               // for what may not be read without
	SHA256   string                               // of the file, in hexadecimal digits; "": as the hub says, if it does
	Agent    string                               // what this program is called
	NoConfig bool                                 // of a checkpoint at an address no configuration is looked for beside it
	Offline  bool                                 // nothing may be fetched
	Progress func(name string, done, total int64) // may be nil; total is -1 where nobody says
	Note     func(text string)                    // may be nil: what happened beside

	stall, pause time.Duration     // 0: a minute, a second
	transport    http.RoundTripper // nil: of the environment
}

// FromEnvironment returns the options that HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE
// ask for.
func FromEnvironment() Options {
	o := Options{Endpoint: os.Getenv("HF_ENDPOINT"), Token: os.Getenv("HF_TOKEN")}
	switch strings.ToLower(os.Getenv("HF_HUB_OFFLINE")) {
	case "1", "true", "yes", "on":
		o.Offline = true
	}
	return o
}

// check fills in what is not given.
func (o *Options) check() error {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	o.Endpoint = strings.TrimRight(o.Endpoint, "/")
	if !strings.HasPrefix(o.Endpoint, "https://") && !strings.HasPrefix(o.Endpoint, "http://") {
		return fmt.Errorf("HF_ENDPOINT is %q, want an address such as %s", o.Endpoint, DefaultEndpoint)
	}
	if sum, err := hex.DecodeString(o.SHA256); o.SHA256 != "" && (err != nil || len(sum) != 32) {
		return fmt.Errorf("--sha256 is %q, want 64 hexadecimal digits", o.SHA256)
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("HF_TOKEN holds what no token has, such as a space or the end of a line")
	}
	if o.stall == 0 {
		o.stall = time.Minute
	}
	if o.pause == 0 {
		o.pause = time.Second
	}
	return nil
}

func (o *Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

func (o *Options) progress(name string, done, total int64) {
	if o.Progress != nil {
		o.Progress(name, done, total)
	}
}

// Fetched is a model as it was fetched. It is held against other programs until
// Close.
type Fetched struct {
	Path    string // what to import: a file, or the index of several
	Names   string // file of the names of the puzzle table's rows, or ""
	From    string // the source, with the commit that was fetched
	Licence string // as its card says, or ""
	SHA256  string // of the first file of weights
	dir     string
	lock    *flock.Flock
}

// Resolved is a source of which is known what it stands for.
type Resolved struct {
	Source Source
	From   string // with the commit
	repo   *repository
	f      *fetcher
}

// Resolve asks the hub what a source stands for today. An address stands for itself.
func Resolve(ctx context.Context, text string, o Options) (*Resolved, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s, err := ParseSource(text, o.Endpoint)
	if err != nil {
		return nil, err
	}
	if err := s.safe(&o); err != nil {
		return nil, err
	}
	if o.Offline {
		return nil, fmt.Errorf("%w: HF_HUB_OFFLINE says to fetch nothing", ErrOffline)
	}
	r := &Resolved{Source: s, From: s.String(), f: &fetcher{Options: o}}
	r.f.client = client(o.transport)
	if s.URL != nil {
		return r, nil
	}
	if r.repo, err = r.f.list(ctx, s); err != nil {
		return nil, err
	}
	if !word.MatchString(r.repo.Commit) {
		return nil, fmt.Errorf("%s: the hub does not say which commit it is", s)
	}
	s.Revision = r.repo.Commit
	r.From = s.String()
	return r, nil
}

// client returns one that goes through the proxies of the environment and follows no
// redirection that is unsafe, nor takes the token to another host.
func client(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		first := via[0].URL
		switch {
		case len(via) > 10:
			return errRedirect
		case first.Scheme == "https" && req.URL.Scheme != "https":
			return errUnsafe
		case req.URL.Host != first.Host:
			req.Header.Del("Authorization")
		}
		return nil
	}}
}

// request makes one for an address, with the token where that is the hub's.
func (f *fetcher) request(ctx context.Context, address string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", f.Agent)
	if f.Token != "" && strings.HasPrefix(address, f.Endpoint+"/") {
		req.Header.Set("Authorization", "Bearer "+f.Token)
	}
	return req, nil
}

// Fetch fetches the files into the cache's folder for downloads. What an earlier try
// fetched is taken from there.
func (r *Resolved) Fetch(ctx context.Context) (*Fetched, error) {
	dir, err := folderOf(r.From)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	if mine, err := lock.TryLock(); err != nil {
		return nil, err
	} else if !mine {
		return nil, fmt.Errorf("%s is being fetched by another hrm", r.Source)
	}
	got := &Fetched{From: r.From, dir: dir, lock: lock}
	r.f.dir = dir
	if err := r.fetch(ctx, got); err != nil {
		got.Close()
		return nil, err
	}
	return got, nil
}

func (r *Resolved) fetch(ctx context.Context, got *Fetched) error {
	err := weights.ReplaceFile(filepath.Join(got.dir, sourceFile), writeText(r.From))
	if err != nil {
		return err
	}
	if r.repo == nil {
		w := wantedFile{address: r.Source.URL.String(), name: "file", shown: r.Source.String(), size: -1, sha256: r.f.SHA256}
		got.Path = filepath.Join(got.dir, w.name)
		if got.SHA256, err = r.f.file(ctx, w); err == nil && !r.f.NoConfig {
			err = r.configBeside(ctx, got.Path)
		}
		return err
	}
	names, dir, err := r.repo.choose(r.Source)
	if err != nil {
		return err
	}
	got.Licence = r.repo.licence()
	if !strings.HasSuffix(names[0], ".hrm") {
		if config := r.repo.config(dir); config != "" {
			names = append(names, config)
		}
		if _, ok := r.repo.find(dir + identifiers); ok {
			names = append(names, dir+identifiers)
			got.Names = filepath.Join(got.dir, identifiers)
		}
	}
	for i := 0; i < len(names); i++ {
		w, err := r.repo.want(r.f, r.Source, names[i])
		if err != nil {
			return err
		}
		if r.f.SHA256 != "" && i == 0 {
			w.sha256 = r.f.SHA256
		}
		sum, err := r.f.file(ctx, w)
		if err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		got.Path, got.SHA256 = filepath.Join(got.dir, w.name), sum
		if strings.HasSuffix(w.name, ".index.json") {
			shards, err := checkpoint.Files(got.Path)
			if err != nil {
				return err
			}
			for _, shard := range shards[1:] {
				names = append(names, dir+filepath.Base(shard))
			}
		}
	}
	return nil
}

// identifiers is what the references call the names of the tasks that a model of ARC
// knows.
const identifiers = "identifiers.json"

// configBeside fetches the configuration that lies beside a checkpoint's address, if
// any does.
func (r *Resolved) configBeside(ctx context.Context, path string) error {
	if kind, err := kindOf(path); err != nil || kind == filekind.HRM {
		return err
	}
	for _, name := range checkpoint.ConfigNames {
		beside := *r.Source.URL
		beside.Path, beside.RawPath = dirOf(beside.Path)+name, ""
		_, err := r.f.file(ctx, wantedFile{address: beside.String(), name: name, shown: name, size: -1})
		if err == nil || !errors.Is(err, errMissing) && !errors.Is(err, errNoModel) {
			return err
		}
	}
	return nil
}

func kindOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, filekind.Head)
	n, err := io.ReadFull(f, head)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return filekind.Of(head[:n], int64(n)).Name, err
}

// Close lets others have the files, and keeps them.
func (f *Fetched) Close() error { return f.lock.Close() }

// Remove removes the files, which are no longer needed.
func (f *Fetched) Remove() error { return removeLocked(f.dir, f.lock) }

// removeLocked removes a folder with the lock in it, which is held until nothing else is
// left: another program may wait for it.
func removeLocked(dir string, lock *flock.Flock) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != lockFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	err = errors.Join(err, lock.Close())
	_ = errors.Join(os.Remove(filepath.Join(dir, lockFile)), os.Remove(dir)) // or another one's by now
	return err
}

// Files in the folder of a download beside its own.
const (
	lockFile   = ".lock"
	sourceFile = ".source"
)

// folderOf returns the folder for the download of a source at a commit.
func folderOf(from string) (string, error) {
	dir, err := cache.Downloads()
	return filepath.Join(dir, hashOf(from)), err
}
