package train

import (
	"fmt"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// NewState returns fresh weights drawn from seed (runtime.NewModel), zero
// moments and an empty carry. It panics when the specification is not valid.
func NewState(s *Spec, seed uint64) *State {
	st := NewEmptyState(s)
	m, err := runtime.NewModel(s.Config, seed)
	if err == nil {
		err = st.SetModel(s, m)
	}
	if err != nil {
		panic("train: NewState: " + err.Error())
	}
	return st
}

// NewEmptyState returns a state of zeros.
func NewEmptyState(s *Spec) *State {
	c, l := &s.Config, NewLayout(&s.Config)
	st := &State{
		Params: make([]float32, l.Size),
		M:      make([]float32, l.Size),
		V:      make([]float32, l.Size),
		HInit:  make([]float32, c.Hidden),
		LInit:  make([]float32, c.Hidden),
		ZH:     make([]float32, s.Lanes*c.P()*c.Hidden),
		ZL:     make([]float32, s.Lanes*c.P()*c.Hidden),
		Tokens: make([]int32, s.Lanes*c.SeqLen),
		Labels: make([]int32, s.Lanes*c.SeqLen),
	}
	st.PuzzleIDs = make([]int32, s.Lanes)
	if c.PuzzleEmbDim > 0 {
		st.Puzzle = make([]float32, c.NumPuzzles*c.PuzzleEmbDim)
	}
	if s.Optim.EMA > 0 {
		st.EMA = make([]float32, l.Size)
	}
	return st
}

// Check reports whether every slice has the length that the specification
// asks for, wrapping ErrState.
func (st *State) Check(s *Spec) error {
	want := emptyStateLengths(s)
	for i, got := range st.lengths() {
		if got != want[i] {
			return fmt.Errorf("%w: %s holds %d numbers, want %d", ErrState, stateNames[i], got, want[i])
		}
	}
	return nil
}

// CheckExamples reports the first lane whose puzzle the model cannot take,
// wrapping runtime.ErrInput.
func (st *State) CheckExamples(s *Spec) error {
	n := s.Config.SeqLen
	for lane, id := range st.PuzzleIDs {
		in := runtime.Input{Tokens: st.Tokens[lane*n : (lane+1)*n], PuzzleID: id}
		if err := CheckExample(&s.Config, in, st.Labels[lane*n:(lane+1)*n]); err != nil {
			return fmt.Errorf("lane %d: %w", lane, err)
		}
	}
	return nil
}

var stateNames = [...]string{"params", "m", "v", "ema", "H_init", "L_init", "puzzle", "z_H", "z_L", "tokens", "labels", "puzzle_ids"}

func (st *State) lengths() [12]int {
	return [12]int{len(st.Params), len(st.M), len(st.V), len(st.EMA), len(st.HInit), len(st.LInit),
		len(st.Puzzle), len(st.ZH), len(st.ZL), len(st.Tokens), len(st.Labels), len(st.PuzzleIDs)}
}

func emptyStateLengths(s *Spec) [12]int {
	c := &s.Config
	n, carry, ema := NewLayout(c).Size, s.Lanes*c.P()*c.Hidden, 0
	if s.Optim.EMA > 0 {
		ema = n
	}
	return [12]int{n, n, n, ema, c.Hidden, c.Hidden, c.NumPuzzles * c.PuzzleEmbDim,
		carry, carry, s.Lanes * c.SeqLen, s.Lanes * c.SeqLen, s.Lanes}
}

// CopyTo copies st into dst, whose slices are allocated where they have the
// wrong length.
func (st *State) CopyTo(dst *State) {
	copySlice(&dst.Params, st.Params)
	copySlice(&dst.M, st.M)
	copySlice(&dst.V, st.V)
	copySlice(&dst.EMA, st.EMA)
	copySlice(&dst.HInit, st.HInit)
	copySlice(&dst.LInit, st.LInit)
	copySlice(&dst.Puzzle, st.Puzzle)
	copySlice(&dst.ZH, st.ZH)
	copySlice(&dst.ZL, st.ZL)
	copySlice(&dst.Tokens, st.Tokens)
	copySlice(&dst.Labels, st.Labels)
	copySlice(&dst.PuzzleIDs, st.PuzzleIDs)
}

func copySlice[T any](dst *[]T, src []T) {
	if len(*dst) != len(src) {
		*dst = make([]T, len(src))
	}
	copy(*dst, src)
}

// Model returns a model that shares nothing with the state: its weights, or
// with ema (and Optim.EMA > 0) their moving average.
func (st *State) Model(s *Spec, ema bool) *runtime.Model {
	c := &s.Config
	params := st.Params
	if ema && len(st.EMA) > 0 {
		params = st.EMA
	}
	w := NewLayout(c).Weights(append([]float32(nil), params...))
	m := &runtime.Model{
		Config:      *c,
		EmbedTokens: matrix(w.EmbedTokens, c.VocabSize),
		EmbedPos:    matrix(w.EmbedPos, c.P()),
		LMHead:      matrix(w.LMHead, c.VocabSize),
		QHead:       matrix(w.QHead, 2),
		QBias:       w.QBias,
		HInit:       append([]float32(nil), st.HInit...),
		LInit:       append([]float32(nil), st.LInit...),
		HLevel:      modelLayers(c, w.HLevel),
		LLevel:      modelLayers(c, w.LLevel),
	}
	if c.PuzzleEmbDim > 0 {
		m.PuzzleEmb = matrix(append([]float32(nil), st.Puzzle...), c.NumPuzzles)
	}
	return m
}

func modelLayers(c *runtime.Config, layers []LayerWeights) []runtime.Layer {
	var out []runtime.Layer
	for _, w := range layers {
		out = append(out, runtime.Layer{
			QKV:          matrix(w.QKV, 3*c.Hidden),
			O:            matrix(w.O, c.Hidden),
			GateUp:       matrix(w.GateUp, 2*c.Inter()),
			Down:         matrix(w.Down, c.Hidden),
			GateUpT:      matrix(w.GateUpT, 2*c.InterT()),
			DownT:        matrix(w.DownT, c.P()),
			RelationBias: w.RelationBias,
		})
	}
	return out
}

// matrix wraps w, or returns an empty matrix where the model has none.
func matrix(w []float32, rows int) quantize.Matrix {
	if len(w) == 0 {
		return quantize.Matrix{}
	}
	return quantize.NewF32(w, rows, len(w)/rows)
}

// SetModel starts the state from a model's weights: dense weights, moving
// average, H_init, L_init and the puzzle table. Moments are cleared.
func (st *State) SetModel(s *Spec, m *runtime.Model) error {
	st.Params = make([]float32, NewLayout(&s.Config).Size)
	w := NewLayout(&s.Config).Weights(st.Params)
	err := firstError(
		setTensor("embed_tokens", w.EmbedTokens, &m.EmbedTokens),
		setTensor("embed_pos", w.EmbedPos, &m.EmbedPos),
		setTensor("lm_head", w.LMHead, &m.LMHead),
		setTensor("q_head", w.QHead, &m.QHead),
		setVector("q_head.bias", w.QBias, m.QBias),
		setVector("H_init", st.HInit, m.HInit),
		setVector("L_init", st.LInit, m.LInit),
		setTensor("puzzle_emb", st.Puzzle, &m.PuzzleEmb),
		setLayers("H_level", w.HLevel, m.HLevel),
		setLayers("L_level", w.LLevel, m.LLevel))
	if err != nil {
		return err
	}
	clear(st.M)
	clear(st.V)
	copy(st.EMA, st.Params)
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func setTensor(name string, dst []float32, m *quantize.Matrix) error {
	return setVector(name, dst, m.Float32())
}

func setVector(name string, dst, src []float32) error {
	if len(dst) != len(src) {
		return fmt.Errorf("%w: model tensor %s holds %d numbers, want %d", ErrState, name, len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

func setLayers(level string, dst []LayerWeights, src []runtime.Layer) error {
	if len(dst) != len(src) {
		return fmt.Errorf("%w: model has %d layers in %s, want %d", ErrState, len(src), level, len(dst))
	}
	for i := range dst {
		d, m := &dst[i], &src[i]
		err := firstError(
			setTensor("qkv_proj", d.QKV, &m.QKV),
			setTensor("o_proj", d.O, &m.O),
			setTensor("gate_up_proj", d.GateUp, &m.GateUp),
			setTensor("down_proj", d.Down, &m.Down),
			setTensor("mlp_t.gate_up_proj", d.GateUpT, &m.GateUpT),
			setTensor("mlp_t.down_proj", d.DownT, &m.DownT),
			setVector("relation_bias", d.RelationBias, m.RelationBias))
		if err != nil {
			return fmt.Errorf("%s.layers.%d: %w", level, i, err)
		}
	}
	return nil
}
