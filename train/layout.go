package train

import (
	"slices"

	"github.com/hrmgo/hrm/runtime"
)

// layoutAlign is the alignment of tensors in a flat buffer, in numbers: 256
// bytes, what WebGPU asks of a storage buffer's offset. The gaps stay zero.
const layoutAlign = 64

// Tensor is one named weight in a flat buffer: Rows x Cols numbers, row-major,
// from Offset on.
type Tensor struct {
	Name       string // canonical: the reference's key after "model.inner."
	Offset     int
	Rows, Cols int  // a vector has one row
	Level      bool // a matrix of a level (Muon), not an embedding, a head or a bias
}

// Len returns the number of numbers.
func (t *Tensor) Len() int { return t.Rows * t.Cols }

// Layout maps the canonical names of the dense trainable weights to places in
// one flat buffer. Parameters, gradient, moments and moving average share it.
// The puzzle table, H_init and L_init are not in it.
type Layout struct {
	Tensors []Tensor
	Size    int // numbers in a flat buffer
	config  runtime.Config
	index   map[string]int
}

// fixed are tensors of a model that are no dense weights: two that are not trained,
// and the puzzle table.
var fixed = []string{"H_init", "L_init", "puzzle_emb.weights"}

// NewLayout lays out the weights of a model, in the order of its file.
func NewLayout(c *runtime.Config) *Layout {
	l := &Layout{config: *c, index: map[string]int{}}
	for _, t := range c.TensorShapes() {
		if slices.Contains(fixed, t.Name) {
			continue
		}
		rows, cols := 1, t.Shape[0]
		if len(t.Shape) == 2 {
			rows, cols = t.Shape[0], t.Shape[1]
		}
		l.add(t.Name, rows, cols, t.Matrix)
	}
	return l
}

func (l *Layout) add(name string, rows, cols int, level bool) {
	l.index[name] = len(l.Tensors)
	l.Tensors = append(l.Tensors, Tensor{name, l.Size, rows, cols, level})
	l.Size += (rows*cols + layoutAlign - 1) / layoutAlign * layoutAlign
}

// View returns the part of a flat buffer that holds a tensor, nil when the
// model has none of that name.
func (l *Layout) View(buf []float32, name string) []float32 {
	i, ok := l.index[name]
	if !ok {
		return nil
	}
	t := &l.Tensors[i]
	return buf[t.Offset : t.Offset+t.Len() : t.Offset+t.Len()]
}

// Weights are named views of one flat buffer, shaped as in runtime.Model.
type Weights struct {
	EmbedTokens []float32 // [vocabulary, D]
	EmbedPos    []float32 // [P, D]
	LMHead      []float32 // [vocabulary, D]
	QHead       []float32 // [2, D]
	QBias       []float32 // [2]

	// Layers of the networks, by runtime.Level; TRM: of L alone.
	Levels [2][]runtime.Block[[]float32]
}

// Level returns the layers of the network that updates a level.
func (w *Weights) Level(l runtime.Level) []runtime.Block[[]float32] {
	if l == runtime.H && w.Levels[l] != nil {
		return w.Levels[l]
	}
	return w.Levels[runtime.L]
}

// Weights returns the named views of a flat buffer.
func (l *Layout) Weights(buf []float32) Weights {
	w := Weights{
		EmbedTokens: l.View(buf, "embed_tokens.embedding_weight"),
		EmbedPos:    l.View(buf, "embed_pos.embedding_weight"),
		LMHead:      l.View(buf, "lm_head.weight"),
		QHead:       l.View(buf, "q_head.weight"),
		QBias:       l.View(buf, "q_head.bias"),
	}
	params := l.config.Block()
	for _, level := range l.config.Networks() {
		w.Levels[level] = make([]runtime.Block[[]float32], l.config.Layers(level))
		for i := range w.Levels[level] {
			views := w.Levels[level][i].All()
			for j, p := range params.All() {
				if p.There() {
					*views[j] = l.View(buf, runtime.LayerName(level, i)+p.Name)
				}
			}
		}
	}
	return w
}
