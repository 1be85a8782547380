package runtime

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/quantize"
)

// ErrTensors is wrapped by the error about tensors that do not fit a
// configuration.
var ErrTensors = errors.New("tensors do not fit the configuration")

// TrainPrefix starts the names of the tensors that a training checkpoint has
// beside the model's. Load ignores them.
const TrainPrefix = "train/"

// TensorShape is the name and shape of one tensor of a model. Names are the
// reference's, without its prefixes.
type TensorShape struct {
	Name   string
	Shape  []int
	Matrix bool // of a level, and multiplies rows: see Param.Matrix
}

// TensorShapes lists the tensors that a model of this configuration has.
func (c *Config) TensorShapes() []TensorShape {
	m := newModel(*c)
	slots := m.slots()
	shapes := make([]TensorShape, len(slots))
	for i, s := range slots {
		shapes[i] = s.TensorShape
	}
	return shapes
}

// newModel returns a model of a valid configuration without any tensor.
func newModel(c Config) *Model {
	m := &Model{Config: c}
	for _, l := range c.Networks() {
		*m.network(l) = make([]Layer, c.Layers(l))
	}
	return m
}

// network is where the layers of one of Config.Networks are.
func (m *Model) network(l Level) *[]Layer {
	if l == H {
		return &m.HLevel
	}
	return &m.LLevel
}

// slot ties a tensor to its place in a Model: a matrix, or a slice of float32.
type slot struct {
	TensorShape
	matrix *quantize.Matrix
	vector *[]float32
}

func matrixSlot(name string, m *quantize.Matrix, rows, cols int) slot {
	return slot{TensorShape: TensorShape{Name: name, Shape: []int{rows, cols}}, matrix: m}
}

func vectorSlot(name string, v *[]float32, shape ...int) slot {
	return slot{TensorShape: TensorShape{Name: name, Shape: shape}, vector: v}
}

// slots lists every tensor of the model in the order of its file, the puzzle
// table last.
func (m *Model) slots() []slot {
	c := &m.Config
	d := c.Hidden
	s := []slot{
		vectorSlot("H_init", &m.HInit, d),
		vectorSlot("L_init", &m.LInit, d),
		matrixSlot("embed_tokens.embedding_weight", &m.EmbedTokens, c.Embeddings(), d),
		matrixSlot("lm_head.weight", &m.LMHead, c.Outputs(), d),
		matrixSlot("q_head.weight", &m.QHead, 2, d),
		vectorSlot("q_head.bias", &m.QBias, 2),
	}
	if c.Positions == Learned {
		s = append(s, matrixSlot("embed_pos.embedding_weight", &m.EmbedPos, c.P(), d))
	}
	params := c.Block()
	for _, l := range []Level{H, L} { // the order of files
		for i := range *m.network(l) {
			s = append(s, layerSlots(&params, &(*m.network(l))[i], LayerName(l, i))...)
		}
	}
	if c.PuzzleEmbDim > 0 {
		s = append(s, matrixSlot("puzzle_emb.weights", &m.PuzzleEmb, c.NumPuzzles, c.PuzzleEmbDim))
	}
	return s
}

func layerSlots(params *Block[Param], l *Layer, prefix string) []slot {
	var s []slot
	weights := l.All()
	for i, p := range params.All() {
		if p.There() {
			at := matrixSlot(prefix+p.Name, weights[i], p.Rows, p.Cols)
			at.Matrix = p.Matrix
			s = append(s, at)
		}
	}
	return s
}

// validateSizes reports a SwiGLU of no width, and a tensor whose bytes as
// float32 an int cannot count, which on a 32-bit machine is one of 2 GiB. The fields' limits keep the
// products here below 2^63.
func (c *Config) validateSizes() error {
	if c.Inter() == 0 || c.Has(PositionSwiGLU) && c.InterT() == 0 {
		return fmt.Errorf("%w: expansion %v is too small: the SwiGLU has no width", ErrConfig, c.Expansion)
	}
	d, p := int64(c.Hidden), int64(c.P())
	for _, t := range []struct {
		name       string
		rows, cols int64
	}{
		{"token embedding", int64(c.VocabSize), d},
		{"position embedding", p, d},
		{"puzzle table", int64(c.NumPuzzles), int64(c.PuzzleEmbDim)},
		{"qkv", 3 * d, d},
		{"gate_up", 2 * int64(c.Inter()), d},
		{"mlp_t gate_up", 2 * int64(c.InterT()), p},
	} {
		if t.rows*t.cols > math.MaxInt/4 {
			return fmt.Errorf("%w: %s [%d, %d] is too large for this machine", ErrConfig, t.name, t.rows, t.cols)
		}
	}
	return nil
}

// maxListed is how many tensors of one kind an error names.
const maxListed = 200

// CheckTensors compares the shapes that are there with those that the
// configuration needs. One error, wrapping ErrTensors, names each tensor that
// is missing, misshapen or extra.
func (c *Config) CheckTensors(have map[string][]int) error {
	if layers := c.HLayers + c.LLayers; layers > len(have)+maxListed {
		return fmt.Errorf("%w: %d layers, but only %d tensors", ErrTensors, layers, len(have))
	}
	var missing, misshapen, extra []string
	known := map[string]bool{}
	for _, t := range c.TensorShapes() {
		known[t.Name] = true
		shape, ok := have[t.Name]
		if !ok {
			missing = append(missing, fmt.Sprintf("%s %v", t.Name, t.Shape))
		} else if !slices.Equal(shape, t.Shape) {
			misshapen = append(misshapen, fmt.Sprintf("%s is %v, want %v", t.Name, shape, t.Shape))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if !known[name] {
			extra = append(extra, fmt.Sprintf("%s %v", name, have[name]))
		}
	}
	list := listed("missing", missing) + listed("misshapen", misshapen) + listed("extra", extra)
	if list == "" {
		return nil
	}
	return fmt.Errorf("%w:%s", ErrTensors, list)
}

func listed(kind string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	rest := ""
	if len(names) > maxListed {
		rest = fmt.Sprintf("\n\tand %d more", len(names)-maxListed)
		names = names[:maxListed]
	}
	return fmt.Sprintf("\n  %s:\n\t%s%s", kind, strings.Join(names, "\n\t"), rest)
}
