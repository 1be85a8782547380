package cpu

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/hrmgo/hrm/internal/pool"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

const (
	groupRows    = 328     // rows of activations that a group has at most, if more than one lane
	minGroups    = 8       // that even a small batch is cut into
	maxShards    = 32      // more cores than that have nothing to do
	fewShards    = 8       // that even the largest model has
	shardNumbers = 1 << 29 // in all shards together, beyond fewShards
)

// Options of a device.
type Options struct {
	Threads int // workers; below 1: one for each CPU that Go may use
}

// Device trains on the processor's cores. See train.Device.
type Device struct {
	spec   train.Spec
	config runtime.Config
	layout *train.Layout
	name   string
	passes []runtime.Pass
	eps    float32

	sublayers []runtime.Sublayer
	turns     bool    // queries and keys turn by their positions
	classes   []uint8 // [P, P] relation classes, Config.Relations only

	state  train.State
	params train.Weights // views of state.Params
	levels [2][]layer    // by runtime.Level; TRM: the same network twice
	lmHead *linear
	layers []*layer  // all of them, each once
	linear []*linear // all of them, to prepare

	groupLanes, groups int
	shards             []*gradient
	grad               []float32 // [Layout.Size] sum of the shards: the first one
	puzzleGrad         []float32 // [lanes, PuzzleEmbDim]
	norms              []float64 // partial sums of squares
	optimizer          optimizer

	pool    *pool.Pool
	workers []*worker
}

// gradient is a shard's flat gradient with named views.
type gradient struct {
	flat []float32
	train.Weights
	levels [2][]layerGrad // by runtime.Level; TRM: the same network twice
}

// Open prepares a device. Its state is empty until Load. Without instructions
// for bfloat16, or with an odd width, Spec.BF16 has no effect.
func Open(spec train.Spec, o Options) (*Device, error) {
	kind, err := kernels.Implementation()
	if err != nil {
		return nil, fmt.Errorf("train/cpu: %w", err)
	}
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("train/cpu: %w", err)
	}
	if spec.BF16 = spec.BF16 && kernels.HasBF16() && canBF16(&spec.Config); spec.BF16 {
		kind += "-bf16"
	}
	c := &spec.Config
	d := &Device{
		spec: spec, config: *c, layout: train.NewLayout(c), name: "cpu/" + kind, passes: c.Passes(),
		eps: float32(c.NormEps), sublayers: c.Sublayers(), pool: pool.New(o.Threads),
	}
	d.turns = c.Turns()
	if c.Relations != "" {
		d.classes = c.RelationTable(c.Grid())
	}
	d.allocate()
	return d, nil
}

// allocate makes every buffer of the device. The number of lanes in a group
// and the number of shards must not depend on the number of threads.
func (d *Device) allocate() {
	c := &d.config
	train.NewEmptyState(&d.spec).CopyTo(&d.state)
	d.params = d.layout.Weights(d.state.Params)
	d.build()

	d.groupLanes = max(1, min(groupRows/c.P(), (d.spec.Lanes+minGroups-1)/minGroups))
	d.groups = (d.spec.Lanes + d.groupLanes - 1) / d.groupLanes
	for range min(d.groups, max(fewShards, min(maxShards, shardNumbers/d.layout.Size))) {
		d.shards = append(d.shards, d.newGradient())
	}
	d.grad = d.shards[0].flat
	d.puzzleGrad = make([]float32, d.spec.Lanes*c.PuzzleEmbDim)
	d.norms = make([]float64, (d.layout.Size+chunk-1)/chunk)
	d.optimizer = newOptimizer(&d.spec, d.layout)
	for range d.pool.Workers() {
		d.workers = append(d.workers, newWorker(d))
	}
}

// build makes the layers from the views of the parameters.
func (d *Device) build() {
	for _, level := range d.config.Networks() {
		weights := d.params.Levels[level]
		for i := range weights {
			d.levels[level] = append(d.levels[level], d.newLayer(&weights[i]))
		}
		for i := range d.levels[level] {
			d.layers = append(d.layers, &d.levels[level][i])
		}
	}
	d.levels[runtime.H] = d.levels[d.config.Network(runtime.H)]
	d.lmHead = newLinear(d.params.LMHead, len(d.params.LMHead)/d.config.Hidden, false)
	d.linear = append(d.linear, d.lmHead)
}

func (d *Device) newGradient() *gradient {
	g := &gradient{flat: make([]float32, d.layout.Size)}
	g.Weights = d.layout.Weights(g.flat)
	for _, level := range d.config.Networks() {
		for _, w := range g.Weights.Levels[level] {
			lg := layerGrad{Block: w}
			if d.classes != nil {
				lg.bias = make([]float32, d.config.Heads*len(d.classes))
			}
			g.levels[level] = append(g.levels[level], lg)
		}
	}
	g.levels[runtime.H] = g.levels[d.config.Network(runtime.H)]
	return g
}

// clear sets the gradient to zero.
func (g *gradient) clear() {
	clear(g.flat)
	for _, level := range g.levels {
		for i := range level {
			clear(level[i].bias)
		}
	}
}

// Name returns "cpu/" and the kernels in use.
func (d *Device) Name() string { return d.name }

// Close ends the workers.
func (d *Device) Close() error {
	d.pool.Close()
	return nil
}

// Load replaces the state.
func (d *Device) Load(s *train.State) error {
	if err := s.Check(&d.spec); err != nil {
		return err
	}
	if err := s.CheckExamples(&d.spec); err != nil {
		return err
	}
	s.CopyTo(&d.state) // keeps the slices, which have the right length
	return nil
}

// Save copies the state.
func (d *Device) Save(s *train.State) error {
	d.state.CopyTo(s)
	return nil
}

// Gradient copies the gradient of the last step.
func (d *Device) Gradient(dense, puzzle []float32) error {
	copy(dense, d.grad)
	copy(puzzle, d.puzzleGrad)
	return nil
}

// Step does one optimizer step.
func (d *Device) Step(ctx context.Context, in *train.StepIn, out *train.StepOut) error {
	if len(in.Segment) != d.spec.Lanes {
		return fmt.Errorf("%w: Segment of %d lanes, want %d", train.ErrState, len(in.Segment), d.spec.Lanes)
	}
	for i := range in.Refill {
		if err := d.refill(&in.Refill[i]); err != nil {
			return err
		}
	}
	out.Resize(d.spec.Lanes)
	clear(out.QTarget)
	d.prepare()
	if err := d.differentiate(ctx, in, out); err != nil {
		return err
	}
	d.reduce()
	out.GradNorm = d.norm()
	return d.update(in, out.GradNorm)
}

// refill puts a new puzzle with fresh zH and zL into a lane.
func (d *Device) refill(r *train.Refill) error {
	c, s := &d.config, &d.state
	if r.Lane < 0 || r.Lane >= d.spec.Lanes {
		return fmt.Errorf("%w: refill of lane %d of %d", train.ErrState, r.Lane, d.spec.Lanes)
	}
	if err := train.CheckExample(c, r.Input, r.Labels); err != nil {
		return err
	}
	s.SetExample(c, r.Lane, r.Input, r.Labels)
	m := runtime.Model{Config: *c, HInit: s.HInit, LInit: s.LInit}
	n := c.P() * c.Hidden
	m.Start(r.Input, s.ZH[r.Lane*n:(r.Lane+1)*n], s.ZL[r.Lane*n:(r.Lane+1)*n])
	return nil
}

// prepare makes the weights ready for this step's products.
func (d *Device) prepare() {
	d.pool.Run(len(d.linear), func(_, i int) { d.linear[i].prepare() })
	for _, l := range d.layers {
		l.spread(d.classes)
	}
}

// differentiate runs every shard: its groups in order.
func (d *Device) differentiate(ctx context.Context, in *train.StepIn, out *train.StepOut) error {
	var failed atomic.Pointer[error]
	d.pool.Run(len(d.shards), func(w, i int) {
		if err := d.runShard(ctx, d.workers[w], i, in, out); err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	})
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (d *Device) runShard(ctx context.Context, w *worker, shard int, in *train.StepIn, out *train.StepOut) error {
	g := d.shards[shard]
	g.clear()
	n := len(d.shards)
	for group := shard * d.groups / n; group < (shard+1)*d.groups/n; group++ {
		first := group * d.groupLanes
		lanes := min(d.groupLanes, d.spec.Lanes-first)
		if err := w.group(ctx, first, lanes, in, out, g); err != nil {
			return err
		}
	}
	d.gather(g)
	return nil
}

// gather folds the gradients of the spread biases into the flat gradient. TRM
// shares one network, which must be folded once.
func (d *Device) gather(g *gradient) {
	for _, level := range d.config.Networks() {
		for i := range g.levels[level] {
			g.levels[level][i].gather(d.classes)
		}
	}
}

// chunk is how many numbers of a flat buffer are one parallel task.
const chunk = 1 << 14

// reduce adds the shards in order into the first, and takes the sums of
// squares.
func (d *Device) reduce() {
	d.pool.Run(len(d.norms), func(_, i int) {
		lo, hi := i*chunk, min((i+1)*chunk, len(d.grad))
		sum := d.grad[lo:hi]
		for _, g := range d.shards[1:] {
			kernels.Add(sum, g.flat[lo:hi])
		}
		d.norms[i] = sumSquares(sum)
	})
}

func sumSquares(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

func (d *Device) norm() float64 {
	var sum float64
	for _, s := range d.norms {
		sum += s
	}
	return math.Sqrt(sum)
}
