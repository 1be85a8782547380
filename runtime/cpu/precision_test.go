package cpu

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

func convert(t testing.TB, m *runtime.Model, f quantize.Format) *runtime.Model {
	t.Helper()
	q, _, err := m.Convert(f)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// eachPrecision runs a test with every small model in int8 and in binary16.
func eachPrecision(t *testing.T, test func(t *testing.T, m *runtime.Model)) {
	for _, f := range []quantize.Format{quantize.I8, quantize.F16} {
		for name, c := range configs() {
			m := newModel(t, c)
			t.Run(f.String()+"/"+name, func(t *testing.T) { test(t, convert(t, m, f)) })
		}
	}
}

// Binary16 weights are exact numbers: the bounds are those of float32.
func TestF16AgainstFloat64(t *testing.T) {
	for name, c := range configs() {
		m := convert(t, newModel(t, c), quantize.F16)
		want := expect(m, inputs(&c, 3))
		t.Run(name, func(t *testing.T) {
			eachImplementation(t, func(t *testing.T) { compareWithOracle(t, m, want) })
		})
	}
}

// One segment in int8 keeps close to float64 with the same weights; what is
// left is the rounding of activations.
func TestI8AgainstFloat64(t *testing.T) {
	for name, c := range configs() {
		m := convert(t, newModel(t, c), quantize.I8)
		in := inputs(&c, 1)
		o := newOracle(m, in[0])
		o.segment()
		want := slices.Concat(o.z[runtime.H]...)
		eachImplementation(t, func(t *testing.T) {
			b := newBatch(t, newBackend(t, m, Options{Threads: 2}), in)
			step(t, b, []int{0})
			zH, zL := make([]float32, len(want)), make([]float32, len(want))
			if err := b.State(0, zH, zL); err != nil {
				t.Fatal(err)
			}
			if cos := cosine(zH, want); !(cos > 0.99) {
				t.Errorf("%s: cosine of zH %.5f", name, cos)
			}
		})
	}
}

func cosine(a []float32, b []float64) float64 {
	var aa, bb, ab float64
	for i := range a {
		x := float64(a[i])
		aa, bb, ab = aa+x*x, bb+b[i]*b[i], ab+x*b[i]
	}
	return ab / math.Sqrt(aa*bb)
}

func TestPrecisionSameBitsForAnyThreadsAndLanes(t *testing.T) {
	eachPrecision(t, func(t *testing.T, m *runtime.Model) {
		in := inputs(&m.Config, 3)
		want := segments(t, m, 1, in[1:2])
		if n, got := len(want), segments(t, m, 3, in); !slices.Equal(got[n:2*n], want) {
			t.Error("3 threads, 3 lanes: other bits than alone on one thread")
		}
	})
}

func TestPrecisionAllocatesNothing(t *testing.T) {
	eachPrecision(t, func(t *testing.T, m *runtime.Model) {
		b := newBatch(t, newBackend(t, m, Options{Threads: 2}), inputs(&m.Config, 2))
		lanes, out := []int{0, 1}, &runtime.Output{}
		run := func() {
			if err := b.Step(context.Background(), lanes, out); err != nil {
				t.Fatal(err)
			}
		}
		run()
		if n := testing.AllocsPerRun(5, run); n > 0 {
			t.Errorf("a segment allocates %v times", n)
		}
	})
}

// A traced run is one chunk, and int8 rows are rounded one by one: same bits.
func TestPrecisionTraced(t *testing.T) {
	eachPrecision(t, func(t *testing.T, m *runtime.Model) {
		in := inputs(&m.Config, 2)
		var last []float32
		b := newBackend(t, m, Options{Trace: func(name string, lane int, data []float32) {
			if lane == 1 && strings.HasSuffix(name, "/block_out") {
				last = slices.Clone(data)
			}
		}})
		step(t, newBatch(t, b, in), []int{0, 1})
		if !slices.Equal(last, oneSegment(t, m, in)) {
			t.Error("other bits when traced")
		}
	})
}

func TestNameShowsPrecision(t *testing.T) {
	m := newModel(t, configs()["hrm"])
	eachImplementation(t, func(t *testing.T) {
		kind, _ := kernels.Implementation()
		for f, want := range map[quantize.Format]string{
			quantize.F32: "cpu/" + kind, quantize.BF16: "cpu/" + kind,
			quantize.F16: "cpu/" + kind + " fp16", quantize.I8: "cpu/" + kernels.ImplementationI8() + " int8",
		} {
			if f == quantize.I8 && !kernels.FastI8() || f == quantize.F16 && !kernels.FastF16() {
				want = "cpu/" + kind
			}
			if got := newBackend(t, convert(t, m, f), Options{}).Name(); got != want {
				t.Errorf("%v: %q, want %q", f, got, want)
			}
		}
	})
}

// Solving on and on keeps nothing: heap and goroutines after many solves are
// those after some, within 1 %, in a process that does nothing else. HRM_LONG=1
// makes it 10,000 puzzles a format. Resident memory may differ by 1 % and 128 KiB:
// what Go keeps for stacks and its own tables differs by that much from one
// reading to the next, which is 4 % of this process of 3 MiB.
func TestSteadyMemory(t *testing.T) {
	if f := os.Getenv("HRM_TEST_STEADY"); f != "" {
		steadyMemory(t, f)
		return
	}
	if testing.Short() {
		t.Skip("solves for a while")
	}
	for _, f := range []quantize.Format{quantize.F32, quantize.F16, quantize.I8} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSteadyMemory$", "-test.v")
		cmd.Env = append(os.Environ(), "HRM_TEST_STEADY="+f.String())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v", f, err)
		}
		t.Logf("%v: %s", f, out)
	}
}

func steadyMemory(t *testing.T, format string) {
	const bound, slack = 1.01, 128
	warmUp, puzzles := 400, 800
	if os.Getenv("HRM_LONG") != "" {
		warmUp, puzzles = 5_000, 10_000
	}
	c := configs()["hrm"]
	m := newModel(t, c)
	for _, f := range []quantize.Format{quantize.F16, quantize.I8} {
		if f.String() == format {
			m = convert(t, m, f)
		}
	}
	b, in := newBackend(t, m, Options{Threads: 2}), inputs(&c, 8)
	heap, resident := solveMany(t, b, in, warmUp)
	goroutines := goruntime.NumGoroutine()
	heapThen, residentThen := solveMany(t, b, in, puzzles)
	t.Logf("%d puzzles: heap %.0f, then %.0f bytes; resident %.0f, then %.0f KiB", puzzles, heap, heapThen, resident, residentThen)
	if heapThen > bound*heap || residentThen > bound*resident+slack {
		t.Error("grew")
	}
	if n := goruntime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, were %d", n, goroutines)
	}
}

// solveMany solves some puzzles and returns what the heap holds then, in bytes, and
// what is resident, in KiB, without free pages that Go has not returned yet.
func solveMany(t *testing.T, b *Backend, in []runtime.Input, n int) (heap, resident float64) {
	for range n / len(in) {
		if _, err := runtime.Solve(t.Context(), b, in, runtime.Options{Lanes: 4}); err != nil {
			t.Fatal(err)
		}
	}
	var m goruntime.MemStats
	debug.FreeOSMemory()
	goruntime.ReadMemStats(&m)
	return float64(m.HeapAlloc), residentKiB() - float64(m.HeapIdle-m.HeapReleased)/1024
}

// residentKiB returns the anonymous memory that this process has, without pages
// of its program, or 0 where the system does not tell.
func residentKiB() (n float64) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			fmt.Sscan(rest, &n)
		}
	}
	return n
}
