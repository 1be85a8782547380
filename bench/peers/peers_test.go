package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
)

// TestMain lets a test start this binary as an engine, as the command starts
// itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// small is a model of the full size's kind.
func small() runtime.Config {
	c := fullSize(25)
	c.Hidden, c.Heads, c.PuzzleEmbDim, c.HLayers, c.LLayers = 64, 4, 64, 1, 2
	return c
}

// installed lists the peers that this machine has, ours at least.
func installed(t *testing.T) []peer {
	t.Helper()
	var told bytes.Buffer
	peers, err := present(t.Context(), peersOf(engines), &told)
	if err != nil || len(peers) < 2 {
		t.Fatalf("%d peers: %v", len(peers), err)
	}
	t.Log(told.String())
	return peers
}

// Every engine that is installed runs the model, agrees with the others, and
// has a row for each size.
func TestSegments(t *testing.T) {
	peers := installed(t)
	b := &bench{threads: 2, rounds: 2, errOut: io.Discard}
	rows, err := b.segments(t.Context(), peers, size{small(), []int{1, 3}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2*len(peers) {
		t.Fatalf("%d rows of %d peers", len(rows), len(peers))
	}
	for _, r := range rows {
		if !(r.Best > 0) || r.Median < r.Best || r.Runs < 2 || r.Version == "" || r.Tokens != 25 {
			t.Errorf("got %+v", r)
		}
	}
	var table bytes.Buffer
	if err := print(&table, rows); err != nil || !strings.Contains(table.String(), "25 tokens, 3 at a time") {
		t.Errorf("%v: printed\n%s", err, table.String())
	}
	for _, name := range []string{"p.svg", "p.png"} {
		if err := drawFile(filepath.Join(t.TempDir(), name), rows); err != nil {
			t.Error(err)
		}
	}
}

// All engines solve the same sudokus with the embedded model, of which the
// puzzle's own rules are the judge.
func TestAnswers(t *testing.T) {
	peers := installed(t)
	m, err := native.Default()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := writeModels(t.Context(), folder, m); err != nil {
		t.Fatal(err)
	}
	all, err := loadAll(t.Context(), peers, folder, &m.Config, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(all)
	b := &bench{threads: 2, rounds: 1, errOut: io.Discard}
	rows, err := b.eachAnswer(all, &m.Config, sudokus(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !(r.Answer > 0) || r.Segments < 1 || r.Segments > 16 {
			t.Errorf("got %+v", r)
		}
	}
}

// Engines that compute something else are found out.
func TestDisagreement(t *testing.T) {
	all := []*running{{peer: peer{engine: "hrm", precision: "fp32"}}, {peer: peer{engine: "other", precision: "fp32"}}, {peer: peer{engine: "third", precision: "int8"}}}
	same := engine.State{ZH: []float32{1, -1}, ZL: []float32{1, 2}}
	near := engine.State{ZH: []float32{1, -1}, ZL: []float32{1.01, 2}}
	far := engine.State{ZH: []float32{1, -1}, ZL: []float32{2, 1}}
	for _, c := range []struct {
		states []engine.State
		want   string
	}{
		{[]engine.State{same, same, near}, ""},
		{[]engine.State{same, near, same}, "other fp32 does not agree"},
		{[]engine.State{same, same, far}, "third int8 does not agree"},
		{[]engine.State{same, {ZH: []float32{1}, ZL: same.ZL}, same}, "numbers"},
	} {
		err := agree(all, c.states)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// An interrupt ends the processes that were started.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e, err := startSelf(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	began := time.Now()
	for err == nil { // until the process is gone
		err = e.Start(nil, nil)
		if err != nil && strings.Contains(err.Error(), "nothing is loaded") {
			err = nil
		}
	}
	if e.Close() == nil || time.Since(began) > 10*time.Second {
		t.Errorf("the process went on for %v", time.Since(began))
	}
}

func TestRowsAreReadBack(t *testing.T) {
	rows := []Row{{Kind: "segment", Engine: "hrm", Precision: "int8", Version: "cpu/avx512-vnni int8", Lanes: 8, Tokens: 81, Best: 3}, {Kind: "answer", Engine: "pytorch"}}
	var text bytes.Buffer
	for _, r := range rows {
		if err := json.NewEncoder(&text).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readRows(&text); err != nil || !slices.Equal(got, rows) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := readRows(strings.NewReader(`{"kind": "else"}`)); err == nil {
		t.Error("a row of another kind was taken")
	}
	if got := rows[0].name(); got != "hrm int8 avx512-vnni" {
		t.Errorf("name is %q", got)
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{{"--engines", "tensorflow"}, {"--lanes", "0"}, {"--rounds", "0"}, {"--rows", "no-such-file"}, {"extra"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, nil, &out, &errOut); code != 1 || !strings.HasPrefix(errOut.String(), "peers: ") || out.Len() > 0 {
			t.Errorf("%v: status %d, %q", args, code, errOut.String())
		}
	}
}
