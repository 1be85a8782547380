package cpu

import (
	"fmt"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// layer is the weights of one block, laid out for the kernels.
type layer struct {
	qkv, o         *kernels.Panels // attention
	gateUpT, downT *kernels.Panels // or the SwiGLU over positions
	gateUp, down   *kernels.Panels
	relationBias   []float32 // [heads, NumRelations] or nil
}

// pack checks the shape of every matrix and lays it out.
func (b *Backend) pack() (err error) {
	m, c := b.model, &b.model.Config
	vectors := []struct {
		name string
		have int
		want int
	}{{"H_init", len(m.HInit), c.Hidden}, {"L_init", len(m.LInit), c.Hidden}, {"q_head bias", len(m.QBias), 2}}
	for _, v := range vectors {
		if v.have != v.want {
			return fmt.Errorf("%s has %d numbers, want %d", v.name, v.have, v.want)
		}
	}
	if err := checkShape("token embedding", &m.EmbedTokens, c.VocabSize, c.Hidden); err != nil {
		return err
	}
	if c.Positions == runtime.Learned {
		err = checkShape("position embedding", &m.EmbedPos, c.P(), c.Hidden)
	}
	if err == nil && c.PuzzleEmbDim > 0 {
		err = checkShape("puzzle table", &m.PuzzleEmb, c.NumPuzzles, c.PuzzleEmbDim)
	}
	if err != nil {
		return err
	}
	p := packer{}
	b.lmHead = p.pack("lm_head", &m.LMHead, c.VocabSize, c.Hidden)
	b.qHead = p.pack("q_head", &m.QHead, 2, c.Hidden)
	b.levels[runtime.L] = p.level(c, runtime.L, m.LLevel)
	b.levels[runtime.H] = b.levels[runtime.L]
	if c.Family == runtime.HRM {
		b.levels[runtime.H] = p.level(c, runtime.H, m.HLevel)
	}
	return p.err
}

// packer keeps the first error.
type packer struct{ err error }

func (p *packer) level(c *runtime.Config, level runtime.Level, layers []runtime.Layer) []layer {
	if p.err == nil && len(layers) != c.Layers(level) {
		p.err = fmt.Errorf("level %s has %d layers, want %d", level, len(layers), c.Layers(level))
	}
	packed := make([]layer, len(layers))
	for i := range layers {
		packed[i] = p.layer(c, fmt.Sprintf("%s_level.%d", level, i), &layers[i])
	}
	return packed
}

func (p *packer) layer(c *runtime.Config, name string, l *runtime.Layer) (packed layer) {
	d := c.Hidden
	packed.gateUp = p.pack(name+" gate_up", &l.GateUp, 2*c.Inter(), d)
	packed.down = p.pack(name+" down", &l.Down, d, c.Inter())
	if c.MLPT {
		packed.gateUpT = p.pack(name+" mlp_t gate_up", &l.GateUpT, 2*c.InterT(), c.P())
		packed.downT = p.pack(name+" mlp_t down", &l.DownT, c.P(), c.InterT())
		return packed
	}
	packed.qkv = p.pack(name+" qkv", &l.QKV, 3*d, d)
	packed.o = p.pack(name+" o", &l.O, d, d)
	if c.Relations == "" {
		return packed
	}
	if want := c.Heads * runtime.NumRelations; p.err == nil && len(l.RelationBias) != want {
		p.err = fmt.Errorf("%s relation bias has %d numbers, want %d", name, len(l.RelationBias), want)
	}
	packed.relationBias = l.RelationBias
	return packed
}

func (p *packer) pack(name string, m *quantize.Matrix, rows, cols int) *kernels.Panels {
	if p.err == nil {
		p.err = checkShape(name, m, rows, cols)
	}
	if p.err != nil {
		return nil
	}
	return kernels.Pack(m.Float32(), rows, cols)
}

// checkShape reports a matrix that is not [rows, cols] or lacks its numbers.
func checkShape(name string, m *quantize.Matrix, rows, cols int) error {
	if m.Rows != rows || m.Cols != cols {
		return fmt.Errorf("%s is %d x %d, want %d x %d", name, m.Rows, m.Cols, rows, cols)
	}
	have := 0
	switch m.Format {
	case quantize.F32:
		have = len(m.F32)
	case quantize.F16, quantize.BF16:
		have = len(m.Half)
	case quantize.I8:
		have = len(m.I8)
		if len(m.Scale) != rows {
			return fmt.Errorf("%s has %d scales, want %d", name, len(m.Scale), rows)
		}
	default:
		return fmt.Errorf("%s has unknown %v", name, m.Format)
	}
	if have != rows*cols {
		return fmt.Errorf("%s has %d numbers, want %d x %d", name, have, rows, cols)
	}
	return nil
}
