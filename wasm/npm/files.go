// Package npm is the npm package @hrmgo/hrm and its demo page, as files that
// Go programs can serve.
package npm

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
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

	"github.com/hrmgo/hrm/wasm/simd"
)

// Files is the page (demo), the library (lib) and what was built for them
// (dist), of which the module is compressed. `go run ./wasm/build` makes dist.
//
//go:embed demo lib dist/wasm_exec.js dist/hrm-js*.wasm.*
var Files embed.FS

// ErrNoModule is returned when the files hold no WebAssembly module.
var ErrNoModule = errors.New("no WebAssembly module: run `go run ./wasm/build`")

const (
	module  = "dist/hrm-js.wasm" // the one that every page needs
	relaxed = "dist/hrm-relaxed.wasm"
	page    = "/demo/"

	// Compressed ends the names of modules that Compress has made smaller.
	Compressed = ".br"
	gzipped    = ".gz" // as older checkouts have it
)

// Handler serves the demo page of files at /demo/, with a model for it.
// A browser asks again for everything, by its hash.
func Handler(files fs.FS, model []byte) (http.Handler, error) {
	h := &handler{files: files, model: model}
	if _, _, err := h.content(module, ""); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoModule, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler(page, http.StatusFound))
	for _, dir := range []string{"demo", "lib", "dist"} {
		mux.Handle("GET /"+dir+"/", h)
	}
	return mux, nil
}

type handler struct {
	files fs.FS
	model []byte
	small sync.Map // encoding and hash of a body: the body encoded
}

// policy lets the page load nothing from elsewhere, and compile WebAssembly.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; connect-src *; base-uri 'none'; form-action 'none'"

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "demo" {
		name = "demo/index.html"
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
	header.Set("Content-Security-Policy", policy)
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
	switch name {
	case "demo/model.hrm":
		return h.model, nil
	case relaxed:
		return simd.Relaxed, nil
	}
	body, err := fs.ReadFile(h.files, name)
	if errors.Is(err, fs.ErrNotExist) && path.Ext(name) == ".wasm" {
		if small, encoding := h.kept(name); encoding != "" {
			return decode(small, encoding)
		}
	}
	return body, err
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
	}
	return mime.TypeByExtension(path.Ext(name))
}
