// Package npm is the npm package @hrmgo/hrm and its demo page, as files that
// Go programs can serve.
package npm

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/wasm/simd"
)

// Files is the page (demo), the library (lib) and what was built of them and for
// them (dist), compressed. `go run ./wasm/build` makes dist.
//
//go:embed demo lib dist/wasm_exec.js dist/*.br
var Files embed.FS

// Page is what `go run ./wasm/build` makes of the page and the library: minified,
// each in one file.
var Page = []string{pageHTML, "dist/page.js", "dist/page.css", "dist/worker.js"}

// ErrNoModule is returned when the files hold no WebAssembly module.
var ErrNoModule = errors.New("no WebAssembly module: run `go run ./wasm/build`")

const (
	module  = "dist/hrm-js.wasm" // the one that every page needs
	relaxed = "dist/hrm-relaxed.wasm"
	withGPU = "dist/hrm-js-webgpu.wasm"

	pageHTML = "dist/page.html"

	// Compressed ends the names of modules that Compress has made smaller.
	Compressed = ".br"
	gzipped    = ".gz" // as older checkouts have it
)

// Handler serves the demo page of files at /, with models for it, one a task, the
// one it begins with first. A browser asks again for everything, by its hash.
func Handler(files fs.FS, models []embedded.Entry) (http.Handler, error) {
	h := &handler{files: files, models: models}
	if _, _, err := h.content(module, ""); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoModule, err)
	}
	go func() { // a second each, which no request waits for
		for _, m := range models {
			h.small.Store("br "+hash(m.File), Compress(m.File))
		}
	}()
	mux := http.NewServeMux()
	mux.Handle("GET /", h)
	mux.Handle("GET /demo/", http.RedirectHandler("/", http.StatusMovedPermanently)) // where it was
	return mux, nil
}

type handler struct {
	files  fs.FS
	models []embedded.Entry
	small  sync.Map // encoding and hash of a body: the body encoded
}

// address is where the page finds a model, by its place among them.
func (h *handler) address(i int) string {
	if i == 0 {
		return "model.hrm" // the page asks for it before its program runs
	}
	return h.models[i].Name + ".hrm"
}

// policy lets the page load nothing from elsewhere, and compile WebAssembly.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; connect-src *; base-uri 'none'; form-action 'none'"

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	body, encoding, err := h.content(name, r.Header.Get("Accept-Encoding"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", contentType(name))
	header.Set("ETag", strconv.Quote(hash(body)))
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	header.Set("X-Content-Type-Options", "nosniff")
	if path.Ext(name) == ".html" || path.Base(name) == "worker.js" {
		header.Set("Content-Security-Policy", policy)
	}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	if r.Header.Get("If-None-Match") == header.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// content returns what is served under a name to a client that accepts some
// encodings, and which of them it has.
func (h *handler) content(name, accept string) (body []byte, encoding string, err error) {
	encoding = preferred(accept)
	if kept, of := h.kept(name); of == encoding && of != "" {
		return kept, encoding, nil
	}
	if body, err = h.plain(name); err != nil || encoding == "" {
		return body, "", err
	}
	key := encoding + " " + hash(body)
	small, ok := h.small.Load(key)
	if !ok {
		small = encode(body, encoding)
		h.small.Store(key, small)
	}
	return small.([]byte), encoding, nil
}

func preferred(accept string) string {
	for _, encoding := range []string{"br", "gzip"} {
		if strings.Contains(accept, encoding) {
			return encoding
		}
	}
	return ""
}

// kept returns a file that lies compressed in files, and how. A file that is
// newer than its compressed form is another one.
func (h *handler) kept(name string) (body []byte, encoding string) {
	for suffix, encoding := range map[string]string{Compressed: "br", gzipped: "gzip"} {
		small, err := fs.Stat(h.files, name+suffix)
		if err != nil {
			continue
		}
		if whole, err := fs.Stat(h.files, name); err == nil && whole.ModTime().After(small.ModTime()) {
			continue
		}
		if body, err := fs.ReadFile(h.files, name+suffix); err == nil {
			return body, encoding
		}
	}
	return nil, ""
}

func (h *handler) plain(name string) ([]byte, error) {
	for i, m := range h.models {
		if name == h.address(i) {
			return m.File, nil
		}
	}
	switch name {
	case "index.html":
		return h.index()
	case "files.json":
		return h.list()
	case relaxed:
		return simd.Relaxed, nil
	}
	return h.read(source(name))
}

// read returns a file, which may lie there compressed alone.
func (h *handler) read(name string) ([]byte, error) {
	body, err := fs.ReadFile(h.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		if small, encoding := h.kept(name); encoding != "" {
			return decode(small, encoding)
		}
	}
	return body, err
}

// index is the page, told which models there are.
func (h *handler) index() ([]byte, error) {
	name := source("index.html")
	if h.built() {
		name = pageHTML
	}
	body, err := h.read(name)
	var tasks []string
	for _, m := range h.models {
		tasks = append(tasks, m.Name)
	}
	return bytes.Replace(body, []byte(`data-models="sudoku"`), fmt.Appendf(nil, "data-models=%q", strings.Join(tasks, " ")), 1), err
}

// built tells whether the page and the library are there as wasm/build makes them,
// and none of their sources is newer.
func (h *handler) built() bool {
	info, err := fs.Stat(h.files, pageHTML)
	if err != nil {
		if info, err = fs.Stat(h.files, pageHTML+Compressed); err != nil {
			return false
		}
	}
	newer := false
	for _, dir := range []string{"demo", "lib"} {
		err = errors.Join(err, fs.WalkDir(h.files, dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			of, err := d.Info()
			newer = newer || err == nil && !d.IsDir() && of.ModTime().After(info.ModTime())
			return err
		}))
	}
	return err == nil && !newer
}

// source returns where the file lies that is served under a name: the page's own
// are those of demo.
func source(name string) string {
	if dir, _, nested := strings.Cut(name, "/"); nested && (dir == "lib" || dir == "dist") {
		return name
	}
	return "demo/" + name
}

// names lists what the page needs, for it to work offline and elsewhere.
func (h *handler) names() ([]string, error) {
	names, built := []string{module, relaxed}, h.built()
	if built {
		names = append(names, Page[1:]...)
	} else {
		names = append(names, "dist/wasm_exec.js")
	}
	for i := range h.models {
		names = append(names, h.address(i))
	}
	if _, _, err := h.content(withGPU, ""); err == nil {
		names = append(names, withGPU)
	}
	for _, dir := range []string{"demo", "lib"} {
		entries, err := fs.ReadDir(h.files, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := e.Name()
			if built && (dir == "lib" || name == "style.css" || path.Ext(name) == ".js" && name != "sw.js") {
				continue // it is in the one file
			}
			if e.IsDir() || strings.HasSuffix(name, ".ts") || name == "node.js" || name == "thread.js" || name == "models-node.js" {
				continue
			}
			names = append(names, strings.TrimPrefix(path.Join(dir, name), "demo/"))
		}
	}
	return names, nil
}

// list is files.json, by which the page's service worker knows what to keep.
func (h *handler) list() ([]byte, error) {
	names, err := h.names()
	if err != nil {
		return nil, err
	}
	kept := []string{"./"}
	for _, name := range names {
		if name != "sw.js" && name != "index.html" && name != "card.png" && name != "apple-touch-icon.png" && name != withGPU {
			kept = append(kept, name)
		}
	}
	return json.Marshal(map[string][]string{"files": kept})
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// Compress makes a file that is served often as small as Brotli can.
func Compress(data []byte) []byte { return squeeze(data, brotli.BestCompression) }

// Decompress is the inverse of Compress.
func Decompress(data []byte) ([]byte, error) { return decode(data, "br") }

func squeeze(data []byte, quality int) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, quality)
	_, _ = w.Write(data) // into memory: it cannot fail
	_ = w.Close()
	return b.Bytes()
}

// encode compresses while a client waits.
func encode(data []byte, encoding string) []byte {
	if encoding == "br" {
		return squeeze(data, brotli.DefaultCompression-1)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func decode(data []byte, encoding string) ([]byte, error) {
	if encoding == "br" {
		return io.ReadAll(brotli.NewReader(bytes.NewReader(data)))
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("compressed module: %w", err)
	}
	return io.ReadAll(r)
}

// contentType does not ask the operating system, whose tables differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".wasm":
		return "application/wasm"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".hrm", ".gz":
		return "application/octet-stream"
	case ".ts":
		return "text/plain; charset=utf-8"
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return mime.TypeByExtension(path.Ext(name))
}
