package train

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// A checkpoint is a .hrm file: the model as it is being trained, which any
// reader of models loads, and beside it, under runtime.TrainPrefix:
//
//	m/NAME, v/NAME, ema/NAME  f32  moments and moving average of the tensor NAME
//	z_H, z_L                  f32  [lanes, P, D] carry
//	tokens, labels            i32  [lanes, S]
//	puzzle_ids, segments      i32  [lanes]
//	halted                    i32  [lanes] 0 or 1
//	counters                  u64  [2] Checkpoint.Step and Next

// WriteCheckpoint writes a checkpoint to a file, atomically.
func WriteCheckpoint(path string, s *Spec, cp *Checkpoint) error {
	if err := cp.check(s); err != nil {
		return err
	}
	m := cp.State.Model(s, false)
	m.Meta = cp.Meta
	tensors := append(m.Tensors(), cp.flatTensors(s)...)
	return weights.WriteFile(path, m.Header(), append(tensors, cp.laneTensors(s)...))
}

// flatBuffers are the buffers laid out like the parameters.
func (st *State) flatBuffers() map[string][]float32 {
	return map[string][]float32{"m": st.M, "v": st.V, "ema": st.EMA}
}

func (cp *Checkpoint) flatTensors(s *Spec) []weights.Tensor {
	l := NewLayout(&s.Config)
	var tensors []weights.Tensor
	for _, kind := range []string{"m", "v", "ema"} {
		buf := cp.State.flatBuffers()[kind]
		if len(buf) == 0 {
			continue
		}
		for i := range l.Tensors {
			t := &l.Tensors[i]
			tensors = append(tensors, weights.Of(flatName(kind, t), weights.F32, l.View(buf, t.Name), t.Rows, t.Cols))
		}
	}
	return tensors
}

func flatName(kind string, t *Tensor) string { return runtime.TrainPrefix + kind + "/" + t.Name }

func (cp *Checkpoint) laneTensors(s *Spec) []weights.Tensor {
	c, st, lanes := &s.Config, &cp.State, s.Lanes
	halted := make([]int32, lanes)
	for i, h := range cp.Halted {
		halted[i] = int32(indicator(h))
	}
	const p = runtime.TrainPrefix
	return []weights.Tensor{
		weights.Of(p+"z_H", weights.F32, st.ZH, lanes, c.P(), c.Hidden),
		weights.Of(p+"z_L", weights.F32, st.ZL, lanes, c.P(), c.Hidden),
		weights.Of(p+"tokens", weights.I32, st.Tokens, lanes, c.SeqLen),
		weights.Of(p+"labels", weights.I32, st.Labels, lanes, c.SeqLen),
		weights.Of(p+"shapes", weights.I32, st.Shapes, lanes, 2),
		weights.Of(p+"puzzle_ids", weights.I32, st.PuzzleIDs, lanes),
		weights.Of(p+"segments", weights.I32, cp.Segments, lanes),
		weights.Of(p+"halted", weights.I32, halted, lanes),
		weights.Of(p+"counters", weights.U64, []uint64{uint64(cp.Step), uint64(cp.Next)}, 2),
	}
}

// ReadCheckpoint reads a checkpoint of a run with this specification. An error
// about one of another model, another number of lanes, or of a model without a
// training state wraps ErrState; a damaged file gives the errors of package
// weights.
func ReadCheckpoint(path string, s *Spec) (*Checkpoint, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	f, err := weights.ReadFile(path)
	if err != nil {
		return nil, err
	}
	cp, err := parseCheckpoint(f, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cp, nil
}

func parseCheckpoint(f *weights.File, s *Spec) (*Checkpoint, error) {
	m, err := runtime.Load(f)
	if err != nil {
		return nil, err
	}
	if m.Config != s.Config {
		return nil, fmt.Errorf("%w: the checkpoint's model is %+v, want %+v", ErrState, m.Config, s.Config)
	}
	cp := &Checkpoint{State: *NewEmptyState(s), Meta: m.Meta}
	if err := cp.State.SetModel(s, m); err != nil {
		return nil, err
	}
	if err := cp.readFlat(f, s); err != nil {
		return nil, err
	}
	if err := cp.readLanes(f, s); err != nil {
		return nil, err
	}
	return cp, cp.State.CheckExamples(s)
}

// CheckpointStep returns the step of a checkpoint whose specification is not known.
func CheckpointStep(f *weights.File) (int64, error) {
	counters := make([]uint64, 2)
	err := readTensor(f, runtime.TrainPrefix+"counters", counters)
	return int64(counters[0]), err
}

func (cp *Checkpoint) readFlat(f *weights.File, s *Spec) error {
	l := NewLayout(&s.Config)
	for kind, buf := range cp.State.flatBuffers() {
		for i := range l.Tensors {
			if len(buf) == 0 {
				continue
			}
			t := &l.Tensors[i]
			if err := readTensor(f, flatName(kind, t), l.View(buf, t.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (cp *Checkpoint) readLanes(f *weights.File, s *Spec) error {
	st := &cp.State
	cp.Segments = make([]int32, s.Lanes)
	halted, counters := make([]int32, s.Lanes), make([]uint64, 2)
	const p = runtime.TrainPrefix
	err := firstError(
		readTensor(f, p+"z_H", st.ZH),
		readTensor(f, p+"z_L", st.ZL),
		readTensor(f, p+"tokens", st.Tokens),
		readTensor(f, p+"labels", st.Labels),
		readShapes(f, p+"shapes", st.Shapes),
		readTensor(f, p+"puzzle_ids", st.PuzzleIDs),
		readTensor(f, p+"segments", cp.Segments),
		readTensor(f, p+"halted", halted),
		readTensor(f, p+"counters", counters))
	for _, h := range halted {
		cp.Halted = append(cp.Halted, h != 0)
	}
	cp.Step, cp.Next = int64(counters[0]), int64(counters[1])
	if err == nil && (cp.Step < 0 || cp.Next < 0) {
		return fmt.Errorf("%w: counters %d and %d", ErrState, cp.Step, cp.Next)
	}
	return err
}

// readShapes reads the shapes of lanes. Checkpoints from before there were any have
// none: all lanes then have the configuration's grid.
func readShapes(f *weights.File, name string, dst []int32) error {
	if _, ok := f.Tensor(name); !ok {
		clear(dst)
		return nil
	}
	return readTensor(f, name, dst)
}

// readTensor copies a tensor of exactly len(dst) numbers.
func readTensor[T weights.Number](f *weights.File, name string, dst []T) error {
	t, ok := f.Tensor(name)
	if !ok {
		return fmt.Errorf("%w: no tensor %s: not a checkpoint of such a run", ErrState, name)
	}
	src, err := weights.View[T](t)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	if len(src) != len(dst) {
		return fmt.Errorf("%w: %s holds %d numbers, want %d", ErrState, name, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}
