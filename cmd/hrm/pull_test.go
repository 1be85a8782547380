package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime/weights"
)

const testCommit = "89abcdef0123456789abcdef0123456789abcdef"

// hubOf serves the files of a folder as the repository me/NAME of a hub. before may
// answer a request itself.
func hubOf(t *testing.T, name, dir string, before func(w http.ResponseWriter, r *http.Request) bool) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil && before(w, r) {
			return
		}
		if r.URL.Path == "/api/models/me/"+name+"/revision/main" {
			describe(t, w, dir)
			return
		}
		file, ok := strings.CutPrefix(r.URL.Path, "/me/"+name+"/resolve/"+testCommit+"/")
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("ETag", `"`+file+`"`)
		http.ServeFile(w, r, filepath.Join(dir, file))
	}))
	t.Cleanup(server.Close)
	return server
}

func describe(t *testing.T, w http.ResponseWriter, dir string) {
	type entry struct {
		Name string         `json:"rfilename"`
		Size int            `json:"size"`
		LFS  map[string]any `json:"lfs"`
	}
	var all []entry
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Error(err)
		}
		all = append(all, entry{e.Name(), len(data), map[string]any{"sha256": fmt.Sprintf("%x", sha256.Sum256(data)), "size": len(data)}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"sha": testCommit, "siblings": all, "cardData": map[string]any{"license": "apache-2.0"}})
}

// A published checkpoint becomes a model that has a name, with where it is from.
func TestPull(t *testing.T) {
	cacheIn(t)
	t.Chdir(t.TempDir())
	dir := checkpointFolder(t, "", nil)
	if err := os.WriteFile(filepath.Join(dir, "identifiers.json"), []byte(`["<blank>"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_ENDPOINT", hubOf(t, "tiny-trm", dir, nil).URL)
	code, out, errOut := hrm(t, "", "pull", "hf:me/tiny-trm")
	if code != statusOK || !strings.HasPrefix(out, "tiny-trm: trm sudoku, ") || !strings.Contains(out, "from hf:me/tiny-trm@"+testCommit+"; licence: apache-2.0") || !strings.Contains(errOut, "fetching model.safetensors, ") {
		t.Fatalf("status %d, %s%s", code, out, errOut)
	}
	if code, out, errOut := hrm(t, "", "pull", "hf:me/tiny-trm"); code != statusOK || !strings.HasPrefix(out, "tiny-trm is here already: trm sudoku") || errOut != "" {
		t.Errorf("again: status %d, %s%s", code, out, errOut)
	}
	m, file, err := native.Open("tiny-trm")
	if err != nil {
		t.Fatal(err)
	}
	if names, err := m.Puzzles(); err != nil || len(names) != 1 || names[0] != "<blank>" {
		t.Errorf("names of the table's rows: %q, %v", names, err)
	}
	file.Close()
	if code, out, errOut := hrm(t, "", "solve", "-m", "tiny-trm", "--restarts", "0", "--json", easy); code != statusFailed || !strings.Contains(out, `"segments"`) {
		t.Errorf("solve: status %d, %s%s", code, out, errOut)
	}
	var entries []modelEntry
	_, out, _ = hrm(t, "", "models", "--json")
	if err := json.Unmarshal([]byte(out), &entries); err != nil || len(entries) != len(embedded.Models)+1 {
		t.Fatalf("%v: %s", err, out)
	}
	if e := entries[len(entries)-1]; e.Name != "tiny-trm" || e.Embedded || e.Licence != "apache-2.0" || e.From != "hf:me/tiny-trm@"+testCommit || e.Task != "sudoku" || !strings.HasSuffix(e.Path, "tiny-trm.hrm") {
		t.Errorf("%+v", e)
	}
	if _, text, _ := hrm(t, "", "models"); !strings.Contains(text, "apache-2.0") || !strings.Contains(text, "hf:me/tiny-trm@") {
		t.Error(text)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "hrm", "downloads", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if code, out, _ := hrm(t, "", "models", "remove", "tiny-trm"); code != statusOK || out != "tiny-trm: removed\n" {
		t.Errorf("status %d, %s", code, out)
	}
}

// A .hrm file at an address is kept with where it is from in its header.
func TestPullModelFile(t *testing.T) {
	cacheIn(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.hrm"), embedded.Model, 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	hash := fmt.Sprintf("%x", sha256.Sum256(embedded.Model))
	if code, _, errOut := hrm(t, "", "pull", server.URL+"/mine.hrm", "--sha256", strings.Repeat("0", 64)); code != statusUsage || !strings.Contains(errOut, "its sha256 is "+hash) {
		t.Errorf("another hash: status %d, %s", code, errOut)
	}
	code, out, errOut := hrm(t, "", "pull", server.URL+"/mine.hrm", "--sha256", hash)
	if code != statusOK || !strings.Contains(out, "from "+server.URL+"/mine.hrm; licence: Apache-2.0") {
		t.Fatalf("status %d, %s%s", code, out, errOut)
	}
	f, err := weights.ReadFile(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "hrm", "models", "mine.hrm"))
	if err != nil || f.Header.Meta["pulled_sha256"] != hash || f.Header.Meta["preset"] == "" {
		t.Errorf("%v, %v", f.Header.Meta, err)
	}
	if code, out, _ := hrm(t, "", "solve", "-m", "mine", easy); code != statusOK || !strings.Contains(out, easyAnswer) {
		t.Errorf("status %d, %s", code, out)
	}
}

// What cannot be done is said, and a name is never taken from another model.
func TestPullMisuse(t *testing.T) {
	cacheIn(t)
	dir := checkpointFolder(t, "", nil)
	server := hubOf(t, "tiny", dir, nil)
	t.Setenv("HF_ENDPOINT", server.URL)
	if code, _, errOut := hrm(t, "", "pull", "hf:me/tiny"); code != statusOK {
		t.Fatal(errOut)
	}
	hub2 := hubOf(t, "other", dir, nil)
	for _, c := range []struct {
		args     []string
		endpoint string
		want     string
	}{
		{[]string{"me/tiny"}, "", "did you mean hf:me/tiny?"},
		{[]string{"hf:me/tiny", "--name", "sudoku"}, "", "sudoku is the name of a model that is part of hrm; choose another with --name"},
		{[]string{"hf:me/tiny", "--name", "../x"}, "", "want letters, digits"},
		{[]string{"hf:me/tiny", "--sha256", "12"}, "", `--sha256 is "12", want 64 hexadecimal digits`},
		{[]string{"hf:me/tiny", "--task", "chess"}, "", "unknown kind of puzzle"},
		{[]string{"hf:me/other", "--name", "tiny"}, hub2.URL, "there is a model called tiny, from hf:me/tiny@" + testCommit + "; choose another name with --name, or --force to replace it"},
		{[]string{"hf:me/tiny"}, "hub.example", `HF_ENDPOINT is "hub.example", want an address`},
	} {
		if c.endpoint == "" {
			c.endpoint = server.URL
		}
		t.Setenv("HF_ENDPOINT", c.endpoint)
		if code, out, errOut := hrm(t, "", append([]string{"pull"}, c.args...)...); code != statusUsage || out != "" || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d, %s%s, want %s", c.args, code, out, errOut, c.want)
		}
	}
	t.Setenv("HF_ENDPOINT", hub2.URL)
	if code, out, errOut := hrm(t, "", "pull", "hf:me/other", "--name", "tiny", "--force"); code != statusOK || !strings.Contains(out, "from hf:me/other@") {
		t.Errorf("replacing: status %d, %s%s", code, out, errOut)
	}
}

// What was fetched and could not be imported is kept, said to be there, and removed by
// its source.
func TestPullWithoutConfiguration(t *testing.T) {
	cacheIn(t)
	dir := checkpointFolder(t, "", nil)
	if err := os.Rename(filepath.Join(dir, "config.yaml"), filepath.Join(t.TempDir(), "config.yaml")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_ENDPOINT", hubOf(t, "bare", dir, nil).URL)
	code, _, errOut := hrm(t, "", "pull", "hf:me/bare")
	if code != statusUsage || !strings.Contains(errOut, "another configuration can be given with --config FILE; what was fetched is kept for another try, until hrm models remove hf:me/bare") {
		t.Errorf("status %d, %s", code, errOut)
	}
	if _, _, errOut := hrm(t, "", "models"); !strings.Contains(errOut, "of hf:me/bare are no model yet: hrm pull hf:me/bare goes on") {
		t.Error(errOut)
	}
	if code, out, errOut := hrm(t, "", "models", "remove", "hf:me/bare"); code != statusOK {
		t.Errorf("status %d, %s%s", code, out, errOut)
	}
	if _, _, errOut := hrm(t, "", "models"); errOut != "" {
		t.Error(errOut)
	}
}
