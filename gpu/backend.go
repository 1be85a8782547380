package gpu

import (
	"fmt"
	"sync"
	"time"

	"github.com/hrmgo/hrm/runtime"
)

// Backend is a model whose weights lie on a GPU. Its batches may be used from
// several goroutines, and take turns.
type Backend struct {
	mu     sync.Mutex // of the device
	device *Device
	model  *runtime.Model
	config runtime.Config
	passes []runtime.Pass

	weights uploader
	levels  [2][]Layer // by runtime.Level; TRM: the same network twice
	lmHead  Operand
	qHead   View
	qBias   View

	latency     float64 // seconds of a read-back of nothing
	speculation Speculation
}

var _ runtime.Backend = (*Backend)(nil)

// New uploads a model to a device, which stays the caller's to close, after
// the backend. Weights stay in their format: f32, f16, bf16, or int8 with a
// scale per row; activations are float32. Embeddings are looked up on the host
// and sent with each puzzle, so a puzzle table of any size costs the device
// nothing.
func New(d *Device, m *runtime.Model) (*Backend, error) {
	if err := m.Config.Validate(); err != nil {
		return nil, fmt.Errorf("gpu: %w", err)
	}
	if err := supported(&m.Config); err != nil {
		return nil, fmt.Errorf("gpu: %w", err)
	}
	b := &Backend{device: d, model: m, config: m.Config, passes: m.Config.Passes()}
	b.weights.Device = d
	if err := m.Read(func() error { b.upload(); return b.weights.Err }); err != nil {
		b.weights.Err = err
	}
	if b.weights.Err == nil {
		b.weights.Err = b.arrive()
	}
	if err := b.weights.Err; err != nil {
		b.weights.Release()
		return nil, fmt.Errorf("gpu: %w", err)
	}
	return b, nil
}

// arrive waits until the weights are there, and measures a read-back.
func (b *Backend) arrive() error {
	one := make([]float32, 1)
	if err := Read(b.device, one, b.qBias.Buffer, 0); err != nil {
		return err
	}
	start := time.Now()
	err := Read(b.device, one, b.qBias.Buffer, 0)
	b.latency = time.Since(start).Seconds()
	return err
}

func (b *Backend) upload() {
	u, m, c := &b.weights, b.model, &b.config
	for _, v := range []struct {
		name       string
		have, want int
	}{{"H_init", len(m.HInit), c.Hidden}, {"L_init", len(m.LInit), c.Hidden}, {"token embedding", m.EmbedTokens.Rows * m.EmbedTokens.Cols, c.Embeddings() * c.Hidden}} {
		if v.have != v.want {
			u.Err = fmt.Errorf("%s has %d numbers, want %d", v.name, v.have, v.want)
		}
	}
	b.lmHead = u.matrix("lm_head", &m.LMHead, c.Outputs(), c.Hidden)
	if u.Err == nil && (m.QHead.Rows != 2 || m.QHead.Cols != c.Hidden) {
		u.Err = fmt.Errorf("q_head is %d x %d, want 2 x %d", m.QHead.Rows, m.QHead.Cols, c.Hidden)
	}
	if u.Err != nil {
		return
	}
	b.qHead = u.vector("q_head", m.QHead.Float32(), 2*c.Hidden)
	b.qBias = u.vector("q_head bias", m.QBias, 2)
	b.levels[runtime.L] = u.level(c, runtime.L, m.LLevel)
	b.levels[runtime.H] = b.levels[runtime.L]
	if c.Family == runtime.HRM {
		b.levels[runtime.H] = u.level(c, runtime.H, m.HLevel)
	}
}

// Name is "webgpu/" and the adapter's name.
func (b *Backend) Name() string { return b.device.Name() }

// Config returns the configuration of the model.
func (b *Backend) Config() *runtime.Config { return &b.config }

// Close frees the weights, not the device. Batches must be closed before.
func (b *Backend) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.weights.Release()
	return nil
}
