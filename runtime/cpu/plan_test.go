package cpu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// String names a step as plan's comment does, its tasks, and the buffer of the state
// where that is the second.
func (s step) String() string {
	name := [...]string{"", "heads", "project", "attend", "positions", "candidates", "colours", "glu", "down", "read"}[s.kind]
	if s.kind == stepRows {
		var parts []string
		for i, part := range []string{"enter", "convolve", "mix", "round", "swiglu", "leave"} {
			if s.rows&(1<<i) != 0 {
				parts = append(parts, part)
			}
		}
		name = strings.Join(parts, "+")
	}
	return fmt.Sprintf("%s %d", name, s.tasks) + strings.Repeat("'", s.z)
}

func TestPlan(t *testing.T) {
	attention := []runtime.Sublayer{runtime.Attention, runtime.SwiGLU}
	conv := []runtime.Sublayer{runtime.Convolution, runtime.SwiGLU}
	// A small sudoku model on two workers.
	base := measures{
		sublayers: attention, layers: 2, lanes: 1, positions: 82, workers: 2, hidden: 128, inter: 512,
		maxChunk: 96, rowUnit: 2, bandRows: 164, headTasks: 4, queryParts: 1, splits: true,
	}
	with := func(change func(m *measures)) measures {
		m := base
		change(&m)
		return m
	}
	for _, c := range []struct {
		name string
		m    measures
		want string
	}{
		{"weights shared by all workers", with(func(m *measures) { m.layers = 1 }),
			"enter 2, heads 4, mix 2, glu 4, down 2, leave 2"},
		{"weights in every core's cache", with(func(m *measures) { m.joined = true }),
			"enter 2, heads 4, mix+swiglu 2, heads 4, mix+swiglu+leave 2"},
		{"a worker with its own group", with(func(m *measures) { m.workers, m.lanes, m.layers = 1, 2, 1 }),
			"enter 2, heads 4, mix 2, glu 4, down 2, leave 2"},
		{"more workers than heads", with(func(m *measures) { m.workers, m.lanes, m.layers = 8, 2, 1 }),
			"enter 8, heads 8, mix 8, glu 4, down 8, leave 8"},
		{"more workers than heads of a large puzzle",
			with(func(m *measures) { m.workers, m.positions, m.queryParts, m.layers = 8, 901, 10, 1 }),
			"enter 48, project 192, attend 40, mix 48" + strings.Repeat(", glu 4, down 8", 6) + ", leave 48"},
		{"candidates", with(func(m *measures) {
			m.sublayers, m.lanes = []runtime.Sublayer{runtime.CandidateMeans, runtime.SwiGLU}, 2
		}),
			"enter 2, candidates 2, glu 4, down 2, candidates 2, glu 4, down 2, leave 2"},
		{"convolution alone", with(func(m *measures) { m.sublayers, m.joined = conv, true }),
			"enter 2, convolve+swiglu 2', convolve+swiglu+leave 2"},
		{"convolution in steps", with(func(m *measures) { m.sublayers = conv }),
			"enter 2, convolve 2', glu 4', down 2', convolve 2, glu 4, down 2, leave 2"},
		{"convolution before attention", with(func(m *measures) {
			m.sublayers, m.joined, m.layers = append([]runtime.Sublayer{runtime.Convolution}, attention...), true, 1
		}), "enter 2, convolve 2', heads 4', mix+swiglu+leave 2'"},
		{"SwiGLU over positions", with(func(m *measures) {
			m.sublayers, m.layers = []runtime.Sublayer{runtime.PositionSwiGLU, runtime.SwiGLU}, 1
		}), "enter 2, positions 2, round 2, glu 4, down 2, leave 2"},
		{"no mixing, width that 128 does not divide", with(func(m *measures) {
			m.sublayers, m.layers, m.inter = []runtime.Sublayer{runtime.SwiGLU}, 1, 160
		}), "enter 2, glu 2, down 2, leave 2"},
		{"no mixing, joined", with(func(m *measures) { m.sublayers, m.joined = []runtime.Sublayer{runtime.SwiGLU}, true }),
			"enter+swiglu 2, swiglu+leave 2"},
	} {
		var p plan
		p.cut(&c.m)
		p.cut(&c.m) // in the memory that it has
		var got []string
		for _, s := range p.steps {
			got = append(got, s.String())
		}
		if list := strings.Join(got, ", "); list != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, list, c.want)
		}
	}
}
