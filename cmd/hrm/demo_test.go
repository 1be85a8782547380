package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native/embedded"
)

// demoFiles is a folder with what hrm demo --dir needs at least.
func demoFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"demo/index.html", "dist/hrm-js.wasm"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hrm demo prints where its page is, serves it, and ends well when interrupted.
func TestDemo(t *testing.T) {
	dir := demoFiles(t)
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errOut bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"demo", "--address", "127.0.0.1:0", "--dir", dir}, strings.NewReader(""), in, &errOut)
		in.Close()
	}()
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err, errOut.String())
	}
	url := strings.TrimSpace(string(line[:n]))
	for path, want := range map[string]string{"": "of demo/index.html", "model.hrm": string(embedded.Model)} {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s%s: %d bytes, %v", url, path, len(body), err)
		}
	}
	cancel()
	if got := <-status; got != statusOK {
		t.Errorf("status %d: %s", got, errOut.String())
	}
}

func TestDemoErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.hrm")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"demo", "--model", missing}, missing},
		{[]string{"demo", "--dir", t.TempDir()}, "go run ./wasm/build"},
		{[]string{"demo", "--address", "nowhere:-1", "--dir", demoFiles(t)}, "-1"},
	} {
		var errOut bytes.Buffer
		got := run(t.Context(), c.args, strings.NewReader(""), io.Discard, &errOut)
		if got != statusUsage || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("%v: status %d, %s", c.args, got, errOut.String())
		}
	}
}

// hrm demo --export writes what the page needs, and over nothing of others.
func TestDemoExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	export := func(args ...string) (int, string) {
		var out, errOut bytes.Buffer
		status := run(t.Context(), append([]string{"demo", "--export", dir}, args...), strings.NewReader(""), &out, &errOut)
		return status, out.String() + errOut.String()
	}
	if status, said := export("--site", "https://example.com/x"); status != statusOK || !strings.Contains(said, "index.html") {
		t.Fatalf("status %d: %s", status, said)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"sw.js", "files.json", "card.png", "dist/hrm-js.wasm", "dist/hrm-js.wasm.br"}
	for _, link := range regexp.MustCompile(`(?:href|src)="([^":#]+[a-z])"`).FindAllSubmatch(index, -1) {
		names = append(names, string(link[1])) // whatever the page asks for
	}
	if len(names) < 10 {
		t.Errorf("the page asks for %q alone", names)
	}
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if model, err := os.ReadFile(filepath.Join(dir, "model.hrm")); err != nil || !bytes.Equal(model, embedded.Model) {
		t.Errorf("%d bytes of model, %v", len(model), err)
	}
	if !bytes.Contains(index, []byte(`content="https://example.com/x/card.png"`)) || bytes.Contains(index, []byte(`="/`)) {
		t.Errorf("page: %s", index)
	}
	if status, said := export(); status != statusOK {
		t.Errorf("again: status %d: %s", status, said)
	}
	if status, said := export("--site", "nowhere"); status == statusOK || !strings.Contains(said, "nowhere") {
		t.Errorf("no address: status %d: %s", status, said)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if status, said := export(); status == statusOK || !strings.Contains(said, "not empty") {
		t.Errorf("a folder of others: status %d: %s", status, said)
	}
}
