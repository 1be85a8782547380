package train

import (
	"fmt"

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

// NewLayout lays out the weights of a model.
func NewLayout(c *runtime.Config) *Layout {
	l := &Layout{config: *c, index: map[string]int{}}
	d := c.Hidden
	l.add("embed_tokens.embedding_weight", c.VocabSize, d, false)
	if c.Positions == runtime.Learned {
		l.add("embed_pos.embedding_weight", c.P(), d, false)
	}
	l.add("lm_head.weight", c.VocabSize, d, false)
	l.add("q_head.weight", 2, d, false)
	l.add("q_head.bias", 1, 2, false)
	if c.Family == runtime.HRM {
		l.addLevel("H_level", c.HLayers)
	}
	l.addLevel("L_level", c.LLayers)
	return l
}

func (l *Layout) addLevel(level string, layers int) {
	c := &l.config
	d, i := c.Hidden, c.Inter()
	for n := range layers {
		prefix := fmt.Sprintf("%s.layers.%d.", level, n)
		if c.MLPT {
			it := c.InterT()
			l.add(prefix+"mlp_t.gate_up_proj.weight", 2*it, c.P(), true)
			l.add(prefix+"mlp_t.down_proj.weight", c.P(), it, true)
		} else {
			l.add(prefix+"self_attn.qkv_proj.weight", 3*d, d, true)
			l.add(prefix+"self_attn.o_proj.weight", d, d, true)
		}
		if c.Relations != "" {
			l.add(prefix+"self_attn.relation_bias", c.Heads, runtime.NumRelations, false)
		}
		l.add(prefix+"mlp.gate_up_proj.weight", 2*i, d, true)
		l.add(prefix+"mlp.down_proj.weight", d, i, true)
	}
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
	HLevel      []LayerWeights
	LLevel      []LayerWeights
}

// LayerWeights are the weights of one block, shaped as in runtime.Layer.
type LayerWeights struct {
	QKV, O       []float32
	GateUpT      []float32
	DownT        []float32
	RelationBias []float32
	GateUp, Down []float32
}

// Level returns the layers of the network that updates a level.
func (w *Weights) Level(l runtime.Level) []LayerWeights {
	if l == runtime.H && len(w.HLevel) > 0 {
		return w.HLevel
	}
	return w.LLevel
}

// Weights returns the named views of a flat buffer.
func (l *Layout) Weights(buf []float32) Weights {
	return Weights{
		EmbedTokens: l.View(buf, "embed_tokens.embedding_weight"),
		EmbedPos:    l.View(buf, "embed_pos.embedding_weight"),
		LMHead:      l.View(buf, "lm_head.weight"),
		QHead:       l.View(buf, "q_head.weight"),
		QBias:       l.View(buf, "q_head.bias"),
		HLevel:      l.layers(buf, "H_level", l.config.HLayers),
		LLevel:      l.layers(buf, "L_level", l.config.LLayers),
	}
}

func (l *Layout) layers(buf []float32, level string, n int) []LayerWeights {
	if level == "H_level" && l.config.Family != runtime.HRM {
		return nil
	}
	layers := make([]LayerWeights, n)
	for i := range layers {
		view := func(name string) []float32 {
			return l.View(buf, fmt.Sprintf("%s.layers.%d.%s", level, i, name))
		}
		layers[i] = LayerWeights{
			QKV:          view("self_attn.qkv_proj.weight"),
			O:            view("self_attn.o_proj.weight"),
			GateUpT:      view("mlp_t.gate_up_proj.weight"),
			DownT:        view("mlp_t.down_proj.weight"),
			RelationBias: view("self_attn.relation_bias"),
			GateUp:       view("mlp.gate_up_proj.weight"),
			Down:         view("mlp.down_proj.weight"),
		}
	}
	return layers
}
