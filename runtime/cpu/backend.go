// Package cpu is the reference backend: it runs segments on the processor's
// cores, over package kernels.
//
// A block of the network is one parallel loop over chunks: some rows of one
// lane. Attention needs the keys and values of all its rows, which the loop
// before left behind; the rest of a block, and the keys and values of the next
// one, come from the chunk's own rows. The bits of a row depend neither on the
// chunk that it lies in nor on the worker that takes it, so the number of
// threads and the other lanes of a batch change nothing in a result.
package cpu

import (
	"fmt"

	"github.com/hrmgo/hrm/internal/pool"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// Options of a backend.
type Options struct {
	Threads int // workers; below 1: one for each CPU that Go may use

	// Trace, when set, is given the numbers of every layer, row-major, under
	// the names of the reference ("layers/L_level.0/call1/block_out"). data is
	// valid during the call only. Tracing runs on one thread.
	Trace func(name string, lane int, data []float32)
}

// Backend is a model prepared for this processor. Its batches may be used from
// several goroutines, and take turns.
type Backend struct {
	model   *runtime.Model
	name    string
	trace   func(name string, lane int, data []float32)
	pool    *pool.Pool
	scratch []scratch // of each worker

	passes []runtime.Pass
	levels [2][]layer // by runtime.Level; TRM: the same network twice
	lmHead *kernels.Panels
	qHead  *kernels.Panels
	eps    float32

	cos, sin []float32 // [P, headDim/2], Positions Rope only
	relation []uint8   // [S, S] relation classes, Config.Relations only
}

// New prepares a model. It fails when the model's matrices do not have the
// shapes of its configuration, or HRM_KERNELS names kernels that do not run
// here.
func New(m *runtime.Model, o Options) (*Backend, error) {
	kind, err := kernels.Implementation()
	if err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	if err := m.Config.Validate(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	b := &Backend{
		model: m, name: "cpu/" + kind, trace: o.Trace,
		passes: m.Config.Passes(), eps: float32(m.Config.NormEps),
	}
	if err := b.pack(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	b.tables()
	if o.Trace != nil {
		o.Threads = 1
	}
	b.pool = pool.New(o.Threads)
	b.scratch = make([]scratch, b.pool.Workers())
	for i := range b.scratch {
		b.scratch[i] = newScratch(&m.Config, b.maxChunk())
	}
	return b, nil
}

// tables computes what depends on the configuration alone.
func (b *Backend) tables() {
	c := &b.model.Config
	if c.MLPT {
		return
	}
	if c.Positions == runtime.Rope {
		b.cos, b.sin = kernels.RopeTable(c.P(), c.HeadDim(), c.RopeTheta)
	}
	if c.Relations != "" {
		b.relation = make([]uint8, c.SeqLen*c.SeqLen)
		for i := range b.relation {
			b.relation[i] = uint8(c.Relation(c.Prefix()+i/c.SeqLen, c.Prefix()+i%c.SeqLen))
		}
	}
}

// Name returns "cpu/" and the kernels in use.
func (b *Backend) Name() string { return b.name }

// Config returns the configuration of the model.
func (b *Backend) Config() *runtime.Config { return &b.model.Config }

// Threads returns the number of workers.
func (b *Backend) Threads() int { return b.pool.Workers() }

// Close waits for the loop in progress and ends the workers.
func (b *Backend) Close() error {
	b.pool.Close()
	return nil
}
