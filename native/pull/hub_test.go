package pull

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// hub behaves as huggingface.co: a description of each repository, and its files, of
// which large ones are redirected to another host.
type hub struct {
	*httptest.Server
	store    *httptest.Server // of large files
	files    map[string][]byte
	small    func(name string) bool // kept in git
	describe func(*repository)
	before   func(w http.ResponseWriter, r *http.Request) bool // whether it has answered itself

	mu   sync.Mutex // of what a test changes while there are requests
	seen []*http.Request
}

func newHub(t *testing.T, files map[string][]byte) *hub {
	h := &hub{files: files, small: func(name string) bool { return len(files[name]) < 1000 }}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	h.store = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Server.Close)
	t.Cleanup(h.store.Close)
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	return h
}

// change changes how the hub behaves.
func (h *hub) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// asked returns the requests so far whose path contains a text.
func (h *hub) asked(path string) []*http.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.seen), func(r *http.Request) bool { return !strings.Contains(r.URL.Path, path) })
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.seen = append(h.seen, r)
	before := h.before
	h.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/models/me/model/revision/"):
		if revision := strings.TrimPrefix(path, "/api/models/me/model/revision/"); revision != "main" && revision != "v2" {
			refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(h.description())
	case strings.HasPrefix(path, "/me/model/resolve/"+commit+"/"):
		name := strings.TrimPrefix(path, "/me/model/resolve/"+commit+"/")
		if !h.small(name) {
			http.Redirect(w, r, h.store.URL+"/store/"+name+"?signed=1", http.StatusFound)
			return
		}
		h.content(w, r, name)
	case strings.HasPrefix(path, "/store/"):
		h.content(w, r, strings.TrimPrefix(path, "/store/"))
	case strings.HasPrefix(path, "/gated/"), strings.HasPrefix(path, "/api/models/gated/"):
		refuse(w, http.StatusForbidden, "GatedRepo", "Access to model gated/model is restricted")
	default: // as the hub answers to whoever has not logged in
		refuse(w, http.StatusUnauthorized, "RepoNotFound", "Repository not found")
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Error-Code", code)
	w.Header().Set("X-Error-Message", message)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":%q}`, message)
}

func (h *hub) content(w http.ResponseWriter, r *http.Request, name string) {
	data, ok := h.files[name]
	if !ok {
		refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha1.Sum(data)))
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func (h *hub) description() *repository {
	r := &repository{Commit: commit, Tags: []string{"region:us", "license:mit"}, CardData: json.RawMessage(`{"tags":["hrm"]}`)}
	for name, data := range h.files {
		size := int64(len(data))
		f := file{Name: name, Size: &size, Blob: fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", size), data...)))}
		if !h.small(name) {
			f.LFS = &struct {
				SHA256 string `json:"sha256"`
				Size   int64  `json:"size"`
			}{fmt.Sprintf("%x", sha256.Sum256(data)), size}
		}
		r.Files = append(r.Files, f)
	}
	slices.SortFunc(r.Files, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	h.mu.Lock()
	describe := h.describe
	h.mu.Unlock()
	if describe != nil {
		describe(r)
	}
	return r
}

// options are for a hub, with short times; notes are what is said beside.
func (h *hub) options(notes *strings.Builder) Options {
	return Options{Endpoint: h.URL, stall: 2 * time.Second, pause: time.Millisecond, Note: func(s string) { fmt.Fprintln(notes, s) }}
}

// get resolves and fetches, and returns what the file is.
func get(t *testing.T, source string, o Options) (content []byte, got *Fetched, err error) {
	t.Helper()
	r, err := Resolve(t.Context(), source, o)
	if err != nil {
		return nil, nil, err
	}
	if got, err = r.Fetch(t.Context()); err != nil {
		return nil, nil, err
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
	content, err = os.ReadFile(got.Path)
	return content, got, err
}

// cut answers with the first n bytes of what was asked for, and breaks the connection.
func (h *hub) cut(w http.ResponseWriter, r *http.Request, name string, n int) {
	rec := httptest.NewRecorder()
	h.content(rec, r, name)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()[:min(n, rec.Body.Len())])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Whatever a hub says of a repository is chosen from or refused, and nothing is fetched
// under a name that leads elsewhere.
func FuzzRepository(f *testing.F) {
	f.Add([]byte(`{"sha":"abc","siblings":[{"rfilename":"checkpoint","size":5,"lfs":{"sha256":"00","size":5}},{"rfilename":"all_config.yaml","blobId":"x"}],"cardData":{"license":["a"]},"tags":["license:mit"]}`), "")
	f.Add([]byte(`{"siblings":[{"rfilename":"v1/../../step_1"},{"rfilename":"v1/.lock","size":-1}]}`), "v1")
	f.Fuzz(func(t *testing.T, data []byte, file string) {
		var r repository
		if json.Unmarshal(data, &r) != nil {
			return
		}
		_ = r.licence()
		s := Source{Owner: "me", Repo: "model", File: file}
		names, dir, err := r.choose(s)
		if err != nil {
			return
		}
		for _, name := range append(names, r.config(dir)) {
			w, err := r.want(&fetcher{Options: Options{Endpoint: "https://hub.example"}}, s, name)
			if err == nil && (!filepath.IsLocal(w.name) || strings.ContainsAny(w.name, `/\`) || strings.HasPrefix(w.name, ".")) {
				t.Errorf("%q is fetched as %q", name, w.name)
			}
		}
	})
}
