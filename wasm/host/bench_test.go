package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/wasm/abi"
	"github.com/hrmgo/hrm/wasm/internal/toolchain"
)

// fullSize writes a model of the published size with random int8 weights. A
// segment has cycles*(cycles+1) passes.
func fullSize(t testing.TB, cycles int) []byte {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, Positions: runtime.Rope, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512,
		Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: cycles, LCycles: cycles, HaltMaxSteps: 16,
		NormEps: runtime.DefaultNormEps, RopeTheta: runtime.DefaultRopeTheta,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	q, _, err := m.Convert(quantize.I8)
	if err != nil {
		t.Fatal(err)
	}
	q.Task = "sudoku"
	path := filepath.Join(t.TempDir(), "full.hrm")
	if err := q.Save(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tools returns Binaryen, or skips.
func tools(t testing.TB) (root string, binaryen *toolchain.Binaryen) {
	t.Helper()
	root, err := toolchain.Root()
	if err != nil {
		t.Fatal(err)
	}
	binaryen, err = toolchain.FindBinaryen(root)
	if err != nil {
		t.Skip(err)
	}
	return root, binaryen
}

// engine runs the request solve on a plugin that was opened with open, and
// returns the best time of some calls and the hash of the reply.
type engine func(b *testing.B, plugin []byte, open, solve []byte, calls int) (best time.Duration, hash string)

// BenchmarkSegment compares one segment of the full-size int8 model, one
// thread, in wazero and V8, with and without the SIMD kernels; without them it is
// a third of a segment (1 cycle instead of 2), compared with the same third:
//
//	go test -run xxx -bench Segment -benchtime 1x ./wasm/host
func BenchmarkSegment(b *testing.B) {
	root, binaryen := tools(b)
	dir := b.TempDir()
	m := toolchain.Module{Name: "hrm-plugin", Package: "./wasm/plugin", GOOS: "wasip1", Reactor: true}
	plugins := map[string][]byte{}
	for name, build := range map[string]func(out string) error{
		"linked":   func(out string) error { return m.Build(b.Context(), root, binaryen, out) },
		"unlinked": func(out string) error { return m.Compile(b.Context(), root, out, "") },
	} {
		out := filepath.Join(dir, name+".wasm")
		if err := build(out); err != nil {
			b.Fatal(err)
		}
		plugins[name], _ = os.ReadFile(out)
	}
	hashes := map[string]bool{}
	for b.Loop() {
		best := map[string]time.Duration{}
		for _, r := range []struct {
			plugin        string
			cycles, calls int
		}{{"linked", 2, 5}, {"linked", 1, 5}, {"unlinked", 1, 1}, {"linked", 1, 5}, {"linked", 2, 5}} { // alternating, against drift
			open, solve := requests(b, r.cycles)
			for name, run := range map[string]engine{"wazero": inWazero, "v8": inNode} {
				took, hash := run(b, plugins[r.plugin], open, solve, r.calls)
				key := fmt.Sprintf("%s-%s-%d", name, r.plugin, r.cycles)
				if old, ok := best[key]; !ok || took < old {
					best[key] = took
				}
				hashes[fmt.Sprint(r.cycles, hash)] = true
			}
		}
		for key, took := range best {
			b.ReportMetric(took.Seconds()*1000, key+"-ms")
		}
		for _, name := range []string{"wazero", "v8"} {
			b.ReportMetric(float64(best[name+"-unlinked-1"])/float64(best[name+"-linked-1"]), name+"-gain")
		}
		b.ReportMetric(float64(best["v8-linked-2"])/float64(best["wazero-linked-2"]), "wazero/v8")
	}
	if len(hashes) != 2 {
		b.Errorf("%d different replies, want two: the kernels give the bits of plain Go", len(hashes))
	}
}

// requests returns the encoded requests to open the model and to run one segment.
func requests(t testing.TB, cycles int) (open, solve []byte) {
	open = (&abi.Request{Op: abi.OpOpen, Model: fullSize(t, cycles)}).Encode()
	solve = (&abi.Request{Op: abi.OpSolve, Puzzles: []Puzzle{{Text: easy}}, Options: SolveOptions{MaxSegments: 1}}).Encode()
	return open, solve
}

func inWazero(b *testing.B, plugin []byte, open, solve []byte, calls int) (time.Duration, string) {
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // so that the guest is checked
	defer cancel()
	h, err := Open(ctx, Options{Module: plugin, SHA256: hashOf(plugin), Instances: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	if _, err := ask(ctx, h, open); err != nil {
		b.Fatal(err)
	}
	best, hash := time.Duration(math.MaxInt64), ""
	for range calls {
		start := time.Now()
		reply, err := ask(ctx, h, solve)
		best = min(best, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
		hash = fmt.Sprintf("%x", sha256.Sum256(reply))
	}
	return best, hash
}

func inNode(b *testing.B, plugin []byte, open, solve []byte, calls int) (time.Duration, string) {
	dir := b.TempDir()
	args := []string{"--no-warnings", filepath.Join("testdata", "time.mjs")}
	for i, data := range [][]byte{plugin, open, solve} {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, data, 0o666); err != nil {
			b.Fatal(err)
		}
		args = append(args, path)
	}
	node := "node"
	if other := os.Getenv("HRM_NODE"); other != "" {
		node = other
	}
	cmd := exec.Command(node, append(args, fmt.Sprint(calls))...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("node: %v\n%s", err, said.String())
	}
	var ms float64
	var hash string
	if _, err := fmt.Sscan(string(out), &ms, &hash); err != nil {
		b.Fatalf("node said %q: %v", out, err)
	}
	return time.Duration(ms * float64(time.Millisecond)), hash
}

// BenchmarkOverhead is a call that asks for nothing: what the host adds to the
// time of a solve.
func BenchmarkOverhead(b *testing.B) {
	h := open(b, Options{Instances: 1, Deadline: time.Minute})
	request := &abi.Request{Op: abi.OpInfo}
	for b.Loop() {
		in, err := h.take(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := h.limited(b.Context(), in, request); err != nil {
			b.Fatal(err)
		}
		h.put(in)
	}
}
