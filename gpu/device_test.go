package gpu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/gpu/gputest"
)

func open(t testing.TB) *gpu.Device  { t.Helper(); return gputest.Open(t) }
func fresh(t testing.TB) *gpu.Device { t.Helper(); return gputest.Fresh(t) }

const guard = 64 // numbers behind every array, which no kernel may write

const guardValue float32 = 12345.678

// array is numbers on the device with a guard behind them, all of it bound.
type array struct {
	b *gpu.Buffer
	n int
}

func upload[T float32 | uint32 | int32](t testing.TB, d *gpu.Device, data []T) array {
	t.Helper()
	b, err := d.NewBuffer(t.Name(), len(data)+guard)
	check(t, err)
	t.Cleanup(b.Release)
	check(t, gpu.Write(b, 0, data))
	tail := make([]float32, guard)
	for i := range tail {
		tail[i] = guardValue
	}
	check(t, gpu.Write(b, len(data), tail))
	return array{b, len(data)}
}

// view binds the guard too; exact does not.
func (a array) view() gpu.View  { return a.b.All() }
func (a array) exact() gpu.View { return a.b.View(0, a.n) }

// download runs what was recorded and checks the guard.
func download[T float32 | uint32 | int32](t testing.TB, d *gpu.Device, a array) []T {
	t.Helper()
	out := make([]T, a.n)
	check(t, gpu.Read(d, out, a.b, 0))
	tail := make([]float32, guard)
	check(t, gpu.Read(d, tail, a.b, a.n))
	for i, v := range tail {
		if v != guardValue {
			t.Fatalf("guard %d is %v: written beyond the end", i, v)
		}
	}
	return out
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func normal(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// near fails when the normalised mean square error is above 1e-6, or when
// anything is not finite.
func near(t testing.TB, what string, got []float32, want []float64) {
	t.Helper()
	if e := nmse(got, want); !(e <= 1e-6) {
		t.Errorf("%s: NMSE %.3g, want at most 1e-6", what, e)
	}
}

func nmse(got []float32, want []float64) float64 {
	var err, size float64
	for i, w := range want {
		err += (float64(got[i]) - w) * (float64(got[i]) - w)
		size += w * w
	}
	if size == 0 {
		return err
	}
	return err / size
}

func zeros(n int) []float32 { return make([]float32, n) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func TestWriteReadCopyClear(t *testing.T) {
	d := open(t)
	data := normal(random(1), 901)
	a, b := upload(t, d, data), upload(t, d, zeros(901))
	d.Copy(b.exact(), a.exact())
	for i, v := range download[float32](t, d, b) {
		if v != data[i] {
			t.Fatalf("copy: number %d is %v, want %v", i, v, data[i])
		}
	}
	d.Clear(b.b.View(64, 100))
	got := download[float32](t, d, b)
	for i, v := range got {
		if want := data[i]; (i < 64 || i >= 164) && v != want || i >= 64 && i < 164 && v != 0 {
			t.Fatalf("clear: number %d is %v", i, v)
		}
	}
}
