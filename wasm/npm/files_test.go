package npm

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hrmgo/hrm/native/embedded"
)

// site is the embedded files with a module of our own.
func site(t *testing.T, wasm []byte) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, module) {
			return err
		}
		data, err := Files.ReadFile(name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if wasm != nil {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(wasm); err != nil {
			t.Fatal(err)
		}
		z.Close()
		files[module+gzipped] = &fstest.MapFile{Data: b.Bytes()}
	}
	return files
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	wasm, model := []byte("\x00asm and more"), []byte("a model")
	h, err := Handler(site(t, wasm), []embedded.Entry{{Name: "maze", File: model}, {Name: "sudoku", File: []byte("another")}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/":                      "text/html; charset=utf-8",
		"/dist/hrm-relaxed.wasm": "application/wasm",
		"/app.js":                "text/javascript; charset=utf-8",
		"/style.css":             "text/css; charset=utf-8",
		"/icon.svg":              "image/svg+xml",
		"/model.hrm":             "application/octet-stream",
		"/files.json":            "application/json",
		"/manifest.webmanifest":  "application/manifest+json",
		"/lib/index.js":          "text/javascript; charset=utf-8",
		"/dist/hrm-js.wasm":      "application/wasm",
		"/dist/wasm_exec.js":     "text/javascript; charset=utf-8",
	} {
		w := get(h, path)
		if w.Code != 200 || w.Header().Get("Content-Type") != want || w.Header().Get("ETag") == "" || w.Body.Len() == 0 {
			t.Errorf("%s: %d, %v", path, w.Code, w.Header())
		}
		if again := get(h, path, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
	if w := get(h, "/model.hrm"); w.Body.String() != string(model) {
		t.Errorf("model: %q", w.Body)
	}
	if w := get(h, "/dist/hrm-js.wasm"); !bytes.Equal(w.Body.Bytes(), wasm) || w.Header().Get("Content-Encoding") != "" {
		t.Errorf("module: %q, %v", w.Body, w.Header())
	}
	if w := get(h, "/sudoku.hrm"); w.Body.String() != "another" {
		t.Errorf("second model: %q", w.Body)
	}
	if w := get(h, "/"); !strings.Contains(w.Body.String(), `data-models="maze sudoku"`) {
		t.Errorf("the page does not know its models: %.300s", w.Body)
	}
	for accept, want := range map[string]string{"gzip, deflate": "gzip", "gzip, deflate, br": "br"} {
		w := get(h, "/dist/hrm-js.wasm", "Accept-Encoding", accept)
		if data, err := decode(w.Body.Bytes(), want); err != nil || !bytes.Equal(data, wasm) || w.Header().Get("Content-Encoding") != want {
			t.Errorf("module for %q: %q, %v, %v", accept, data, err, w.Header())
		}
		w = get(h, "/style.css", "Accept-Encoding", accept)
		whole := get(h, "/style.css").Body
		if data, err := decode(w.Body.Bytes(), want); err != nil || !bytes.Equal(data, whole.Bytes()) || w.Body.Len() > whole.Len()/2 {
			t.Errorf("style for %q: %d bytes of %d, %v", accept, w.Body.Len(), whole.Len(), err)
		}
	}
	if w := get(h, "/demo/"); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "/" {
		t.Errorf("/demo/: %d, %v", w.Code, w.Header())
	}
	for _, path := range []string{"/lib/", "/lib/nothing.js", "/files.go", "/lib/../files.go", "/demo/app.js"} {
		if w := get(h, path); w.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

func TestNoModule(t *testing.T) {
	if _, err := Handler(site(t, nil), nil); !errors.Is(err, ErrNoModule) {
		t.Errorf("got %v", err)
	}
}

// A module is served as it was compressed, unless it was built again since.
func TestCompressedModule(t *testing.T) {
	files := site(t, nil)
	small, old := Compress([]byte("\x00asm, old")), time.Now()
	files[module+Compressed] = &fstest.MapFile{Data: small, ModTime: old}
	h, err := Handler(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := get(h, "/"+module, "Accept-Encoding", "br"); !bytes.Equal(w.Body.Bytes(), small) {
		t.Errorf("got %q", w.Body)
	}
	if w := get(h, "/"+module); w.Body.String() != "\x00asm, old" {
		t.Errorf("unpacked: %q", w.Body)
	}
	files[module] = &fstest.MapFile{Data: []byte("\x00asm, new"), ModTime: old.Add(time.Second)}
	for _, accept := range []string{"", "br"} {
		w := get(h, "/"+module, "Accept-Encoding", accept)
		if data := w.Body.Bytes(); accept != "" {
			data, _ = decode(data, accept)
			if string(data) != "\x00asm, new" {
				t.Errorf("accepts %q: %q", accept, data)
			}
		}
	}
}

// The page is served as it was built, unless a source of it is newer.
func TestBuiltPage(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name         string
		page, source time.Time
		want         string
	}{
		{"embedded", time.Time{}, time.Time{}, "built"},
		{"built since", now, now.Add(-time.Hour), "built"},
		{"changed since", now.Add(-time.Hour), now, "app.js"},
	} {
		files := site(t, []byte("\x00asm"))
		for _, name := range Page {
			delete(files, name)
			files[name+Compressed] = &fstest.MapFile{Data: Compress([]byte("built " + name)), ModTime: c.page}
		}
		for name, f := range files {
			if strings.HasPrefix(name, "demo/") || strings.HasPrefix(name, "lib/") {
				f.ModTime = c.source
			}
		}
		h, err := Handler(files, []embedded.Entry{{Name: "sudoku"}})
		if err != nil {
			t.Fatal(err)
		}
		if body := get(h, "/").Body.String(); !strings.Contains(body, c.want) {
			t.Errorf("%s: the page is %.80q", c.name, body)
		}
		list := get(h, "/files.json").Body.String()
		if strings.Contains(list, "dist/page.js") != (c.want == "built") || strings.Contains(list, "lib/index.js") == (c.want == "built") {
			t.Errorf("%s: kept offline: %s", c.name, list)
		}
		if body := get(h, "/dist/page.js", "Accept-Encoding", "br").Body.Bytes(); !bytes.Equal(body, files["dist/page.js"+Compressed].Data) {
			t.Errorf("%s: %q", c.name, body)
		}
	}
}
