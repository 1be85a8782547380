//go:build unix

package host

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/wasm/abi"
	"github.com/hrmgo/hrm/wasm/internal/toolchain"
)

// fullSize returns a model of the published size with random weights. A segment
// has cycles*(cycles+1) passes.
func fullSize(t testing.TB, cycles int, format quantize.Format) []byte {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, Positions: runtime.Rope, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512,
		Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: cycles, LCycles: cycles, HaltMaxSteps: 16,
		NormEps: runtime.DefaultNormEps, RopeTheta: runtime.DefaultRopeTheta,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	q, _, err := m.Convert(format)
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
// returns the processor time of each call and the hash of the reply.
type engine func(b *testing.B, plugin []byte, open, solve []byte, calls int) (took []time.Duration, hash string)

var engines = map[string]engine{"wazero": inWazero, "v8": inNode}

// BenchmarkSegment compares one segment of the full-size model, one thread, in
// wazero and V8, with and without the SIMD kernels; without them it is a third of
// a segment (1 cycle instead of 2), compared with the same third. It measures the
// processor's time, since on a shared machine a clock measures the neighbours:
//
//	go test -run '^$' -bench Segment -benchtime 3x ./wasm/host
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
	for name, format := range map[string]quantize.Format{"int8": quantize.I8, "f32": quantize.F32} {
		b.Run(name, func(b *testing.B) {
			compareSegments(b, plugins, format)
		})
	}
}

// compareSegments takes turns, against drift.
func compareSegments(b *testing.B, plugins map[string][]byte, format quantize.Format) {
	took, hashes := map[string][]time.Duration{}, map[string]bool{}
	const whole, third = 2, 1
	models := map[int][]byte{whole: fullSize(b, whole, format), third: fullSize(b, third, format)}
	solve := (&abi.Request{Op: abi.OpSolve, Puzzles: []Puzzle{{Text: easy}}, Options: SolveOptions{MaxSegments: 1}}).Encode()
	for b.Loop() {
		for _, r := range []struct {
			plugin        string
			cycles, calls int
		}{{"linked", whole, 4}, {"linked", third, 4}, {"unlinked", third, 1}} {
			open := (&abi.Request{Op: abi.OpOpen, Model: models[r.cycles]}).Encode()
			for name, run := range engines {
				times, hash := run(b, plugins[r.plugin], open, solve, r.calls)
				times = times[min(1, len(times)-1):] // V8 optimises during the first
				key := fmt.Sprintf("%s-%s-%d", name, r.plugin, r.cycles)
				took[key] = append(took[key], times...)
				hashes[fmt.Sprint(r.cycles, hash)] = true
			}
		}
	}
	median := func(key string) float64 {
		slices.Sort(took[key])
		return took[key][len(took[key])/2].Seconds()
	}
	for key := range took {
		b.ReportMetric(1000*median(key), key+"-ms")
	}
	for name := range engines {
		b.ReportMetric(median(name+"-unlinked-1")/median(name+"-linked-1"), name+"-gain")
	}
	b.ReportMetric(median("v8-linked-2")/median("wazero-linked-2"), "wazero/v8")
	if len(hashes) != 2 {
		b.Errorf("%d different replies, want two: the kernels give the bits of plain Go", len(hashes))
	}
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func inWazero(b *testing.B, plugin []byte, open, solve []byte, calls int) (took []time.Duration, hash string) {
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // so that the guest is checked
	defer cancel()
	h, err := Open(ctx, Options{Module: plugin, SHA256: hashOf(plugin), Instances: 1, CacheDir: cacheDir})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	if _, err := ask(ctx, h, open); err != nil {
		b.Fatal(err)
	}
	for range calls {
		start := processorTime(b)
		reply, err := ask(ctx, h, solve)
		took = append(took, processorTime(b)-start)
		if err != nil {
			b.Fatal(err)
		}
		hash = fmt.Sprintf("%x", sha256.Sum256(reply))
	}
	return took, hash
}

func inNode(b *testing.B, plugin []byte, open, solve []byte, calls int) (took []time.Duration, hash string) {
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
	var reply struct {
		Took []float64 // milliseconds
		Hash string
	}
	if err := json.Unmarshal(out, &reply); err != nil {
		b.Fatalf("node said %q: %v", out, err)
	}
	for _, ms := range reply.Took {
		took = append(took, time.Duration(ms*float64(time.Millisecond)))
	}
	return took, reply.Hash
}

// BenchmarkOverhead is a call without the solving: of the host alone, with a guest
// that answers at once, and with the plugin, of which a puzzle is refused.
func BenchmarkOverhead(b *testing.B) {
	b.Run("host", func(b *testing.B) {
		const at = 1 << 15
		reply := (&abi.Reply{Results: []Result{{Answer: easy, Tokens: make([]int32, 81), Known: true, Segments: 16, QHalt: 1, QContinue: -1, Attempts: 1, TotalSegments: 16}}}).Encode()
		r := wazero.NewRuntimeWithConfig(b.Context(), wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
		defer r.Close(b.Context())
		module, err := r.Instantiate(b.Context(), fake(abi.Version, 16, at<<32|int64(len(reply)), "memory"))
		if err != nil {
			b.Fatal(err)
		}
		module.Memory().Write(at, reply)
		in := &instance{module: module}
		if err := in.bind(b.Context()); err != nil {
			b.Fatal(err)
		}
		h := &Host{options: Options{Deadline: time.Minute}, slots: make(chan slot, 1)}
		h.slots <- slot{guest: in}
		overhead(b, func() error {
			_, err := h.solve(b.Context(), Puzzle{Text: easy}, SolveOptions{})
			return err
		})
	})
	b.Run("plugin", func(b *testing.B) {
		h := open(b, Options{Instances: 1, Deadline: time.Minute})
		overhead(b, func() error {
			r, err := h.solve(b.Context(), Puzzle{Text: easy + "."}, SolveOptions{})
			if err == nil && r.Error == nil {
				err = errors.New("82 cells were taken")
			}
			return err
		})
	})
}

// overhead reports the processor's time of a call too, see BenchmarkSegment.
func overhead(b *testing.B, call func() error) {
	start := processorTime(b)
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime(b)-start)/float64(b.N), "cpu-ns/op")
}
