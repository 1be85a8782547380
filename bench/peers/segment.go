package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/runtime"
)

// pause is left between two turns, for the threads of the last one to sleep.
const pause = 50 * time.Millisecond

// size is a model and the numbers of puzzles at a time to measure it with.
type size struct {
	config runtime.Config
	lanes  []int
}

// fullSize is the published HRM, for sudokus (81 tokens) and for mazes and ARC
// (900).
func fullSize(tokens int) runtime.Config {
	c := runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: tokens, NumPuzzles: 1, PuzzleEmbDim: 512,
		Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2,
		Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: runtime.DefaultNormEps, RopeTheta: runtime.DefaultRopeTheta,
	}
	if tokens == 900 {
		c.VocabSize = 12
	}
	return c
}

// bench is how to measure.
type bench struct {
	threads int
	rounds  int
	seconds float64 // a turn of a peer
	errOut  io.Writer
}

// segments measures one segment in every peer, turn by turn, at each number of
// lanes. The first lanes also tell whether the peers agree.
func (b *bench) segments(ctx context.Context, peers []peer, s size) ([]Row, error) {
	m, err := runtime.NewModel(s.config, 1)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "hrm-peers-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := writeModels(ctx, folder, m); err != nil {
		return nil, err
	}
	all, err := loadAll(ctx, peers, folder, &s.config, b.threads)
	if err != nil {
		return nil, err
	}
	defer closeAll(all)
	var rows []Row
	for i, lanes := range s.lanes {
		fmt.Fprintf(b.errOut, "peers: %d tokens, %d at a time\n", s.config.SeqLen, lanes)
		some, err := b.lanes(all, &s.config, lanes, i == 0)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

// lanes measures one number of lanes.
func (b *bench) lanes(all []*running, c *runtime.Config, lanes int, compare bool) ([]Row, error) {
	times := make([][]float64, len(all))
	turns := make([]int, len(all)) // segments in a turn
	var states []engine.State
	for i, r := range all {
		if err := r.Start(puzzles(c, lanes), nil); err != nil {
			return nil, r.wrap(err)
		}
		steps, err := r.Step(1) // warms up
		if err != nil {
			return nil, r.wrap(err)
		}
		turns[i] = max(1, int(b.seconds/steps.Seconds[0]))
		if compare {
			state, err := r.Read()
			if err != nil {
				return nil, r.wrap(err)
			}
			states = append(states, state)
		}
	}
	if err := agree(all, states); err != nil {
		return nil, err
	}
	for range b.rounds {
		for i, r := range all {
			time.Sleep(pause)
			steps, err := r.Step(turns[i])
			if err != nil {
				return nil, r.wrap(err)
			}
			times[i] = append(times[i], steps.Seconds...)
		}
	}
	rows := make([]Row, len(all))
	for i, r := range all {
		rows[i] = r.row("segment", c, lanes, b.threads)
		slices.Sort(times[i])
		rows[i].Best, rows[i].Median = 1000*times[i][0]/float64(lanes), 1000*times[i][len(times[i])/2]/float64(lanes)
		rows[i].Runs = len(times[i])
	}
	return rows, nil
}

// puzzles returns tokens of every kind; what they mean makes no difference to
// the time.
func puzzles(c *runtime.Config, lanes int) [][]int32 {
	all := make([][]int32, lanes)
	for lane := range all {
		all[lane] = make([]int32, c.SeqLen)
		for i := range all[lane] {
			all[lane][i] = int32((i*7 + lane) % c.VocabSize)
		}
	}
	return all
}

// Bounds of agree.
const (
	mostApart   = 1e-3 // of two float32 states, whose numbers are of size 1
	leastCosine = 0.99 // of int8 with float32
)

// agree compares the states of all peers after a segment with those of the
// first float32 one.
func agree(all []*running, states []engine.State) error {
	first := slices.IndexFunc(all, func(r *running) bool { return r.precision == "fp32" })
	if first < 0 || len(states) == 0 {
		return nil
	}
	want := states[first]
	for i, r := range all {
		for _, s := range []struct {
			name      string
			got, want []float32
		}{{"zH", states[i].ZH, want.ZH}, {"zL", states[i].ZL, want.ZL}} {
			if len(s.got) != len(s.want) {
				return fmt.Errorf("%s %s has %d numbers in %s, %s has %d", r.engine, r.precision, len(s.got), s.name, all[first].engine, len(s.want))
			}
			apart, cosine := distance(s.got, s.want)
			if r.precision == "fp32" && !(apart <= mostApart) || !(cosine >= leastCosine) {
				return fmt.Errorf("%s %s does not agree with %s fp32: %s differs by up to %.3g, cosine %.5f",
					r.engine, r.precision, all[first].engine, s.name, apart, cosine)
			}
		}
	}
	return nil
}

// distance returns the largest difference and the cosine.
func distance(a, b []float32) (apart, cosine float64) {
	var aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		apart = max(apart, math.Abs(x-y))
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	return apart, ab / math.Sqrt(aa*bb)
}
