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
	st.PuzzleIDs, st.Shapes = make([]int32, s.Lanes), make([]int32, 2*s.Lanes)
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
	c := &s.Config
	for lane, id := range st.PuzzleIDs {
		rows, cols := int(st.Shapes[2*lane]), int(st.Shapes[2*lane+1])
		if rows < 0 || cols < 0 || cols > 0 && rows > c.SeqLen/cols || cols == 0 && rows > 0 {
			return fmt.Errorf("lane %d: %w: a grid of %d x %d, want at most %d tokens", lane, ErrState, rows, cols, c.SeqLen)
		}
		in := runtime.Input{Tokens: st.LaneTokens(c, lane), Rows: rows, Cols: cols, PuzzleID: id}
		if err := CheckExample(c, in, st.LaneLabels(c, lane)); err != nil {
			return fmt.Errorf("lane %d: %w", lane, err)
		}
	}
	return nil
}

var stateNames = [...]string{"params", "m", "v", "ema", "H_init", "L_init", "puzzle", "z_H", "z_L", "tokens", "labels", "shapes", "puzzle_ids"}

func (st *State) lengths() [13]int {
	return [13]int{len(st.Params), len(st.M), len(st.V), len(st.EMA), len(st.HInit), len(st.LInit),
		len(st.Puzzle), len(st.ZH), len(st.ZL), len(st.Tokens), len(st.Labels), len(st.Shapes), len(st.PuzzleIDs)}
}

func emptyStateLengths(s *Spec) [13]int {
	c := &s.Config
	n, carry, ema := NewLayout(c).Size, s.Lanes*c.P()*c.Hidden, 0
	if s.Optim.EMA > 0 {
		ema = n
	}
	return [13]int{n, n, n, ema, c.Hidden, c.Hidden, c.NumPuzzles * c.PuzzleEmbDim,
		carry, carry, s.Lanes * c.SeqLen, s.Lanes * c.SeqLen, 2 * s.Lanes, s.Lanes}
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
	copySlice(&dst.Shapes, st.Shapes)
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
		EmbedTokens: matrix(w.EmbedTokens, len(w.EmbedTokens)/c.Hidden),
		EmbedPos:    matrix(w.EmbedPos, c.P()),
		LMHead:      matrix(w.LMHead, len(w.LMHead)/c.Hidden),
		QHead:       matrix(w.QHead, 2),
		QBias:       w.QBias,
		HInit:       append([]float32(nil), st.HInit...),
		LInit:       append([]float32(nil), st.LInit...),
		HLevel:      modelLayers(c, w.Levels[runtime.H]),
		LLevel:      modelLayers(c, w.Levels[runtime.L]),
	}
	if c.PuzzleEmbDim > 0 {
		m.PuzzleEmb = matrix(append([]float32(nil), st.Puzzle...), c.NumPuzzles)
	}
	return m
}

func modelLayers(c *runtime.Config, layers []runtime.Block[[]float32]) []runtime.Layer {
	var out []runtime.Layer
	params := c.Block()
	for _, w := range layers {
		var l runtime.Layer
		from, to := w.All(), l.All()
		for i, p := range params.All() {
			*to[i] = matrix(*from[i], p.Rows)
		}
		out = append(out, l)
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
		setLayers(&s.Config, runtime.H, w.Levels[runtime.H], m.HLevel),
		setLayers(&s.Config, runtime.L, w.Levels[runtime.L], m.LLevel))
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

func setLayers(c *runtime.Config, level runtime.Level, dst []runtime.Block[[]float32], src []runtime.Layer) error {
	if len(dst) != len(src) {
		return fmt.Errorf("%w: model has %d layers in level %v, want %d", ErrState, len(src), level, len(dst))
	}
	params := c.Block()
	for i := range dst {
		to, from := dst[i].All(), src[i].All()
		for j, p := range params.All() {
			if err := setTensor(runtime.LayerName(level, i)+p.Name, *to[j], from[j]); err != nil {
				return err
			}
		}
	}
	return nil
}
