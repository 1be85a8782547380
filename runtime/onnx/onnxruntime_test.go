package onnx

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// segments that the comparisons run.
const segments = 4

// ONNX Runtime computes what the CPU backend computes, over several segments,
// for every kind of model, in the newest opset and written out in older ones.
func TestONNXRuntimeFloat32(t *testing.T) {
	e := startONNX(t, engine.StartONNX)
	for name, c := range configs() {
		opsets := []int{NewestOpset, 17}
		if name == "relations" || name == "mlpt" { // which between them have all that older opsets write out
			opsets = append(opsets, 18, OldestOpset)
		}
		for _, opset := range opsets {
			t.Run(fmt.Sprintf("%s/%d", name, opset), func(t *testing.T) { compareFloat32(t, e, c, opset) })
		}
	}
}

// So does the one of 2024 in a page, which knows no opset after 21.
func TestONNXRuntimeWeb(t *testing.T) {
	e := startONNX(t, engine.StartONNXWeb)
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) { compareFloat32(t, e, c, 17) })
	}
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := WriteFile(t.Context(), path, newModel(t, configs()["hrm"]), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Load(engine.Model{Path: path, Threads: 1}); err == nil {
		t.Error("it reads opset 23: the test needs an older one")
	}
}

func compareFloat32(t *testing.T, e *engine.Engine, c runtime.Config, opset int) {
	t.Helper()
	want, got := runBoth(t, e, newModel(t, c), Options{Opset: opset})
	for k := range want {
		for _, d := range []struct {
			of  string
			far float64
		}{
			{"zH", largest(got[k].ZH, want[k].ZH)},
			{"zL", largest(got[k].ZL, want[k].ZL)},
			{"logits", largest(got[k].Logits, want[k].Logits)},
			{"q", largest(got[k].q, want[k].q)},
		} {
			if !(d.far <= 1e-4) {
				t.Errorf("segment %d: %s differs by %.3g, want at most 1e-4", k+1, d.of, d.far)
			}
		}
	}
}

// With int8 weights and activations rounded with one scale for the batch, the
// states keep their direction.
func TestONNXRuntimeInt8(t *testing.T) {
	e := startONNX(t, engine.StartONNX)
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) { compareInt8(t, e, c, NewestOpset) })
		t.Run(name+"/17", func(t *testing.T) { compareInt8(t, e, c, 17) })
	}
}

func compareInt8(t *testing.T, e *engine.Engine, c runtime.Config, opset int) {
	t.Helper()
	want, got := runBoth(t, e, newModel(t, c), Options{Int8: true, Opset: opset})
	for k := range want {
		h, l := cosine(got[k].ZH, want[k].ZH), cosine(got[k].ZL, want[k].ZL)
		if !(min(h, l) > 0.995) || min(h, l) > 1-1e-9 {
			t.Errorf("segment %d: cosine of zH %.5f, of zL %.5f, want above 0.995 and not 1", k+1, h, l)
		}
	}
}

// outputs of a segment, of all lanes.
type outputs struct {
	engine.State
	q []float32 // q_halt, q_continue
}

func startONNX(t *testing.T, start func(context.Context) (*engine.Engine, error)) *engine.Engine {
	t.Helper()
	e, err := start(context.Background())
	if errors.Is(err, engine.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// runBoth returns what each segment leaves on the CPU backend, in the model's
// own precision, and in ONNX Runtime.
func runBoth(t *testing.T, e *engine.Engine, m *runtime.Model, o Options) (want, got []outputs) {
	t.Helper()
	in := inputs(&m.Config, 3)
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := WriteFile(t.Context(), path, m, o); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Load(engine.Model{Path: path, Threads: 2, States: [2]int{m.Config.P(), m.Config.Hidden}}); err != nil {
		t.Fatal(err)
	}
	var tokens [][]int32
	var rows []int32
	for i := range in {
		tokens, rows = append(tokens, in[i].Tokens), append(rows, in[i].PuzzleID)
	}
	if err := e.Start(tokens, rows); err != nil {
		t.Fatal(err)
	}
	for range segments {
		s, err := e.Step(1)
		if err != nil {
			t.Fatal(err)
		}
		state, err := e.Read()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, outputs{state, append(s.QHalt, s.QContinue...)})
	}
	return onCPU(t, m, in), got
}

func onCPU(t *testing.T, m *runtime.Model, in []runtime.Input) (all []outputs) {
	t.Helper()
	b, err := cpu.New(m, cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	batch, err := b.NewBatch(len(in), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Close()
	lanes := make([]int, len(in))
	for i := range in {
		lanes[i] = i
		if err := batch.Reset(i, in[i]); err != nil {
			t.Fatal(err)
		}
	}
	for range segments {
		out := &runtime.Output{WantLogits: true}
		if err := batch.Step(t.Context(), lanes, out); err != nil {
			t.Fatal(err)
		}
		n := m.Config.P() * m.Config.Hidden
		o := outputs{engine.State{ZH: make([]float32, len(in)*n), ZL: make([]float32, len(in)*n), Logits: out.Logits}, append(out.QHalt, out.QContinue...)}
		for i := range in {
			if err := batch.(runtime.StateReader).State(i, o.ZH[i*n:(i+1)*n], o.ZL[i*n:(i+1)*n]); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, o)
	}
	return all
}

// largest absolute difference, infinite where lengths differ.
func largest(got, want []float32) (far float64) {
	if len(got) != len(want) || len(want) == 0 {
		return math.Inf(1)
	}
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(d) {
			return d
		}
		far = max(far, d)
	}
	return far
}

func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	var aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	return ab / math.Sqrt(aa*bb)
}
