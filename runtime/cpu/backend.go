// Package cpu is the reference backend: it runs segments on the processor's
// cores, over package kernels.
//
// A block of the network is two parallel loops. Attention goes by heads, each with
// the queries, keys and values of all rows of some lanes. The rest goes by chunks of
// rows; where a core's cache does not hold the weights, in steps that share them.
// The bits of a row depend neither on the chunk that it lies in nor on the worker
// that takes it, so the number of threads and the other lanes of a batch change
// nothing in a result.
//
// The matrices of the levels are executed in the format that the model has them
// in: with int8 weights the rows that they multiply are rounded to int8 too,
// each with its own scale, and binary16 weights are converted as they are read.
// Norms, softmax, sums, embeddings and heads are float32; wide int8 models round
// to bfloat16 what one kernel leaves for the next.
package cpu

import (
	"fmt"
	"sync"

	"github.com/hrmgo/hrm/internal/pool"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
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

	sublayers []runtime.Sublayer
	networks  []runtime.Level
	passes    []runtime.Pass
	levels    [2][]layer            // by runtime.Level; TRM: the same network twice
	formats   [quantize.I8 + 1]bool // that some matrix of a level is executed in
	bf16      bool                  // see canBF16
	cache     int                   // coreCache, but in tests
	matrices  []matrix              // all that are packed
	lmHead    *weights
	qHead     *weights
	eps       float32

	shapes     sync.Mutex // of geometries
	geometries map[runtime.Shape]*geometry
}

// New prepares a model. It fails when the model's matrices do not have the
// shapes of its configuration, or HRM_KERNELS names kernels that do not run
// here.
func New(m *runtime.Model, o Options) (*Backend, error) {
	if _, err := kernels.Implementation(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	if err := m.Config.Validate(); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	b := &Backend{
		model: m, trace: o.Trace, geometries: map[runtime.Shape]*geometry{},
		sublayers: m.Config.Sublayers(), networks: m.Config.Networks(), passes: m.Config.Passes(), eps: float32(m.Config.NormEps), cache: coreCache,
	}
	if err := m.Read(b.pack); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	b.name = b.describe()
	if o.Trace != nil {
		o.Threads = 1
	}
	b.pool = pool.New(o.Threads)
	b.scratch = make([]scratch, b.pool.Workers())
	for i := range b.scratch {
		b.scratch[i].widest = b.widest()
	}
	return b, nil
}

// widest returns the most numbers of a row that a matrix of a layer multiplies.
func (b *Backend) widest() int {
	params, most := b.model.Config.Block(), 0
	for _, p := range params.All() {
		most = max(most, p.Cols)
	}
	return most
}

// has tells whether some matrix is executed in a format.
func (b *Backend) has(f quantize.Format) bool { return b.formats[f] }

func (b *Backend) has8() bool { return b.has(quantize.I8) }

// describe returns the kernels in use, and the formats of the weights where
// they are not float32.
func (b *Backend) describe() string {
	kind, _ := kernels.Implementation()
	var formats string
	if b.has(quantize.F16) {
		formats += " fp16"
	}
	if b.has(quantize.I8) {
		kind, formats = kernels.ImplementationI8(), formats+" int8"
	}
	return "cpu/" + kind + formats
}

// Name returns "cpu/" and the kernels in use, as in "cpu/avx512-vnni int8".
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
