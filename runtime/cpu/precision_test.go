package cpu

import (
	"context"
	"math"
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
// left is the rounding of activations. Cosines are 0.9994 and more, but 0.9925
// where random weights mix positions, and differ by 0.0004 between implementations.
func TestI8AgainstFloat64(t *testing.T) {
	for name, c := range configs() {
		m := convert(t, newModel(t, c), quantize.I8)
		in := inputs(&c, 1)
		carry := start(m, in[0])
		carry.Segment()
		want := slices.Concat(carry.Z[runtime.H]...)
		eachImplementation(t, func(t *testing.T) {
			b := newBatch(t, newBackend(t, m, Options{Threads: 2}), in)
			runStep(t, b, []int{0})
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
		want := segments(t, m, 1, coreCache, in[1:2])
		if n, got := len(want), segments(t, m, 3, coreCache, in); !slices.Equal(got[n:2*n], want) {
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
		runStep(t, newBatch(t, b, in), []int{0, 1})
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
