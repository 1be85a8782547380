package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// tinyConfig is a run of three lanes of a model that is never computed.
func tinyConfig() *Config {
	return &Config{
		Spec: Spec{
			Config: runtime.Config{
				Family: runtime.TRM, VocabSize: 5, SeqLen: 4, NumPuzzles: 1, PuzzleEmbDim: 8, Hidden: 8, Heads: 2,
				Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 3,
				NormEps: 1e-5, RopeTheta: 1e4,
			},
			Lanes: 3, Loss: Softmax, Optim: Optim{Algorithm: AdamAtan2, Beta1: 0.9, Beta2: 0.95, EMA: 0.9},
		},
		Steps: 7, LR: 1e-3, Schedule: Schedule{Warmup: 2, Total: 20, MinRatio: 0.1},
	}
}

// scripted is a device that answers with given q_halt values.
type scripted struct {
	qHalt func(step int64, lane int) float32
	lm    float32
	state State
	seen  []StepIn
}

func (d *scripted) Name() string                  { return "scripted" }
func (d *scripted) Load(s *State) error           { s.CopyTo(&d.state); return nil }
func (d *scripted) Save(s *State) error           { d.state.CopyTo(s); return nil }
func (d *scripted) Gradient(_, _ []float32) error { return nil }
func (d *scripted) Close() error                  { return nil }

func (d *scripted) Step(_ context.Context, in *StepIn, out *StepOut) error {
	copied := *in
	copied.Refill = slices.Clone(in.Refill)
	copied.Segment = slices.Clone(in.Segment)
	d.seen = append(d.seen, copied)
	out.Resize(len(in.Segment))
	for lane := range in.Segment {
		out.QHalt[lane] = d.qHalt(in.Step, lane)
		out.LM[lane], out.Labelled[lane], out.Correct[lane] = d.lm, 4, int32(lane)+2
	}
	return nil
}

// A puzzle whose loss stays large is replaced after three segments.
func TestRunGivesUp(t *testing.T) {
	c := tinyConfig()
	c.Spec.Config.HaltMaxSteps = 5
	for giveUp, want := range map[float64]int64{0: 5, 0.5: 3, 0.9: 5} {
		c.GiveUp = giveUp
		d := &scripted{qHalt: never, lm: 0.7}
		if err := Run(t.Context(), c, d, counting{}, NewCheckpoint(c), Hooks{}); err != nil {
			t.Fatal(err)
		}
		if next := d.seen[want]; len(next.Refill) != c.Spec.Lanes || len(d.seen[want-1].Refill) > 0 {
			t.Errorf("give_up_loss %v: step %d refills %d lanes, the one before %d", giveUp, want+1, len(next.Refill), len(d.seen[want-1].Refill))
		}
	}
}

// counting is a source that numbers its examples by puzzle id.
type counting struct{}

func (counting) Example(n int64, in *runtime.Input, labels []int32) error {
	in.Tokens[0], labels[0] = int32(n%5), int32(n%5)
	return nil
}

func never(int64, int) float32 { return -1 }

func TestScheduleMatchesReference(t *testing.T) {
	s := Schedule{Warmup: 2, Total: 20, MinRatio: 0.1}
	for step, want := range map[int64]float64{1: 0.5, 2: 1, 3: 0.9931634888554936, 20: 0.1, 21: 0.1} {
		if got := s.Factor(step); math.Abs(got-want) > 1e-12 {
			t.Errorf("Factor(%d) = %v, want %v", step, got, want)
		}
	}
	if got := (Schedule{Warmup: 10, Total: 20, MinRatio: 1}).Factor(15); got != 1 {
		t.Errorf("constant rate is %v, want 1", got)
	}
}

// The rate of warm-up, stable, decay: constant until the last fifth or a given step, then
// a line.
func TestScheduleWSD(t *testing.T) {
	for _, c := range []struct {
		s      Schedule
		step   int64
		want   float64
		decays bool
	}{
		{Schedule{Warmup: 4, Total: 100, Stable: true}, 2, 0.5, false},
		{Schedule{Warmup: 4, Total: 100, Stable: true}, 80, 1, false},
		{Schedule{Warmup: 4, Total: 100, Stable: true}, 85, 0.75, true},
		{Schedule{Warmup: 4, Total: 100, Stable: true}, 100, 0, true},
		{Schedule{Warmup: 4, Total: 100, Stable: true, MinRatio: 0.2}, 90, 0.6, true},
		{Schedule{Warmup: 4, Total: 100, Stable: true, DecayFrom: 50}, 50, 1, false},
		{Schedule{Warmup: 4, Total: 100, Stable: true, DecayFrom: 50}, 75, 0.5, true},
		{Schedule{Warmup: 4, Total: 100, MinRatio: 1}, 99, 1, false},
	} {
		if got, decays := c.s.Factor(c.step), c.s.Decays(c.step); math.Abs(got-c.want) > 1e-12 || decays != c.decays {
			t.Errorf("%+v: Factor(%d) = %v, Decays %v, want %v, %v", c.s, c.step, got, decays, c.want, c.decays)
		}
	}
}

func TestRunRefillsHaltedLanes(t *testing.T) {
	c := tinyConfig()
	d := &scripted{qHalt: func(step int64, lane int) float32 {
		if step == 2 && lane == 1 {
			return 1
		}
		return -1
	}}
	var finished []int
	var last Checkpoint
	h := Hooks{
		Step:       func(m *Metrics) error { finished = append(finished, m.Count); return nil },
		Checkpoint: func(cp *Checkpoint) error { last = *cp; return nil },
	}
	if err := Run(t.Context(), c, d, counting{}, NewCheckpoint(c), h); err != nil {
		t.Fatal(err)
	}
	var refills [][]int
	for _, in := range d.seen {
		var lanes []int
		for _, r := range in.Refill {
			lanes = append(lanes, r.Lane)
		}
		refills = append(refills, lanes)
	}
	want := [][]int{{0, 1, 2}, nil, {1}, {0, 2}, nil, {1}, {0, 2}}
	if !slices.EqualFunc(refills, want, slices.Equal[[]int]) {
		t.Errorf("refilled %v, want %v", refills, want)
	}
	if want := []int{0, 1, 2, 0, 1, 2, 0}; !slices.Equal(finished, want) {
		t.Errorf("finished %v, want %v", finished, want)
	}
	if last.Step != 7 || last.Next != 9 || !slices.Equal(last.Segments, []int32{1, 2, 1}) {
		t.Errorf("checkpoint at step %d, next %d, segments %v", last.Step, last.Next, last.Segments)
	}
}

func TestRunExplores(t *testing.T) {
	c := tinyConfig()
	c.Explore = func(step int64, lane int) int32 { return int32(lane + 1) }
	d := &scripted{qHalt: func(int64, int) float32 { return 1 }}
	var segments []float64
	h := Hooks{Step: func(m *Metrics) error { segments = append(segments, m.Segments); return nil }}
	c.Steps = 3
	if err := Run(t.Context(), c, d, counting{}, NewCheckpoint(c), h); err != nil {
		t.Fatal(err)
	}
	// Lane 0 halts at once, lane 1 after two segments, lane 2 after three.
	if want := []float64{1, 1.5, 2}; !slices.Equal(segments, want) {
		t.Errorf("mean segments %v, want %v", segments, want)
	}
}

func TestExplorationIsAFunctionOfTheStep(t *testing.T) {
	c := tinyConfig()
	c.ExploreProb, c.Spec.Config.HaltMaxSteps = 0.5, 16
	draw := func(step int64) (out []int32) {
		r := &run{c: c}
		r.at.Step = step
		fewest := r.explore()
		for lane := range 2000 {
			out = append(out, fewest(lane))
		}
		return out
	}
	a, b, other := draw(4), draw(4), draw(5)
	if !slices.Equal(a, b) || slices.Equal(a, other) {
		t.Error("draws must depend on the step alone")
	}
	free := 0
	for _, v := range a {
		if v == 0 {
			free++
		} else if v < 2 || v > 16 {
			t.Fatalf("drew %d, want 2 to 16", v)
		}
	}
	if free < 900 || free > 1100 {
		t.Errorf("%d of 2000 lanes unbound, want about half", free)
	}
}

func TestRunStopsOnNaN(t *testing.T) {
	c := tinyConfig()
	d := &scripted{qHalt: never, lm: float32(math.NaN())}
	saved := false
	h := Hooks{Checkpoint: func(*Checkpoint) error { saved = true; return nil }}
	err := Run(t.Context(), c, d, counting{}, NewCheckpoint(c), h)
	if !errors.Is(err, ErrDiverged) || saved {
		t.Errorf("err = %v, saved = %v; want ErrDiverged and no checkpoint", err, saved)
	}
}

func TestRunStopsInGoodOrder(t *testing.T) {
	c := tinyConfig()
	var at int64
	h := Hooks{
		Step: func(m *Metrics) error {
			if m.Step == 3 {
				return ErrStop
			}
			return nil
		},
		Checkpoint: func(cp *Checkpoint) error { at = cp.Step; return nil },
		Evaluate:   func(context.Context, int64, *runtime.Model) error { t.Error("evaluated"); return nil },
	}
	if err := Run(t.Context(), c, &scripted{qHalt: never}, counting{}, NewCheckpoint(c), h); !errors.Is(err, ErrStop) {
		t.Errorf("err = %v, want ErrStop", err)
	}
	if at != 3 {
		t.Errorf("checkpoint at step %d, want 3", at)
	}
}

func TestRunHonoursContext(t *testing.T) {
	c := tinyConfig()
	ctx, cancel := context.WithCancel(t.Context())
	h := Hooks{Step: func(*Metrics) error { cancel(); return nil }}
	if err := Run(ctx, c, &scripted{qHalt: never}, counting{}, NewCheckpoint(c), h); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestRunRefusesBadInput(t *testing.T) {
	c := tinyConfig()
	bad := []func(c *Config, cp *Checkpoint){
		func(c *Config, cp *Checkpoint) { c.Spec.Lanes = 0 },
		func(c *Config, cp *Checkpoint) { c.Spec.Loss = "l2" },
		func(c *Config, cp *Checkpoint) { c.Spec.Optim.Algorithm = "sgd" },
		func(c *Config, cp *Checkpoint) { c.Spec.Optim.Beta1 = 1 },
		func(c *Config, cp *Checkpoint) { c.Spec.Optim.EMA = math.NaN() },
		func(c *Config, cp *Checkpoint) { c.LR = -1 },
		func(c *Config, cp *Checkpoint) { c.ExploreProb = 2 },
		func(c *Config, cp *Checkpoint) { c.Schedule.MinRatio = 1.5 },
		func(c *Config, cp *Checkpoint) { c.Spec.Config.Hidden = 7 },
		func(c *Config, cp *Checkpoint) { cp.Segments = nil },
		func(c *Config, cp *Checkpoint) { cp.State.V = nil },
		func(c *Config, cp *Checkpoint) { c.Spec.Lanes = math.MaxInt32 },
		func(c *Config, cp *Checkpoint) { c.Spec.Config.NumPuzzles = 1 << 30 },
		func(c *Config, cp *Checkpoint) { c.Spec.Config.SeqLen = 1 << 16 },
		func(c *Config, cp *Checkpoint) { c.Spec.Config.LLayers, c.Spec.Config.Hidden = 1<<10, 1<<12 },
	}
	for i, spoil := range bad {
		c2 := *c
		cp := NewCheckpoint(c)
		spoil(&c2, cp)
		err := Run(t.Context(), &c2, &scripted{qHalt: never}, counting{}, cp, Hooks{})
		if !errors.Is(err, ErrSpec) && !errors.Is(err, ErrState) && !errors.Is(err, runtime.ErrConfig) {
			t.Errorf("case %d: err = %v", i, err)
		}
	}
}

func TestCheckExample(t *testing.T) {
	c := &tinyConfig().Spec.Config
	ok := runtime.Input{Tokens: []int32{0, 1, 2, 3}}
	if err := CheckExample(c, ok, []int32{IgnoreLabel, 0, 4, 1}); err != nil {
		t.Error(err)
	}
	for _, labels := range [][]int32{{1}, {0, 0, 0, 5}, {-1, 0, 0, 0}} {
		if err := CheckExample(c, ok, labels); !errors.Is(err, runtime.ErrInput) {
			t.Errorf("labels %v: err = %v, want ErrInput", labels, err)
		}
	}
}

func TestInitialWeights(t *testing.T) {
	c := tinyConfig()
	c.Spec.Config.Hidden, c.Spec.Config.PuzzleEmbDim = 64, 64
	s := NewState(&c.Spec, 1)
	w := NewLayout(&c.Spec.Config).Weights(s.Params)
	var sum, sq, most float64
	for _, x := range w.Levels[runtime.L][0].GateUp {
		sum, sq, most = sum+float64(x), sq+float64(x*x), max(most, math.Abs(float64(x)))
	}
	n := float64(len(w.Levels[runtime.L][0].GateUp))
	if std := math.Sqrt(sq / n); math.Abs(std*8-1) > 0.02 || math.Abs(sum/n) > 0.002 {
		t.Errorf("mean %v, std %v, want 0 and 1/8", sum/n, std)
	}
	if cut := 2 / 0.8796256610342398 / 8; most > cut {
		t.Errorf("largest weight %v beyond the cut %v", most, cut)
	}
	if w.QBias[0] != -5 || w.QBias[1] != -5 || w.QHead[3] != 0 || s.Puzzle[5] != 0 {
		t.Error("halting head and puzzle table do not start at their constants")
	}
	if !slices.Equal(s.EMA, s.Params) || slices.Equal(s.Params, NewState(&c.Spec, 2).Params) {
		t.Error("the average must start at the weights, and the weights depend on the seed")
	}
}

func TestModelRoundTrip(t *testing.T) {
	for _, family := range []runtime.Family{runtime.HRM, runtime.TRM} {
		c := tinyConfig()
		c.Spec.Config.Family, c.Spec.Config.HLayers = family, 2
		c.Spec.Config.Positions = runtime.Learned
		a, b := NewState(&c.Spec, 1), NewState(&c.Spec, 2)
		if err := b.SetModel(&c.Spec, a.Model(&c.Spec, false)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Params, b.Params) || !slices.Equal(a.HInit, b.HInit) || !slices.Equal(b.EMA, b.Params) {
			t.Errorf("%s: weights changed on the way through a model", family)
		}
		m := a.Model(&c.Spec, false)
		m.LLevel[0].Down.Cols, m.LLevel[0].Down.F32 = 1, nil
		if err := b.SetModel(&c.Spec, m); !errors.Is(err, ErrState) {
			t.Errorf("err = %v, want ErrState", err)
		}
	}
}

func TestLayoutIsAlignedAndComplete(t *testing.T) {
	c := tinyConfig().Spec.Config
	l := NewLayout(&c)
	end := 0
	for _, tensor := range l.Tensors {
		if tensor.Offset < end || tensor.Offset%layoutAlign != 0 {
			t.Errorf("%s at %d overlaps or is not aligned", tensor.Name, tensor.Offset)
		}
		end = tensor.Offset + tensor.Len()
	}
	if end > l.Size || l.View(make([]float32, l.Size), "no.such") != nil {
		t.Error("layout too short, or a view of nothing")
	}
}
