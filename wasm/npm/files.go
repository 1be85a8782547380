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
	module     = "dist/hrm-js.wasm" // the one that every page needs
	relaxed    = "dist/hrm-relaxed.wasm"
	compressed = ".gz" // after the name of a module, here
	page       = "/demo/"
)

// Handler serves the demo page of files at /demo/, with a model for it.
// A browser asks again for everything, by its hash.
func Handler(files fs.FS, model []byte) (http.Handler, error) {
	h := &handler{files: files, model: model}
	if _, err := h.read(module); err != nil {
		if _, gzErr := h.read(module + compressed); gzErr != nil {
			return nil, ErrNoModule
		}
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
}

// policy lets the page load nothing from elsewhere, and compile WebAssembly.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; connect-src *; base-uri 'none'; form-action 'none'"

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "demo" {
		name = "demo/index.html"
	}
	body, encoding, err := h.content(name, strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(body)
	header := w.Header()
	header.Set("Content-Type", contentType(name))
	header.Set("ETag", strconv.Quote(hex.EncodeToString(sum[:16])))
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

// content returns what is served under a name, and how it is encoded.
func (h *handler) content(name string, gzipped bool) (body []byte, encoding string, err error) {
	switch name {
	case "demo/model.hrm":
		return h.model, "", nil
	case relaxed:
		return simd.Relaxed, "", nil
	}
	body, err = h.read(name)
	if err == nil || path.Ext(name) != ".wasm" {
		return body, "", err
	}
	if body, err = h.read(name + compressed); err != nil || gzipped {
		return body, "gzip", err
	}
	body, err = unzip(body)
	return body, "", err
}

func (h *handler) read(name string) ([]byte, error) { return fs.ReadFile(h.files, name) }

func unzip(data []byte) ([]byte, error) {
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
