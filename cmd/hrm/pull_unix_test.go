//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A pull that was killed leaves a cache that is whole, and goes on where it ended.
func TestPullKilled(t *testing.T) {
	cacheIn(t)
	dir := checkpointFolder(t, "", nil)
	whole, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	half := len(whole) / 2
	var killed atomic.Bool
	sent := make(chan bool, 10)
	ranges := make(chan string, 10)
	server := hubOf(t, "tiny", dir, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "model.safetensors") {
			return false
		}
		ranges <- r.Header.Get("Range")
		if killed.Load() {
			return false
		}
		w.Header().Set("ETag", `"model.safetensors"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
		_, _ = w.Write(whole[:half])
		_ = http.NewResponseController(w).Flush()
		sent <- true
		<-r.Context().Done()
		return true
	})
	t.Setenv("HF_ENDPOINT", server.URL)
	cmd, errOut := process("pull", "hf:me/tiny")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-sent
	parts := func() []string {
		found, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "hrm", "downloads", "*", "*.part"))
		return found
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if found := parts(); len(found) == 1 {
			if info, err := os.Stat(found[0]); err == nil && info.Size() == int64(half) {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing came: ", errOut)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	killed.Store(true)
	if code, out, said := hrm(t, "", "models"); code != statusOK || strings.Contains(out, "tiny") || !strings.Contains(said, "of hf:me/tiny are no model yet") {
		t.Errorf("after the kill: status %d, %s%s", code, out, said)
	}
	if code, out, said := hrm(t, "", "pull", "hf:me/tiny"); code != statusOK || !strings.HasPrefix(out, "tiny: trm sudoku") {
		t.Fatalf("status %d, %s%s", code, out, said)
	}
	if first, second := <-ranges, <-ranges; first != "" || second != "bytes="+strconv.Itoa(half)+"-" {
		t.Errorf("asked for %q, then for %q, want it to go on at byte %d", first, second, half)
	}
	if code, out, said := hrm(t, "", "models"); code != statusOK || !strings.Contains(out, "tiny") || said != "" || len(parts()) > 0 {
		t.Errorf("in the end: status %d, %s%s, %v", code, out, said, parts())
	}
}

// The proxy of the environment is gone through, and one that does not answer is named.
func TestPullProxy(t *testing.T) {
	cacheIn(t)
	hub, err := url.Parse(hubOf(t, "tiny", checkpointFolder(t, "", nil), nil).URL)
	if err != nil {
		t.Fatal(err)
	}
	var through atomic.Int32
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if r.In.Host == "hub.example" {
			through.Add(1)
		}
		r.SetURL(hub)
		r.Out.URL.Path = r.In.URL.Path
	}})
	defer proxy.Close()
	for _, c := range []struct {
		proxy, want string
		status      int
	}{
		{proxy.URL, "", statusOK},
		{"http://127.0.0.1:1", "no connection to hub.example: the proxy that HTTPS_PROXY or HTTP_PROXY names does not answer", statusUsage},
	} {
		cmd, errOut := process("pull", "hf:me/tiny", "--force")
		cmd.Env = append(cmd.Env, "HTTP_PROXY="+c.proxy, "HF_ENDPOINT=http://hub.example", "NO_PROXY=")
		if status := statusOf(t, cmd); status != c.status || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("%s: status %d, %s", c.proxy, status, errOut)
		}
	}
	if through.Load() < 3 {
		t.Errorf("%d requests went through the proxy", through.Load())
	}
}
