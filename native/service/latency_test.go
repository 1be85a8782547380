package service

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// arrival is a request of one puzzle.
type arrival struct {
	at       time.Duration
	segments int
}

// ideal returns how long each request takes where lanes are filled at every segment, in
// the order in which requests come, and nothing but segments takes time: step is that of
// one that begins at a time with some lanes.
func ideal(requests []arrival, most int, step func(now time.Duration, lanes int) time.Duration) []time.Duration {
	took := make([]time.Duration, 0, len(requests))
	var lanes []arrival // segments are those that are left
	for now := time.Duration(0); len(requests) > 0 || len(lanes) > 0; {
		if len(lanes) == 0 {
			now = max(now, requests[0].at)
		}
		for len(lanes) < most && len(requests) > 0 && requests[0].at <= now {
			lanes, requests = append(lanes, requests[0]), requests[1:]
		}
		now += step(now, len(lanes))
		for i := range lanes {
			lanes[i].segments--
		}
		lanes = slices.DeleteFunc(lanes, func(l arrival) bool {
			if l.segments == 0 {
				took = append(took, now-l.at)
			}
			return l.segments == 0
		})
	}
	return took
}

// timed is a backend that tells what every segment takes.
type timed struct {
	runtime.Backend
	began time.Time
	at    []time.Duration // segments began
	slow  []float64       // times what they take alone
	alone []time.Duration // with 1, 2, ... lanes; nil: nobody looks
}

type timedBatch struct {
	runtime.Batch
	of *timed
}

func (b *timed) NewBatch(lanes, tokens int) (runtime.Batch, error) {
	batch, err := b.Backend.NewBatch(lanes, tokens)
	return &timedBatch{batch, b}, err
}

func (b *timedBatch) Step(ctx context.Context, lanes []int, out *runtime.Output) error {
	began := time.Now()
	err := b.Batch.Step(ctx, lanes, out)
	if w := b.of; w.alone != nil {
		w.at = append(w.at, began.Sub(w.began))
		w.slow = append(w.slow, float64(time.Since(began))/float64(w.alone[len(lanes)-1]))
	}
	return err
}

// step returns what a segment takes then: the machine is as slow as it was.
func (b *timed) step(now time.Duration, lanes int) time.Duration {
	i, _ := slices.BinarySearch(b.at, now)
	return time.Duration(b.slow[max(0, i-1)] * float64(b.alone[lanes-1]))
}

func TestIdeal(t *testing.T) {
	step := func(_ time.Duration, lanes int) time.Duration { return time.Duration(1 + lanes) }
	got := ideal([]arrival{{0, 2}, {1, 1}, {1, 2}, {100, 1}}, 2, step)
	// One lane until 2; two until 5, when the first two end; one until 7 and 9.
	if want := []time.Duration{5, 4, 8, 2}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// steps measures a segment with 1, 2, ... lanes: the median of 9.
func steps(t *testing.T, b runtime.Backend, in []runtime.Input) []time.Duration {
	t.Helper()
	var list []time.Duration
	for k := 1; k <= runtime.DefaultLanes; k++ {
		var times []time.Duration
		for range 9 {
			began := time.Now()
			if _, err := runtime.Solve(t.Context(), b, in[:k], runtime.Options{Lanes: k, Halt: runtime.HaltFixed(8)}); err != nil {
				t.Fatal(err)
			}
			times = append(times, time.Since(began)/8)
		}
		slices.Sort(times)
		list = append(list, times[4])
	}
	return list
}

// At 80 % of the throughput a request takes what queueing alone makes of it. HRM_LONG=1
// measures: requests come at random (Poisson), whether those before have their answers
// or not, and are held to a queue of the same requests in which nothing takes time but
// the segments, with the machine as slow as it was at the time.
func TestLatency(t *testing.T) {
	if !long {
		t.Skip("HRM_LONG=1 measures")
	}
	s, _, err := solver.Parse(embedded.Model, "sudoku", 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &timed{Backend: s.Backend}
	on := solver.New(w, puzzle.Sudoku{}, 0)
	defer on.Close()
	once := on.With(solver.Options{Attempts: 1, Anyway: true, NoCheck: true, TimeLimit: -1})
	web := httptest.NewServer(newServer(t, once, Options{Timeout: time.Hour}))
	defer web.Close()
	const n, other = 600, "..78....43...15.........6..1...56....69....2......2..3..1....7.....27...7..1....8"
	names := rand.New(rand.NewPCG(3, 3))
	puzzles := make([]string, n)
	inputs := make([]runtime.Input, n)
	requests := make([]arrival, n)
	for i := range puzzles {
		puzzles[i] = renamed([]string{easy, other}[i%2], names)
		p, err := puzzle.Parse(puzzle.Sudoku{}, puzzles[i])
		if err != nil {
			t.Fatal(err)
		}
		inputs[i] = solver.Input(&p)
	}
	var ratios []float64
	for range 3 {
		var segments []int // of each, then in order of size
		began := time.Now()
		for a := range once.SolveAll(t.Context(), slices.Values(puzzles)) {
			requests[len(segments)].segments = a.Segments
			segments = append(segments, a.Segments)
		}
		slices.Sort(segments)
		rate := n / time.Since(began).Seconds()
		step := steps(t, s.Backend, inputs)
		w.at, w.slow, w.alone, w.began = nil, nil, step, time.Now()
		r := rand.New(rand.NewPCG(5, 5))
		at := time.Duration(0)
		for i := range requests {
			at += time.Duration(r.ExpFloat64() / (0.8 * rate) * float64(time.Second))
			requests[i].at = at
		}
		took := openLoop(t, web.URL, puzzles, requests)
		slow := 0.0
		for _, x := range w.slow {
			slow += x / float64(len(w.slow))
		}
		queue := ideal(requests, len(step), w.step)
		w.alone = nil
		slices.Sort(took)
		slices.Sort(queue)
		alone := func(part int) time.Duration {
			return time.Duration(slow * float64(step[0]) * float64(segments[n*part/100]))
		}
		times := func(took []time.Duration, part int) float64 { return float64(took[n*part/100]) / float64(alone(part)) }
		t.Logf("%.0f puzzles a second; a segment of 1, 4 and 8 lanes %v, %v, %v, when requests came %.1f times that; alone then a puzzle takes %v (p50), %v (p99); at 80 %% load p50 %.1f and p99 %.1f times that; in the ideal queue %.1f and %.1f",
			rate, step[0], step[3], step[7], slow, alone(50), alone(99), times(took, 50), times(took, 99), times(queue, 50), times(queue, 99))
		ratios = append(ratios, times(took, 99)/times(queue, 99))
	}
	if slices.Sort(ratios); ratios[1] > 1.3 {
		t.Errorf("the p99 is %.2f times that of the ideal queue", ratios[1])
	}
}

// renamed gives the digits of a sudoku other names.
func renamed(sudoku string, r *rand.Rand) string {
	names := r.Perm(9)
	return strings.Map(func(c rune) rune {
		if c == '.' {
			return c
		}
		return rune('1' + names[c-'1'])
	}, sudoku)
}

// openLoop sends every request when it is due, and returns how long each took.
func openLoop(t *testing.T, url string, puzzles []string, requests []arrival) []time.Duration {
	t.Helper()
	ask := asker(t, url)
	took := make([]time.Duration, len(requests))
	var all sync.WaitGroup
	began := time.Now()
	for i, r := range requests {
		time.Sleep(r.at - time.Since(began))
		all.Go(func() {
			ask(puzzles[i])
			took[i] = time.Since(began) - r.at
		})
	}
	all.Wait()
	return took
}
