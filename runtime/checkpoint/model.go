package checkpoint

import (
	"context"
	"fmt"
	"io"
	"maps"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// loaded is a checkpoint in memory, as a runtime.TensorSource.
type loaded map[string]weights.Tensor

func (l loaded) Names() []string {
	names := make([]string, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	return names
}

func (l loaded) Tensor(name string) (weights.Tensor, bool) {
	t, ok := l[name]
	return t, ok
}

// Model reads all tensors into memory as float32, which is exact.
func (f *File) Model(ctx context.Context) (*runtime.Model, error) {
	src := loaded{}
	for _, t := range f.tensors {
		data, err := t.read(ctx)
		if err != nil {
			return nil, fmt.Errorf("checkpoint: %s: %w", f.Path, err)
		}
		src[t.Name] = weights.Tensor{Spec: spec(t.Name, t.Shape), Bytes: data}
	}
	m, err := runtime.FromTensors(f.Config, src)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", f.Path, err)
	}
	m.Task, m.TaskSpec, m.Meta = f.Task, f.Spec, maps.Clone(f.Meta)
	return m, nil
}

// read returns the numbers as little-endian float32.
func (t *Tensor) read(ctx context.Context) ([]byte, error) {
	r, err := t.Float32()
	if err != nil {
		return nil, err
	}
	data := make([]byte, 4*t.Len())
	checked := &finiteReader{r: ctxReader{ctx, r}, name: t.Name}
	if _, err := io.ReadFull(checked, data); err != nil {
		return nil, err
	}
	return data, checked.end()
}

func spec(name string, shape []int) weights.Spec {
	return weights.Spec{Name: name, DType: weights.F32, Shape: shape}
}

// ctxReader stops when its context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p[:min(len(p), 1<<20)])
}

// Convert writes the checkpoint to the .hrm file dst, as float32, which is
// exact. Tensors are streamed: no more than a small buffer is held of any. The
// file appears complete or not at all. meta is added to f.Meta; it may be nil.
func Convert(ctx context.Context, dst string, f *File, meta map[string]string) error {
	all := maps.Clone(f.Meta)
	maps.Copy(all, meta)
	var specs []weights.Spec
	for _, s := range f.Config.TensorShapes() {
		specs = append(specs, spec(s.Name, s.Shape))
	}
	w, err := weights.Create(dst, weights.Header{Config: f.Config.Map(), Task: f.Task, TaskSpec: f.Spec, Meta: all}, specs)
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, s := range specs {
		t, ok := f.Tensor(s.Name)
		if !ok {
			return fmt.Errorf("checkpoint: %s: %w: no %s", f.Path, runtime.ErrTensors, s.Name)
		}
		r, err := t.Float32()
		if err != nil {
			return fmt.Errorf("checkpoint: %s: %w", f.Path, err)
		}
		checked := &finiteReader{r: ctxReader{ctx, r}, name: t.Name}
		if err := w.Write(checked); err != nil {
			return err
		}
		if err := checked.end(); err != nil {
			return fmt.Errorf("checkpoint: %s: %w", f.Path, err)
		}
	}
	return w.Commit()
}
