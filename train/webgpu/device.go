// Package webgpu trains on a GPU through WebGPU: a train.Device whose
// weights, carry, activations, gradient and optimizer state stay on the GPU.
// A step is a few submits, so that the GPU works while the rest is recorded,
// and one read-back of eight numbers per lane.
package webgpu

import (
	"context"
	"fmt"
	"math"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// Device is a train.Device on a GPU. BF16 of the specification has no effect:
// all is float32.
type Device struct {
	gpu    *gpu.Device
	spec   train.Spec
	layout *train.Layout
	heads  gpu.Heads
	arena  gpu.Arena
	net    *gpu.Network
	grids  *gpu.Grids
	lanes  gpu.Lanes // all

	levels [2][]gpu.Layer // weights, by runtime.Level; TRM: the same network twice
	grads  [2][]gpu.Layer // places of their gradients

	buffers
	saved []*gpu.Saved // activations of the differentiated passes, nil for others

	elements []span           // of the flat buffers, updated number by number
	muon     []*gpu.MuonGroup // none without Muon

	host train.State // tokens, labels, puzzle ids, H_init, L_init
	out  []float32

	changed bool     // a lane has a new puzzle in this step
	fresh   []uint32 // those lanes, but for states with noise, which the host makes
}

// buffers are the named parts of device memory. R = lanes * P. A puzzle smaller than
// the configuration's grid has zeros in the rest of its lane's rows, forth and back.
type buffers struct {
	params, grad, m, v, ema *gpu.Buffer // flat, see train.Layout
	puzzle, puzzleGrad      *gpu.Buffer // [NumPuzzles, dim], [lanes, dim]
	z, next                 gpu.Carry   // and that of the segment after, HRM
	tokens, labels          *gpu.Buffer // i32 [lanes, prefix + S], -1 in the prefix; [lanes, S]
	roles, candidates       *gpu.Buffer // i32 [R] of candidates; [R] their logits, then the gradient
	ids, last, segments     *gpu.Buffer // u32 [lanes]
	freshLanes, inits       *gpu.Buffer // u32, of fresh; H_init and L_init [2, D]
	weight                  *gpu.Buffer // [lanes] 1 / (labelled * batch)
	logits, dLogits         *gpu.Buffer // [lanes, prefix + S, vocabulary]
	tok                     *gpu.Buffer // [lanes, S, 2]
	q, qNext, dq            *gpu.Buffer // [lanes, 2]
	dTok                    *gpu.Buffer // [lanes, P, 2], with runtime.SoftMin
	result                  *gpu.Buffer // [lanes, 8], then norm and clip
	parts                   *gpu.Buffer // sums on their way

	g, g2                 *gpu.Buffer // [R, D] the gradient on its way back; see swap
	dx, dWide, dCtx, drel *gpu.Buffer
	dUnits                *gpu.Buffer // candidates: of means
	split                 *gpu.Buffer
}

// Open prepares a training device on d, which stays the caller's to close. Its
// state is empty until Load.
func Open(d *gpu.Device, spec train.Spec) (*Device, error) {
	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("train/webgpu: %w", err)
	}
	if spec.Smooth != 0 {
		return nil, fmt.Errorf("train/webgpu: label smoothing: %w: train on the cpu, or without", train.ErrUnsupported)
	}
	c := &spec.Config
	if err := supported(c); err != nil {
		return nil, fmt.Errorf("train/webgpu: %w", err)
	}
	t := &Device{
		gpu: d, spec: spec, layout: train.NewLayout(c), arena: gpu.Arena{Device: d},
		heads: gpu.Heads{Lanes: spec.Lanes, P: c.Prefix() + c.SeqLen, D: c.Hidden, Tokens: c.SeqLen, Vocab: c.VocabSize},
		out:   make([]float32, 8*spec.Lanes+2),
	}
	t.grids = gpu.NewGrids(&t.arena, &t.spec.Config, spec.Lanes, c.SeqLen)
	t.net = gpu.NewNetwork(&t.arena, &t.spec.Config, spec.Lanes, c.P())
	t.lanes = t.grids.First(spec.Lanes)
	train.NewEmptyState(&t.spec).CopyTo(&t.host)
	if t.arena.Err == nil {
		t.allocateState()
		t.allocateBackward()
		t.elements, t.muon = t.byElement(), t.newMuon()
	}
	if t.arena.Err == nil {
		t.arena.Err = t.setGrids()
	}
	if err := t.arena.Err; err != nil {
		t.arena.Release()
		return nil, fmt.Errorf("train/webgpu: %w", err)
	}
	t.levels, t.grads = t.layers(t.params), t.layers(t.grad)
	if !d.Info().Software {
		if err := t.tune(); err != nil {
			t.arena.Release()
			return nil, fmt.Errorf("train/webgpu: %w", err)
		}
	}
	return t, nil
}

// tune chooses the tiles of a step's matrix products by measuring them, a few
// seconds before a run of hours.
func (t *Device) tune() error {
	return t.gpu.Tune(func() error {
		return t.record(context.Background(), &train.StepIn{Step: 1, Segment: make([]int32, t.spec.Lanes)})
	})
}

func (t *Device) allocateState() {
	c, a := &t.spec.Config, &t.arena
	lanes, rows := t.spec.Lanes, t.spec.Lanes*c.P()
	size, flat := rows*c.Hidden, t.layout.Size
	t.params, t.grad = a.Buffer("params", flat), a.Buffer("gradient", flat)
	t.m, t.v = a.Buffer("moment m", flat), a.Buffer("moment v", flat)
	if t.spec.Optim.EMA > 0 {
		t.ema = a.Buffer("moving average", flat)
	}
	if c.PuzzleEmbDim > 0 {
		t.puzzle = a.Buffer("puzzle table", c.NumPuzzles*c.PuzzleEmbDim)
		t.puzzleGrad = a.Buffer("puzzle gradient", lanes*c.PuzzleEmbDim)
	}
	t.z = gpu.NewCarry(a, c, lanes, c.P())
	if t.spec.Continues() {
		t.next = gpu.Carry{ZH: a.Buffer("next zH", size), ZL: a.Buffer("next zL", size), X: t.z.X}
	}
	tokens := lanes * t.heads.P
	t.tokens, t.labels = a.Buffer("tokens", tokens), a.Buffer("labels", lanes*c.SeqLen)
	if c.ByCandidate() {
		t.roles, t.candidates = a.Buffer("roles", rows), a.Buffer("logits of candidates", rows)
	}
	t.ids, t.last, t.weight = a.Buffer("puzzle ids", lanes), a.Buffer("last step", lanes), a.Buffer("loss weights", lanes)
	t.segments = a.Buffer("segments", lanes)
	t.freshLanes, t.inits = a.Buffer("fresh lanes", lanes), a.Buffer("initial states", 2*c.Hidden)
	t.logits, t.dLogits = a.Buffer("logits", tokens*c.VocabSize), a.Buffer("logits' gradient", tokens*c.VocabSize)
	t.tok = a.Buffer("token losses", 2*lanes*c.SeqLen)
	t.q, t.qNext, t.dq = a.Buffer("q", 2*lanes), a.Buffer("next q", 2*lanes), a.Buffer("q gradient", 2*lanes)
	if c.HaltPool == runtime.SoftMin {
		t.dTok = a.Buffer("q gradient of tokens", 2*rows)
	}
	t.result = a.Buffer("results", 8*lanes+2)
}

func (t *Device) allocateBackward() {
	c, a := &t.spec.Config, &t.arena
	rows := t.spec.Lanes * c.P()
	size := rows * c.Hidden
	t.parts = a.Buffer("partial sums", 256)
	t.g, t.g2, t.dx = a.Buffer("gradient", size), a.Buffer("gradient", size), a.Buffer("gradient of x", size)
	wide := rows * 2 * c.Inter()
	if c.Has(runtime.PositionSwiGLU) {
		wide = max(wide, t.spec.Lanes*2*c.InterT()*c.Hidden)
	}
	if c.Has(runtime.Attention) {
		wide = max(wide, rows*3*c.Hidden)
		t.dCtx = a.Buffer("gradient of attention", size)
	}
	if c.Has(runtime.CandidateMeans) {
		units := gpu.Candidates{D: c.Hidden}.Len(t.lanes)
		wide = max(wide, units)
		t.dUnits = a.Buffer("gradient of means", units)
	}
	t.dWide = a.Buffer("gradient of gate_up, qkv or products of means", wide)
	if c.Relations != "" {
		t.drel = a.Buffer("gradient of relations", t.net.Attention.RelationsLen(t.spec.Lanes))
	}
	t.split = a.Buffer("partial products", t.splitSize())
	for _, pass := range c.Passes() {
		var s *gpu.Saved
		if pass.Grad {
			s = t.net.NewSaved(a, c.Layers(pass.Level))
		}
		t.saved = append(t.saved, s)
	}
}

// splitSize is room for the parts of the largest weight's gradient, 256 rows
// and more each, at most 32 MiB.
func (t *Device) splitSize() int {
	largest := 0
	for i := range t.layout.Tensors {
		largest = max(largest, t.layout.Tensors[i].Len())
	}
	rows := t.spec.Lanes * t.spec.Config.P()
	return max(largest, min(largest*(1+rows/256), 8<<20))
}

// view is a tensor of a flat buffer.
func (t *Device) view(b *gpu.Buffer, name string) (gpu.View, bool) {
	for i := range t.layout.Tensors {
		if s := &t.layout.Tensors[i]; s.Name == name {
			return b.View(s.Offset, s.Len()), true
		}
	}
	return gpu.View{}, false
}

// layers are the levels' weights in a flat buffer.
func (t *Device) layers(b *gpu.Buffer) (levels [2][]gpu.Layer) {
	c := &t.spec.Config
	params := c.Block()
	for _, level := range c.Networks() {
		levels[level] = make([]gpu.Layer, c.Layers(level))
		for i := range levels[level] {
			to := levels[level][i].All()
			for j, p := range params.All() {
				if v, ok := t.view(b, runtime.LayerName(level, i)+p.Name); ok && p.There() {
					*to[j] = gpu.Operand{View: v, Stride: p.Cols}
				}
			}
		}
	}
	levels[runtime.H] = levels[c.Network(runtime.H)]
	return levels
}

// Name returns "webgpu/" and the adapter's name.
func (t *Device) Name() string { return t.gpu.Name() }

// Close frees all of its buffers, not the device that Open was given.
func (t *Device) Close() error {
	t.arena.Release()
	return nil
}

// embedScale multiplies the input embedding.
func (t *Device) embedScale() float64 {
	scale := math.Sqrt(float64(t.spec.Config.Hidden))
	if t.spec.Config.Positions == runtime.Learned {
		scale *= runtime.LearnedScale
	}
	return scale
}
