package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hrmgo/hrm/runtime"
)

// ErrStop is what a Step hook returns to end a run in good order: a checkpoint
// is written and Run returns ErrStop.
var ErrStop = errors.New("training stopped on request")

// Source is an endless stream of examples, each a pure function of n (and of
// the source's own seed): a run is resumed by its counter alone. Shuffling and
// augmentation are the source's.
type Source interface {
	// Example fills in.Tokens [S], in.PuzzleID and labels [S] of the n'th
	// example, n from 0. Both slices have the right length already. An example of
	// another grid sets in.Rows and in.Cols and cuts in.Tokens to as many tokens;
	// labels are then filled in front.
	Example(n int64, in *runtime.Input, labels []int32) error
}

// Config is one training run.
type Config struct {
	Spec            Spec
	Seed            uint64 // of the initial weights and of the exploration
	Steps           int64  // the run ends after this step
	LR, PuzzleLR    float64
	Schedule        Schedule
	ExploreProb     float64 // halt_exploration_prob
	GiveUp          float64 // loss after giveUpAfter segments or more above which a lane gets a new puzzle; 0: never
	EvaluateEvery   int64   // steps between calls of Hooks.Evaluate; 0: only after the last
	CheckpointEvery int64   // steps between calls of Hooks.Checkpoint; 0: only after the last

	// Explore returns the fewest segments that a lane has to take at a step;
	// nil draws them: with probability ExploreProb one of 2 to halt_max_steps.
	Explore func(step int64, lane int) int32
}

// Validate reports the first field that no run can have.
func (c *Config) Validate() error {
	if err := c.Spec.Validate(); err != nil {
		return err
	}
	switch {
	case c.Steps < 0 || c.EvaluateEvery < 0 || c.CheckpointEvery < 0:
		return fmt.Errorf("%w: negative number of steps", ErrSpec)
	case !(c.LR >= 0 && c.LR <= 1):
		return fmt.Errorf("%w: lr is %v, want 0 to 1", ErrSpec, c.LR)
	case !(c.PuzzleLR >= 0 && c.PuzzleLR <= 1):
		return fmt.Errorf("%w: puzzle_emb_lr is %v, want 0 to 1", ErrSpec, c.PuzzleLR)
	case !(c.ExploreProb >= 0 && c.ExploreProb <= 1):
		return fmt.Errorf("%w: halt_exploration_prob is %v, want 0 to 1", ErrSpec, c.ExploreProb)
	case !(c.GiveUp >= 0):
		return fmt.Errorf("%w: give_up_loss is %v, want 0 or more", ErrSpec, c.GiveUp)
	}
	return c.Schedule.validate()
}

// Checkpoint is a run between two steps.
type Checkpoint struct {
	Step     int64   // steps done
	Next     int64   // number of the next example of the source
	Segments []int32 // [lanes] segments that the lane's puzzle has had
	Halted   []bool  // [lanes] the lane wants a new puzzle
	State    State
	Meta     map[string]string // kept as it is: how the run was configured
}

// NewCheckpoint returns the start of a run: fresh weights, every lane empty.
func NewCheckpoint(c *Config) *Checkpoint {
	cp := &Checkpoint{
		Segments: make([]int32, c.Spec.Lanes),
		Halted:   make([]bool, c.Spec.Lanes),
		State:    *NewState(&c.Spec, c.Seed),
	}
	for i := range cp.Halted {
		cp.Halted[i] = true
	}
	return cp
}

// Hooks are called between two steps; each may be nil. An error ends the run.
type Hooks struct {
	// Step is called after every step with metrics that are reused. It may
	// return ErrStop.
	Step func(*Metrics) error
	// Evaluate gets a copy of the model as it would be exported: the moving
	// average where there is one. It may return ErrStop, and is to be called
	// again for this step when the run goes on: see Config.EvaluationDue.
	Evaluate func(ctx context.Context, step int64, m *runtime.Model) error
	// Checkpoint gets a checkpoint whose slices are reused after it returns.
	Checkpoint func(*Checkpoint) error
}

// Run trains from a checkpoint until c.Steps steps are done. It returns
// ErrStop when a hook asked for it, an error wrapping ErrDiverged when a loss
// is no longer finite (no checkpoint is written then: the last one is good if a
// step from it was finite), and ctx.Err() when ctx ended, which abandons the step that is under way.
func Run(ctx context.Context, c *Config, d Device, src Source, from *Checkpoint, h Hooks) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := from.check(&c.Spec); err != nil {
		return err
	}
	if err := d.Load(&from.State); err != nil {
		return err
	}
	r := newRun(c, d, src, from, h)
	for r.at.Step < c.Steps {
		if err := r.step(ctx); err != nil {
			return err
		}
		if err := r.afterStep(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (cp *Checkpoint) check(s *Spec) error {
	if len(cp.Segments) != s.Lanes || len(cp.Halted) != s.Lanes {
		return fmt.Errorf("%w: checkpoint of %d lanes, want %d", ErrState, len(cp.Segments), s.Lanes)
	}
	return cp.State.Check(s)
}

// run is a run under way.
type run struct {
	c     *Config
	d     Device
	src   Source
	hooks Hooks

	at      Checkpoint // without the device's state until it is saved
	in      StepIn
	out     StepOut
	refills []Refill // storage, one per lane
	metrics Metrics
	flops   []float64 // of every lane
}

func newRun(c *Config, d Device, src Source, from *Checkpoint, h Hooks) *run {
	lanes, s := c.Spec.Lanes, c.Spec.Config.SeqLen
	r := &run{c: c, d: d, src: src, hooks: h, flops: make([]float64, lanes)}
	r.at = Checkpoint{Step: from.Step, Next: from.Next, Meta: from.Meta}
	r.at.Segments = append(r.at.Segments, from.Segments...)
	r.at.Halted = append(r.at.Halted, from.Halted...)
	r.in.Segment = make([]int32, lanes)
	for i := range lanes {
		r.flops[i] = c.Spec.LaneFLOPs(from.State.Shape(&c.Spec.Config, i))
		r.refills = append(r.refills, Refill{Lane: i, Input: runtime.Input{Tokens: make([]int32, s)}, Labels: make([]int32, s)})
	}
	return r
}

// step does the next step: refill, device, halting.
func (r *run) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.prepare(); err != nil {
		return err
	}
	start := time.Now()
	if err := r.d.Step(ctx, &r.in, &r.out); err != nil {
		return fmt.Errorf("step %d on %s: %w", r.in.Step, r.d.Name(), err)
	}
	r.at.Step = r.in.Step
	r.measure(time.Since(start))
	if !r.metrics.finite() {
		return fmt.Errorf("%w at step %d: loss %v, gradient norm %v", ErrDiverged, r.at.Step, r.metrics.Loss, r.metrics.GradNorm)
	}
	r.halt()
	return nil
}

// prepare fills r.in.
func (r *run) prepare() error {
	r.in.Step = r.at.Step + 1
	factor := r.c.Schedule.Factor(r.in.Step)
	r.in.LR, r.in.PuzzleLR = factor*r.c.LR, factor*r.c.PuzzleLR
	r.in.Refill = r.in.Refill[:0]
	for lane, halted := range r.at.Halted {
		if halted {
			if err := r.refill(lane); err != nil {
				return err
			}
		}
		r.at.Segments[lane]++
		r.in.Segment[lane] = r.at.Segments[lane]
	}
	return nil
}

func (r *run) refill(lane int) error {
	f := &r.refills[lane]
	n := r.c.Spec.Config.SeqLen
	f.Input, f.Labels = runtime.Input{Tokens: f.Input.Tokens[:n]}, f.Labels[:n]
	if err := r.src.Example(r.at.Next, &f.Input, f.Labels); err != nil {
		return fmt.Errorf("example %d: %w", r.at.Next, err)
	}
	f.Labels = f.Labels[:min(n, len(f.Input.Tokens))]
	if err := CheckExample(&r.c.Spec.Config, f.Input, f.Labels); err != nil {
		return fmt.Errorf("example %d: %w", r.at.Next, err)
	}
	r.flops[lane] = r.c.Spec.LaneFLOPs(r.c.Spec.Config.Shape(f.Input))
	r.at.Next++
	r.at.Segments[lane] = 0
	r.in.Refill = append(r.in.Refill, *f)
	return nil
}

// CheckExample reports why a model cannot be trained on an example, wrapping
// runtime.ErrInput.
func CheckExample(c *runtime.Config, in runtime.Input, labels []int32) error {
	if err := c.Check(in); err != nil {
		return err
	}
	switch n := len(in.Tokens); {
	case n > c.SeqLen:
		return fmt.Errorf("%w: %d tokens, want at most %d", runtime.ErrInput, n, c.SeqLen)
	case len(labels) != n:
		return fmt.Errorf("%w: %d labels, want %d", runtime.ErrInput, len(labels), n)
	case c.Relations != "" && c.Shape(in) != c.Grid():
		return fmt.Errorf("%w: a grid of %v: a model with relations is trained on %v alone", runtime.ErrInput, c.Shape(in), c.Grid())
	}
	for i, l := range labels {
		if c.ByCandidate() && l > 0 && !c.CanSay(c.Shape(in), l) { // 0: an empty lane
			return fmt.Errorf("%w: label %d is %d, which no candidate stands for in a grid of %v", runtime.ErrInput, i, l, c.Shape(in))
		}
		if l != IgnoreLabel && (l < 0 || int(Final(l)) >= c.VocabSize) {
			return fmt.Errorf("%w: label %d is %d, want 0 to %d or %d", runtime.ErrInput, i, l, c.VocabSize-1, IgnoreLabel)
		}
	}
	return nil
}

// halt decides which lanes halted in this step.
func (r *run) halt() {
	c := &r.c.Spec.Config
	fewest := r.explore()
	for lane := range r.at.Halted {
		least := fewest(lane) // drawn for every lane, so that one does not shift the next
		wants := c.Halts(r.out.QHalt[lane], r.out.QContinue[lane])
		r.at.Halted[lane] = r.in.Last(c, lane) || wants && r.at.Segments[lane] >= least || r.givesUp(lane)
		if r.at.Halted[lane] {
			r.metrics.addHalted(&r.out, lane, r.at.Segments[lane])
		}
	}
	r.metrics.mean()
}

// giveUpAfter is how many segments a puzzle has at least before it is given up: the
// first say little yet.
const giveUpAfter = 3

// givesUp tells whether a lane's puzzle is lost: where an answer spreads from position
// to position, all that follows a mistake is wrong, and teaches nothing.
func (r *run) givesUp(lane int) bool {
	return r.c.GiveUp > 0 && r.at.Segments[lane] >= giveUpAfter && float64(r.out.LM[lane]) > r.c.GiveUp
}

// explore returns the fewest segments of each lane, asked in lane order.
func (r *run) explore() func(lane int) int32 {
	if r.c.Explore != nil {
		return func(lane int) int32 { return r.c.Explore(r.at.Step, lane) }
	}
	most := r.c.Spec.Config.HaltMaxSteps
	rng := rand.New(rand.NewPCG(r.c.Seed, uint64(r.at.Step)))
	return func(int) int32 {
		u := rng.Float64()
		if most < 2 || u >= r.c.ExploreProb {
			return 0
		}
		return int32(2 + rng.IntN(most-1))
	}
}

func (r *run) measure(elapsed time.Duration) {
	r.metrics = Metrics{
		Step: r.in.Step, LR: r.in.LR, PuzzleLR: r.in.PuzzleLR, GradNorm: r.out.GradNorm,
		Samples: r.c.Spec.Lanes, Elapsed: elapsed,
	}
	for _, f := range r.flops {
		r.metrics.FLOPs += f
	}
	r.metrics.addLosses(&r.out, r.c.Spec.BatchSize(), r.c.Spec.Continues())
}

// EvaluationDue tells whether Hooks.Evaluate is called after a step.
func (c *Config) EvaluationDue(step int64) bool { return due(step, c.EvaluateEvery, c.Steps) }

// afterStep calls the hooks that are due. A checkpoint comes before every
// evaluation, which takes long and may fail.
func (r *run) afterStep(ctx context.Context) error {
	var stop error
	if r.hooks.Step != nil {
		if stop = r.hooks.Step(&r.metrics); stop != nil && !errors.Is(stop, ErrStop) {
			return stop
		}
	}
	evaluate := stop == nil && r.hooks.Evaluate != nil && r.c.EvaluationDue(r.at.Step)
	if stop != nil || evaluate || due(r.at.Step, r.c.CheckpointEvery, r.c.Steps) {
		if err := r.checkpoint(); err != nil {
			return err
		}
	}
	if evaluate {
		return r.evaluate(ctx)
	}
	return stop
}

func due(step, every, last int64) bool {
	return step == last || every > 0 && step%every == 0
}

func (r *run) checkpoint() error {
	if r.hooks.Checkpoint == nil {
		return nil
	}
	if err := r.d.Save(&r.at.State); err != nil {
		return err
	}
	return r.hooks.Checkpoint(&r.at)
}

func (r *run) evaluate(ctx context.Context) error {
	if err := r.d.Save(&r.at.State); err != nil {
		return err
	}
	return r.hooks.Evaluate(ctx, r.at.Step, r.at.State.Model(&r.c.Spec, true))
}
