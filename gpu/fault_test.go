package gpu_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// long reports whether the long versions were asked for.
func long() bool { return os.Getenv("HRM_LONG") != "" }

// tiny is a small model, solved in milliseconds.
func tiny(t testing.TB) *runtime.Model {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 5, SeqLen: 9, Hidden: 8, Heads: 2, Expansion: 0.5, LLayers: 1, HCycles: 1, LCycles: 1,
		Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}, 3)
	check(t, err)
	return m
}

// lanes starts a batch of n puzzles on a device, which computes ahead.
func lanes(t testing.TB, d *gpu.Device, n int) runtime.Batch {
	b, err := gpu.New(d, tiny(t))
	check(t, err)
	b.Speculate(gpu.SpeculateAlways)
	batch, err := b.NewBatch(n, 0)
	check(t, err)
	for i, in := range randomInputs(random(1), b.Config(), n) {
		check(t, batch.Reset(i, in))
	}
	t.Cleanup(func() { check(t, errors.Join(batch.Close(), b.Close())) })
	return batch
}

// A device that is lost before any segment ends that segment and all after it
// with ErrLost, and everything can still be closed.
func TestLostDevice(t *testing.T) {
	for k := 1; k <= 16; k++ {
		t.Run(fmt.Sprint("segment ", k), func(t *testing.T) {
			d := fresh(t)
			batch := lanes(t, d, 2)
			var out runtime.Output
			for s := 1; s < k; s++ {
				check(t, batch.Step(t.Context(), []int{0, 1}, &out))
			}
			d.Destroy()
			for range 2 {
				err := batch.Step(t.Context(), []int{0}, &out)
				if !errors.Is(err, gpu.ErrLost) && !strings.Contains(fmt.Sprint(err), "Reset it first") {
					t.Fatalf("got %v, want ErrLost", err)
				}
			}
			in := randomInputs(random(1), &tiny(t).Config, 1)[0]
			if err := batch.Reset(0, in); !errors.Is(err, gpu.ErrLost) {
				t.Fatalf("Reset: got %v, want ErrLost", err)
			}
			if _, err := d.NewBuffer("after", 4); !errors.Is(err, gpu.ErrLost) {
				t.Fatalf("NewBuffer: got %v, want ErrLost", err)
			}
		})
	}
}

// saboteur is a context that destroys a device when it is looked at for the
// n'th time: while a segment is recorded, or the next one behind it when this
// one is on the device already.
type saboteur struct {
	context.Context
	d *gpu.Device
	n int
}

func (s *saboteur) Err() error {
	if s.n--; s.n == 0 {
		s.d.Destroy()
	}
	return nil
}

// A device that is lost inside a segment costs that segment at most: a right
// answer or ErrLost, then ErrLost.
func TestLostInsideASegment(t *testing.T) {
	var want runtime.Output
	check(t, lanes(t, open(t), 2).Step(t.Context(), []int{0, 1}, &want))
	for n := 1; n <= 5; n++ {
		d := fresh(t)
		batch := lanes(t, d, 2)
		var out runtime.Output
		err := batch.Step(&saboteur{t.Context(), d, n}, []int{0, 1}, &out)
		if err == nil && !slices.Equal(out.Tokens, want.Tokens) {
			t.Errorf("lost at look %d: a wrong answer", n)
		}
		if err != nil && !errors.Is(err, gpu.ErrLost) {
			t.Errorf("lost at look %d: got %v, want ErrLost", n, err)
		}
		if err := batch.Reset(0, randomInputs(random(1), &tiny(t).Config, 1)[0]); !errors.Is(err, gpu.ErrLost) {
			t.Errorf("lost at look %d: Reset: got %v, want ErrLost", n, err)
		}
	}
}

// Collections run while read-backs wait: what the library keeps of a read-back
// must not lie in memory that Go frees.
func TestCollectionsDuringReadBacks(t *testing.T) {
	d := open(t)
	data := normal(random(2), 4096)
	a := upload(t, d, data)
	var stop atomic.Bool
	var collected atomic.Int32
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			goruntime.GC()
			collected.Add(1)
		}
	})
	got := make([]float32, len(data))
	for n := 0; n < 200 || collected.Load() < 200; n++ {
		clear(got)
		garbage := make([]byte, 1<<16)
		check(t, gpu.Read(d, got, a.b, 0))
		if !slices.Equal(got, data) {
			t.Fatalf("read-back %d is wrong", n)
		}
		goruntime.KeepAlive(garbage)
	}
	stop.Store(true)
	wg.Wait()
}

// countdown is a context that ends when it is looked at for the n'th time.
type countdown struct {
	context.Context
	n int
}

func (c *countdown) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// A step that is cancelled at any pass ends with an error or the right answer,
// and the lanes work again after a Reset. 1,000 times with HRM_LONG=1.
func TestCancels(t *testing.T) {
	d := open(t)
	n := 50
	if long() {
		n = 1000
	}
	batch := lanes(t, d, 1)
	in := randomInputs(random(1), &tiny(t).Config, 1)[0]
	var want, got runtime.Output
	check(t, batch.Step(t.Context(), []int{0}, &want))
	cancelled := 0
	for i := range n {
		check(t, batch.Reset(0, in))
		err := batch.Step(&countdown{t.Context(), i % 4}, []int{0}, &got)
		switch {
		case errors.Is(err, context.Canceled):
			cancelled++
		case err != nil:
			t.Fatalf("cancel %d: %v", i, err)
		case !slices.Equal(got.Tokens, want.Tokens) || got.QHalt[0] != want.QHalt[0]:
			t.Fatalf("cancel %d: another answer", i)
		}
	}
	if cancelled == 0 || cancelled == n {
		t.Errorf("%d of %d steps were cancelled", cancelled, n)
	}
}

// Segments leave the device's memory as it was: 10,000 with HRM_LONG=1.
func TestMemoryStaysFlat(t *testing.T) {
	d := open(t)
	n := 100
	if long() {
		n = 10_000
	}
	batch := lanes(t, d, 2)
	var out runtime.Output
	check(t, batch.Step(t.Context(), []int{0, 1}, &out))
	check(t, batch.Step(t.Context(), []int{1}, &out))
	live, resident := d.Live(), residentBytes(t)
	for i := range n {
		check(t, batch.Step(t.Context(), [][]int{{0, 1}, {1}, {0}}[i%3], &out))
	}
	if d.Live() != live {
		t.Errorf("buffers grew from %d to %d bytes", live, d.Live())
	}
	if grown := residentBytes(t) - resident; grown > 32<<20 {
		t.Errorf("%d segments left %d bytes more in memory", n, grown)
	}
}

// residentBytes of this process; 0 where the system does not tell.
func residentBytes(t *testing.T) int64 {
	goruntime.GC()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	_, err = fmt.Sscan(string(data), &size, &resident)
	check(t, err)
	return resident * int64(os.Getpagesize())
}

// broken is a driver that fails at its n'th call and counts what is alive.
type broken struct {
	left                       int
	next                       uint32
	buffers, groups, pipelines map[uint32]bool
}

var errBroken = errors.New("out of memory")

func newBroken(n int) *broken {
	return &broken{left: n, buffers: map[uint32]bool{}, groups: map[uint32]bool{}, pipelines: map[uint32]bool{}}
}

func (b *broken) call() error {
	if b.left--; b.left == 0 {
		return errBroken
	}
	return nil
}

func (b *broken) make(live map[uint32]bool) (uint32, error) {
	if err := b.call(); err != nil {
		return 0, err
	}
	b.next++
	live[b.next] = true
	return b.next, nil
}

func (b *broken) Info() gpu.Info {
	return gpu.Info{Name: "broken", Limits: gpu.Limits{
		BufferSize: 1 << 28, BindingSize: 1 << 27, StorageBuffers: 8, WorkgroupStorage: 16384, WorkgroupSize: 256, Workgroups: 65535,
	}}
}
func (b *broken) CreateBuffer(string, uint64, bool) (uint32, error) { return b.make(b.buffers) }
func (b *broken) CreatePipeline(string, string, []gpu.Access) (uint32, error) {
	return b.make(b.pipelines)
}
func (b *broken) CreateGroup(uint32, []gpu.Range) (uint32, error) { return b.make(b.groups) }
func (b *broken) ReleaseBuffer(id uint32)                         { delete(b.buffers, id) }
func (b *broken) ReleaseGroup(id uint32)                          { delete(b.groups, id) }
func (b *broken) ReleasePipeline(id uint32)                       { delete(b.pipelines, id) }
func (b *broken) Write(uint32, uint64, []byte) error              { return b.call() }
func (b *broken) Submit([]uint32, gpu.Range) error                { return b.call() }
func (b *broken) Receive([]byte) error                            { return b.call() }
func (b *broken) Destroy()                                        {}
func (b *broken) Close() error                                    { return nil }

// Whatever call fails, from opening to the end of a segment, its error is
// returned and nothing is left behind.
func TestEveryCallMayFail(t *testing.T) {
	for n := 1; ; n++ {
		driver := newBroken(n)
		err := oneSegment(t, driver)
		if left := len(driver.buffers) + len(driver.groups) + len(driver.pipelines); left != 0 {
			t.Fatalf("call %d: %d things are left behind", n, left)
		}
		if err == nil {
			if n < 50 {
				t.Fatalf("only %d calls", n)
			}
			return
		}
		if !errors.Is(err, errBroken) {
			t.Fatalf("call %d: got %v, want the driver's error", n, err)
		}
	}
}

func oneSegment(t *testing.T, driver gpu.Driver) error {
	d, err := gpu.NewDevice(driver)
	if err != nil {
		return err
	}
	defer d.Close()
	b, err := gpu.New(d, tiny(t))
	if err != nil {
		return err
	}
	defer b.Close()
	batch, err := b.NewBatch(2, 0)
	if err != nil {
		return err
	}
	defer batch.Close()
	if err := batch.Reset(1, randomInputs(random(1), b.Config(), 1)[0]); err != nil {
		return err
	}
	var out runtime.Output
	return batch.Step(t.Context(), []int{1}, &out)
}

// Lanes that come and go need no new buffer, pipeline or bind group, in
// whatever number and order, computed ahead or not.
func TestLanesNeedNothingNew(t *testing.T) {
	for _, s := range []gpu.Speculation{gpu.SpeculateAlways, gpu.SpeculateNever} {
		driver := newBroken(0)
		d, err := gpu.NewDevice(driver)
		check(t, err)
		b, err := gpu.New(d, tiny(t))
		check(t, err)
		b.Speculate(s)
		batch, err := b.NewBatch(5, 0)
		check(t, err)
		var made uint32
		var out runtime.Output
		in := randomInputs(random(1), b.Config(), 5)
		for lane := range in {
			check(t, batch.Reset(lane, in[lane]))
		}
		for i, lanes := range [][]int{{0, 1}, {1, 0}, {2, 0}, {4}, {0, 1, 2, 3, 4}, {3, 1}, {1, 3, 0}, {2}, {4, 3, 2, 1, 0}, {0}} {
			check(t, batch.Step(t.Context(), lanes, &out))
			check(t, batch.Reset(lanes[0], in[i%5]))
			if i == 2 {
				made = driver.next
			}
		}
		if driver.next != made {
			t.Errorf("speculation %d: %d things were made after the first steps", s, driver.next-made)
		}
		check(t, errors.Join(batch.Close(), b.Close(), d.Close()))
	}
}

func TestLimitsAreNamed(t *testing.T) {
	d, err := gpu.NewDevice(newBroken(0))
	check(t, err)
	for name, n := range map[string]int{"maxBufferSize": 1<<26 + 1, "maxStorageBufferBindingSize": 1<<25 + 1} {
		if _, err := d.NewBuffer("weights", n); !errors.Is(err, gpu.ErrLimit) || !strings.Contains(err.Error(), name) {
			t.Errorf("%d numbers: got %v, want %s", n, err, name)
		}
	}
}

// A puzzle table costs the device nothing but the rows of its puzzles, which
// come with them: a million rows take as much of its memory as one.
func TestMillionRows(t *testing.T) {
	d := open(t)
	live := map[int]int64{}
	for _, rows := range []int{1, 1_000_000} {
		c := tiny(t).Config
		c.NumPuzzles, c.PuzzleEmbDim = rows, 4
		m, err := runtime.NewModel(c, 3)
		check(t, err)
		copy(m.PuzzleEmb.F32[(rows-1)*4:], []float32{1, -2, 3, -4})
		in := randomInputs(random(1), &c, 1)
		in[0].PuzzleID = int32(rows - 1)
		before := d.Live()
		b, err := gpu.New(d, m)
		check(t, err)
		got, err := runtime.Solve(t.Context(), b, in, runtime.Options{OnSegment: func(runtime.Event) { live[rows] = d.Live() - before }})
		check(t, err)
		want := onCPU(t, m, in, runtime.Options{})
		near(t, "q_halt", []float32{got[0].QHalt}, []float64{float64(want[0].QHalt)})
		if !slices.Equal(got[0].Tokens, want[0].Tokens) {
			t.Errorf("%d rows: another answer", rows)
		}
		check(t, b.Close())
	}
	if live[1] == 0 || live[1] != live[1_000_000] {
		t.Errorf("a million rows take %d bytes of the device, one row %d", live[1_000_000], live[1])
	}
}

// A device that is lost in any segment costs no answer when the CPU stands by.
func TestFallbackFromALostDevice(t *testing.T) {
	m := smallModels(t)["trm"]
	onCPU, err := cpu.New(m, cpu.Options{})
	check(t, err)
	in := randomInputs(random(4), &m.Config, 3)
	o := runtime.Options{Lanes: 2, Halt: runtime.HaltFixed(4)}
	want, err := runtime.Solve(t.Context(), onCPU, in, o)
	check(t, err)
	for k := range 4 {
		d := fresh(t)
		onGPU, err := gpu.New(d, m)
		check(t, err)
		b := runtime.Fallback(onGPU, onCPU)
		o := o
		o.OnSegment = func(e runtime.Event) {
			if e.Segment == k+1 {
				d.Destroy()
			}
		}
		got, err := runtime.Solve(t.Context(), b, in, o)
		check(t, err)
		for i := range in {
			if !slices.Equal(got[i].Tokens, want[i].Tokens) {
				t.Errorf("lost after segment %d: puzzle %d has another answer", k+1, i)
			}
		}
		check(t, onGPU.Close())
	}
	check(t, onCPU.Close())
}
