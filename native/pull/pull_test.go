package pull

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// noise are bytes that no two files share.
func noise(seed uint64, n int) []byte {
	rng, data := rand.New(rand.NewPCG(seed, 1)), make([]byte, n)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

func sampleFiles() map[string][]byte {
	return map[string][]byte{
		"checkpoint": noise(1, 300_000), "all_config.yaml": []byte("arch: {hidden_size: 8}\n"), "README.md": []byte("# model\n"), "hrm.py": []byte("import torch\n"),
	}
}

func TestFetch(t *testing.T) {
	h := newHub(t, sampleFiles())
	var notes strings.Builder
	o := h.options(&notes)
	var last string
	o.Progress = func(name string, done, total int64) { last = fmt.Sprintf("%s %d of %d", name, done, total) }
	data, got, err := get(t, "hf:me/model", o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, h.files["checkpoint"]) || got.From != "hf:me/model@"+commit || got.Licence != "mit" || len(got.SHA256) != 64 {
		t.Errorf("%d bytes, %+v", len(data), got)
	}
	if config, err := os.ReadFile(filepath.Join(filepath.Dir(got.Path), "all_config.yaml")); err != nil || !bytes.Equal(config, h.files["all_config.yaml"]) {
		t.Errorf("configuration: %q, %v", config, err)
	}
	if last != "all_config.yaml 23 of 23" || notes.Len() > 0 {
		t.Errorf("progress %q, notes %q", last, &notes)
	}
	if len(h.asked("README.md")) > 0 {
		t.Error("what nobody needs was fetched")
	}
	before := len(h.asked("/resolve/"))
	if data, _, err = get(t, "hf:me/model", o); err != nil || !bytes.Equal(data, h.files["checkpoint"]) || len(h.asked("/resolve/")) != before {
		t.Errorf("what was fetched was fetched again: %v", err)
	}
	if err := got.Remove(); err != nil {
		t.Error(err)
	}
	if left, err := ListUnfinished(); err != nil || len(left) > 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

// What a repository holds decides what is fetched of it.
func TestChoice(t *testing.T) {
	large := noise(2, 5000)
	index := []byte(`{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`)
	for name, c := range map[string]struct {
		files        []string
		source, want string
		asked        []string
	}{
		"a step":              {[]string{"step_10", "step_9", "config.yaml"}, "hf:me/model", "step_10", []string{"config.yaml"}},
		"a folder":            {[]string{"v1/step_10", "v2/step_20", "v2/all_config.yaml"}, "hf:me/model/v2", "step_20", []string{"v2/all_config.yaml"}},
		"a file":              {[]string{"step_10", "step_9", "all_config.yaml"}, "hf:me/model/step_9", "step_9", []string{"all_config.yaml"}},
		"configuration above": {[]string{"steps/step_1", "all_config.yaml"}, "hf:me/model/steps", "step_1", []string{"all_config.yaml"}},
		"a model file":        {[]string{"maze.hrm", "README.md"}, "hf:me/model", "maze.hrm", nil},
		"one large file":      {[]string{"maze_hard_step_32550", "all_config.yaml"}, "hf:me/model", "maze_hard_step_32550", []string{"all_config.yaml"}},
		"shards":              {[]string{"model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "config.json"}, "hf:me/model", "model.safetensors.index.json", []string{"00001-of-00002", "00002-of-00002", "config.json"}},
		"a page's address":    {[]string{"step_10", "step_9", "all_config.yaml"}, "/me/model/blob/main/step_9", "step_9", nil},
		"names of tasks":      {[]string{"checkpoint", "config.yaml", "identifiers.json"}, "hf:me/model", "checkpoint", []string{"identifiers.json"}},
		"a revision":          {[]string{"checkpoint", "config.yaml"}, "hf:me/model@v2", "checkpoint", nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{}
			for _, f := range c.files {
				files[f] = large
				if strings.HasSuffix(f, ".yaml") || strings.HasSuffix(f, ".md") || strings.HasSuffix(f, "g.json") {
					files[f] = []byte("a: 1\n")
				} else if strings.HasSuffix(f, ".index.json") {
					files[f] = index
				}
			}
			h := newHub(t, files)
			if strings.HasPrefix(c.source, "/") {
				c.source = h.URL + c.source
			}
			_, got, err := get(t, c.source, h.options(&strings.Builder{}))
			if err != nil || filepath.Base(got.Path) != c.want {
				t.Fatalf("%+v, %v", got, err)
			}
			for _, path := range c.asked {
				if len(h.asked(path)) == 0 {
					t.Errorf("%s was not fetched", path)
				}
			}
		})
	}
}

// fault is something that goes wrong at a server.
type fault struct {
	name   string
	source string // "": the repository
	on     string // path of the requests that it is about; "": /store/
	times  int32  // how often; 0: always
	do     func(h *hub, w http.ResponseWriter, r *http.Request)
	change func(h *hub, r *repository)
	want   string // in the error; "": none
	note   string // in what is said beside
}

func faults() []fault {
	send := func(kind, body string) func(*hub, http.ResponseWriter, *http.Request) {
		return func(_ *hub, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
		}
	}
	status := func(code int, header ...string) func(*hub, http.ResponseWriter, *http.Request) {
		return func(_ *hub, w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	const page = "<!DOCTYPE html>\n<html><head><title>Log in</title></head></html>"
	return []fault{
		{name: "cut once", times: 1, do: func(h *hub, w http.ResponseWriter, r *http.Request) { h.cut(w, r, "checkpoint", 100_000) }, note: "after 100 kB of 300 kB"},
		{name: "cut again and again, but getting on", times: 8, do: func(h *hub, w http.ResponseWriter, r *http.Request) { h.cut(w, r, "checkpoint", 20_000) }, note: "after 160 kB of 300 kB"},
		{name: "cut at once, always", do: func(h *hub, w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, want: "broke: EOF; tried 5 times; the same command goes on where this one ended"},
		{name: "no such repository", source: "hf:me/nothing", want: "hf:me/nothing: it does not exist, or is private (Repository not found); in the latter case set HF_TOKEN"},
		{name: "gated", source: "hf:gated/model", want: "hf:gated/model: access is refused (Access to model gated/model is restricted): if its page asks to accept a licence do that, and set HF_TOKEN"},
		{name: "no such revision", source: "hf:me/model@v9", want: "there is no such revision"},
		{name: "no such file", source: "hf:me/model/step_7", want: "there is no step_7 in the repository, which holds README.md, all_config.yaml, checkpoint, hrm.py"},
		{name: "file gone since", on: "/me/model/resolve/", do: status(404, "X-Error-Code", "EntryNotFound"), want: "there is no such file"},
		{name: "redirect in a circle", do: func(h *hub, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?again", http.StatusFound)
		}, want: "redirected in a circle, or more than 10 times"},
		{name: "link that ran out", times: 1, do: status(403), note: "the address that the hub gave has run out"},
		{name: "larger than described", change: func(h *hub, r *repository) { i := large(r); r.Files[i].LFS.Size -= 5 }, want: "the server offers 300 kB, but it has 300 kB: it is another file than the hub describes"},
		{name: "sends more than it has", do: func(h *hub, w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(append(h.files["checkpoint"], 7))
		}, want: "the server sends more than the 300 kB that it has"},
		{name: "sends less, without a word", do: func(h *hub, w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(h.files["checkpoint"][:70_000])
		}, want: "ended after 70 kB of 300 kB; tried 5 times"},
		{name: "sends nothing", do: status(200), want: "sent nothing"},
		{name: "hash", change: func(h *hub, r *repository) { i := large(r); r.Files[i].LFS.SHA256 = strings.Repeat("0", 64) }, want: "want " + strings.Repeat("0", 64) + ": the file is another one, or was damaged under way"},
		{name: "hash of a small file", change: func(h *hub, r *repository) { r.Files[1].Blob = strings.Repeat("0", 40) }, want: "all_config.yaml: its hash is not 0000"},
		{name: "bit flipped", do: func(h *hub, w http.ResponseWriter, r *http.Request) {
			data := bytes.Clone(h.files["checkpoint"])
			data[1000] ^= 4
			_, _ = w.Write(data)
		}, want: "was damaged under way; what came was thrown away"},
		{name: "web page", do: send("text/html", page), want: "sent a web page (HTML) and no model: give the address of the file itself"},
		{name: "pointer", do: send("text/plain", "version https://git-lfs.github.com/spec/v1\noid sha256:1f\nsize 300000\n"), want: "sent a Git LFS pointer (to a file of 300000 bytes) and not the file"},
		{name: "error in XML", do: send("application/xml", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), want: "sent a server's error message (XML)"},
		{name: "compressed", do: func(h *hub, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(h.files["checkpoint"])
			_ = z.Close()
		}, want: "the server sends it compressed (gzip), although the plain file was asked for"},
		{name: "stops in the middle", do: func(h *hub, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "300000")
			_, _ = w.Write(h.files["checkpoint"][:1000])
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, times: 1, note: "nothing came any more for 2s"},
		{name: "never answers", on: "/api/", do: func(h *hub, w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, times: 1, note: "no answer in 2s"},
		{name: "too many requests", on: "/api/", times: 1, do: status(429, "Retry-After", "0"), note: "429 Too Many Requests"},
		{name: "overloaded", on: "/api/", do: status(503), want: "answered 503 Service Unavailable; tried 5 times"},
		{name: "teapot", on: "/api/", do: status(418), want: "answered 418"},
		{name: "page to log in at", on: "/api/", do: send("text/html", page), want: "did not answer as a hub does: it sent a web page (HTML); is there a proxy, or a page to log in at first?"},
		{name: "no hub", on: "/api/", do: send("application/json", `{"hello":1}`), want: "is HF_ENDPOINT the address of a hub?"},
		{name: "names that lead elsewhere", change: func(h *hub, r *repository) {
			r.Files = r.Files[:1]
			r.Files[0].Name = "../../../checkpoint"
		}, want: "name what to fetch"},
		{name: "a commit that leads elsewhere", change: func(h *hub, r *repository) { r.Commit = "../../x" }, want: "does not say which commit it is"},
		{name: "larger than any model", change: func(h *hub, r *repository) { r.Files[large(r)].LFS.Size = 1 << 40 }, want: "checkpoint has 1099.51 GB, more than any model"},
	}
}

func large(r *repository) int {
	for i := range r.Files {
		if r.Files[i].LFS != nil {
			return i
		}
	}
	return -1
}

// Every fault ends in its sentence, or is overcome; and when it has passed the same
// source is fetched.
func TestFaults(t *testing.T) {
	for _, c := range faults() {
		t.Run(c.name, func(t *testing.T) {
			h := newHub(t, sampleFiles())
			var met atomic.Int32
			var fine atomic.Bool
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				on := c.on
				if on == "" {
					on = "/store/"
				}
				if c.do == nil || fine.Load() || !strings.HasPrefix(r.URL.Path, on) || c.times > 0 && met.Load() >= c.times {
					return false
				}
				met.Add(1)
				c.do(h, w, r)
				return true
			}
			if c.change != nil {
				h.describe = func(r *repository) { c.change(h, r) }
			}
			source := c.source
			if source == "" {
				source = "hf:me/model"
			}
			var notes strings.Builder
			data, _, err := get(t, source, h.options(&notes))
			switch {
			case c.want == "" && (err != nil || !bytes.Equal(data, h.files["checkpoint"]) || met.Load() == 0):
				t.Fatalf("%d bytes, %v, met %d times; %s", len(data), err, met.Load(), &notes)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %s", err, c.want)
			}
			if !strings.Contains(notes.String(), c.note) {
				t.Errorf("notes %q, want %q", &notes, c.note)
			}
			fine.Store(true)
			h.change(func() { h.describe = nil })
			if data, _, err := get(t, "hf:me/model", h.options(&notes)); err != nil || !bytes.Equal(data, h.files["checkpoint"]) {
				t.Errorf("afterwards: %d bytes, %v", len(data), err)
			}
		})
	}
}

// part leaves what a pull that was killed left after n bytes.
func part(t *testing.T, h *hub, n int) (o Options, notes *strings.Builder) {
	t.Helper()
	notes = &strings.Builder{}
	o = h.options(notes)
	var gone atomic.Bool
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/store/") {
			return false
		}
		if gone.Swap(true) {
			panic(http.ErrAbortHandler)
		}
		h.cut(w, r, "checkpoint", n)
		return true
	}
	if _, _, err := get(t, "hf:me/model", o); err == nil {
		t.Fatal("no error")
	}
	h.change(func() { h.before, h.seen = nil, nil })
	notes.Reset()
	return o, notes
}

// What there is of a file is not fetched again, where the server and the file allow it.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(h *hub) // the second try
		ranges []string     // of the requests
		note   string
	}{
		{"as it was", func(*hub) {}, []string{"bytes=100000-"}, ""},
		{"range ignored", func(h *hub) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false }
		}, []string{""}, "does not go on at byte 100000, it is fetched from its beginning"},
		{"another part than was asked for", func(h *hub) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") == "bytes=100000-" {
					w.Header().Set("Content-Range", "bytes 5-9/300000")
					w.WriteHeader(http.StatusPartialContent)
					return true
				}
				return false
			}
		}, []string{"bytes=100000-", ""}, "another part than was asked for (bytes 5-9/300000)"},
		{"of another size", func(h *hub) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") == "bytes=100000-" {
					w.Header().Set("Content-Range", "bytes 100000-100009/100010")
					w.WriteHeader(http.StatusPartialContent)
					return true
				}
				return false
			}
		}, []string{"bytes=100000-", ""}, "another part than was asked for"},
		{"no such range", func(h *hub) {
			h.before = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") != "" {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
					return true
				}
				return false
			}
		}, []string{"bytes=100000-", ""}, "the server has no byte 100000 of it"},
		{"damaged on the disk", func(h *hub) { spoil(t, func(b []byte) []byte { b[10] ^= 1; return b }) }, []string{"bytes=100000-", ""}, "so that it is fetched from its beginning"},
		{"grown on the disk", func(h *hub) { spoil(t, func(b []byte) []byte { return append(b, make([]byte, 400_000)...) }) }, []string{""}, ""},
		{"all there, not yet checked", func(h *hub) { spoil(t, func(b []byte) []byte { return h.files["checkpoint"] }) }, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHub(t, sampleFiles())
			o, notes := part(t, h, 100_000)
			h.change(func() { c.before(h) })
			data, _, err := get(t, "hf:me/model", o)
			if err != nil || !bytes.Equal(data, h.files["checkpoint"]) {
				t.Fatalf("%d bytes, %v", len(data), err)
			}
			var ranges []string
			for _, r := range h.asked("/resolve/" + commit + "/checkpoint") {
				ranges = append(ranges, r.Header.Get("Range"))
			}
			if fmt.Sprint(ranges) != fmt.Sprint(c.ranges) && c.name != "range ignored" || !strings.Contains(notes.String(), c.note) {
				t.Errorf("asked for %q, want %q; %s", ranges, c.ranges, notes)
			}
		})
	}
}

// spoil changes the part that is there.
func spoil(t *testing.T, change func([]byte) []byte) {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "hrm", "downloads", "*", "*.part"))
	if len(found) != 1 {
		t.Fatal(found)
	}
	data, err := os.ReadFile(found[0])
	if err == nil {
		err = os.WriteFile(found[0], change(data), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A file that changed under its address is fetched from its beginning: If-Range says so.
func TestChangedUnderItsAddress(t *testing.T) {
	h := newHub(t, map[string][]byte{"model.bin": noise(3, 50_000)})
	var notes strings.Builder
	o := h.options(&notes)
	calls := 0
	h.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/store/model.bin" {
			if calls++; calls == 1 {
				h.cut(w, r, "model.bin", 20_000)
			}
			h.files["model.bin"] = noise(4, 60_000)
		}
		return false
	}
	data, got, err := get(t, h.store.URL+"/store/model.bin", o)
	if err != nil || !bytes.Equal(data, h.files["model.bin"]) || got.From != h.store.URL+"/store/model.bin" {
		t.Errorf("%d bytes, %+v, %v; %s", len(data), got, err, &notes)
	}
	if !strings.Contains(notes.String(), "does not go on at byte 20000") {
		t.Errorf("notes %q", &notes)
	}
	if len(h.asked("all_config.yaml")) != 1 || len(h.asked("config.json")) != 1 {
		t.Error("no configuration was looked for beside it")
	}
}

// The token goes to the hub and to nobody else.
func TestToken(t *testing.T) {
	h := newHub(t, sampleFiles())
	o := h.options(&strings.Builder{})
	o.Token = "hf_secret"
	if _, _, err := get(t, "hf:me/model", o); err != nil {
		t.Fatal(err)
	}
	for _, r := range h.asked("/") {
		has, hubs := r.Header.Get("Authorization") == "Bearer hf_secret", !strings.HasPrefix(r.URL.Path, "/store/")
		if has != hubs {
			t.Errorf("%s: Authorization %q", r.URL.Path, r.Header.Get("Authorization"))
		}
	}
	if _, _, err := get(t, h.store.URL+"/store/checkpoint", o); err != nil {
		t.Fatal(err)
	}
	for _, r := range h.asked("/store/") {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s has the token", r.URL.Path)
		}
	}
}

// Nobody to speak to, or nobody to trust.
func TestUnreachable(t *testing.T) {
	h := newHub(t, sampleFiles())
	o := h.options(&strings.Builder{})
	closed := httptest.NewServer(nil)
	closed.Close()
	o.Endpoint = closed.URL
	if _, _, err := get(t, "hf:me/model", o); !errors.Is(err, ErrOffline) || !strings.Contains(err.Error(), "connection refused). Without a network the models that hrm models lists are there") {
		t.Errorf("nobody listens: %v", err)
	}
	secure := httptest.NewUnstartedServer(http.HandlerFunc(h.serve))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	o.Endpoint = secure.URL
	if _, _, err := get(t, "hf:me/model", o); err == nil || !strings.Contains(err.Error(), "shows a certificate that this machine does not trust") {
		t.Errorf("an unknown authority: %v", err)
	}
	o.transport = secure.Client().Transport
	if _, _, err := get(t, "hf:me/model", o); err == nil || !strings.Contains(err.Error(), "redirected from https to http") {
		t.Errorf("less secure: %v", err)
	}
	o = h.options(&strings.Builder{})
	o.Offline = true
	if _, _, err := get(t, "hf:me/model", o); !errors.Is(err, ErrOffline) || !strings.Contains(err.Error(), "HF_HUB_OFFLINE") {
		t.Errorf("offline: %v", err)
	}
	f := &fetcher{Options: o}
	if err := f.unreachable(&net.DNSError{Err: "no such host", Name: "hub", IsNotFound: true}, "hub"); !errors.Is(err, ErrOffline) || !strings.Contains(err.Error(), "its name is not known (no such host)") {
		t.Errorf("no name: %v", err)
	}
}

// Two programs do not fetch the same at once.
func TestLocked(t *testing.T) {
	h := newHub(t, sampleFiles())
	r, err := Resolve(t.Context(), "hf:me/model", h.options(&strings.Builder{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "is being fetched by another hrm") {
		t.Errorf("%v", err)
	}
	left, err := ListUnfinished()
	if err != nil || len(left) != 1 || !left[0].Is("hf:me/model") || left[0].Is("hf:me/other") || left[0].Bytes < 300_000 {
		t.Fatalf("%+v, %v", left, err)
	}
	if err := left[0].Remove(); err == nil {
		t.Error("removed while it was being fetched")
	}
	if err := got.Close(); err != nil {
		t.Fatal(err)
	}
	if err := left[0].Remove(); err != nil {
		t.Error(err)
	}
	if left, err = ListUnfinished(); err != nil || len(left) > 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestParseSource(t *testing.T) {
	for text, want := range map[string]string{
		"hf:a/b": "b", "hf:a/b@main": "b", "hf:a/b/c/step_1": "b-c-step_1", "hf:a/b@v1/checkpoint": "b", "hf:a/b/": "b",
		"https://hub.example/a/b": "b", "https://hub.example/a/b/blob/main/x.safetensors": "b-x", "https://hub.example/a/b/resolve/main/x.pt?download=true": "b-x",
		"https://example.com/dir/maze.hrm": "maze", "https://example.com/a%20b.bin": "a-b",
	} {
		s, err := ParseSource(text, "https://hub.example")
		if err != nil || s.Name() != want {
			t.Errorf("%s: %v, name %q, want %q", text, err, s.Name(), want)
		}
		if again, err := ParseSource(s.String(), "https://hub.example"); err != nil || again.String() != s.String() {
			t.Errorf("%s became %s, then %s, %v", text, s, again, err)
		}
	}
	for text, want := range map[string]string{
		"": "no address", "a/b": "did you mean hf:a/b?", "hf:": "names no repository", "hf:a": "names no repository", "hf:a/../b": "no owner or repository", "hf:a/b/../c": "no file",
		"hf:a/b@/c": "no revision", "ftp://a/b": "begins with ftp:", "file:///etc/passwd": "no address", "C:\\x": "no address", "hf:a b/c": "no owner or repository",
	} {
		if s, err := ParseSource(text, "https://hub.example"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", text, s, err, want)
		}
	}
	for _, text := range []string{"http://example.com/m.hrm", "http://10.0.0.1/m.hrm"} {
		if _, err := Resolve(t.Context(), text, Options{}); err == nil || !strings.Contains(err.Error(), "--sha256") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Whatever is given as a source is read or refused, and what was read reads itself.
func FuzzParseSource(f *testing.F) {
	for _, text := range []string{"hf:a/b@c/d", "https://hub.example/a/b/blob/main/x", "https://example.com/x?y#z", "hf:a/b//c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSource(text, "https://hub.example")
		if err != nil {
			return
		}
		if s.URL == nil && (strings.Contains(s.File, "..") && strings.HasPrefix(s.File, "..") || strings.Contains(s.Repo, "/")) {
			t.Errorf("%q: %+v", text, s)
		}
		if s.URL == nil {
			if again, err := ParseSource(s.String(), "https://hub.example"); err != nil || again != s {
				t.Errorf("%q: %+v became %+v, %v", text, s, again, err)
			}
		}
		_ = s.Name()
	})
}
