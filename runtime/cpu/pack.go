package cpu

import (
	"fmt"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// layer is the weights of one block, laid out for the kernels.
type layer = runtime.Block[*weights]

// matrix is a matrix of the model, the shape that it must have, and where its
// panels go.
type matrix struct {
	name       string
	w          *quantize.Matrix
	rows, cols int
	to         **weights
	order      func(row, rows int) int // where a row goes, nil: in its place
}

// pack checks the shape of everything in the model and lays the matrices out,
// those of a format in one piece of memory.
func (b *Backend) pack() error {
	if err := checkVectors(b.model); err != nil {
		return err
	}
	if err := checkTables(b.model); err != nil {
		return err
	}
	all, err := b.listMatrices()
	if err != nil {
		return err
	}
	var m memoryOf
	for i := range all {
		if err := checkShape(all[i].name, all[i].w, all[i].rows, all[i].cols); err != nil {
			return err
		}
		if err := m.count(&all[i]); err != nil {
			return err
		}
		b.formats[all[i].format()] = true
	}
	b.matrices, b.bf16 = all, b.canBF16(all)
	m.allocate()
	for i := range all {
		*all[i].to = m.pack(&all[i])
		if b.model.Drop != nil {
			b.model.Drop()
		}
	}
	return nil
}

// pairOrder puts each panel of gates before the panel of their ups.
func pairOrder(row, rows int) int {
	const width = kernels.PanelWidth
	part, channel := row/(rows/2), row%(rows/2)
	return channel/width*2*width + part*width + channel%width
}

// headOrder puts queries, keys and values of each head together; in bf16 in the
// order of kernels.HeadI8.
func (b *Backend) headOrder(row, rows int) int {
	width := b.model.Config.HeadDim()
	part, channel := row/(rows/3), row%(rows/3)
	within := channel % width
	if b.bf16 && part < 2 {
		within = kernels.TurnOrder(within, width)
	}
	return channel/width*3*width + part*width + within
}

func checkVectors(m *runtime.Model) error {
	c := &m.Config
	vectors := []struct {
		name       string
		have, want int
	}{{"H_init", len(m.HInit), c.Hidden}, {"L_init", len(m.LInit), c.Hidden}, {"q_head bias", len(m.QBias), 2}}
	for _, v := range vectors {
		if v.have != v.want {
			return fmt.Errorf("%s has %d numbers, want %d", v.name, v.have, v.want)
		}
	}
	return nil
}

// checkTables checks what Model.Embed reads.
func checkTables(m *runtime.Model) error {
	c := &m.Config
	err := checkShape("token embedding", &m.EmbedTokens, c.Embeddings(), c.Hidden)
	if err == nil && c.Positions == runtime.Learned {
		err = checkShape("position embedding", &m.EmbedPos, c.P(), c.Hidden)
	}
	if err == nil && c.PuzzleEmbDim > 0 {
		err = checkShape("puzzle table", &m.PuzzleEmb, c.NumPuzzles, c.PuzzleEmbDim)
	}
	return err
}

// listMatrices lists what is packed, in the order of its use.
func (b *Backend) listMatrices() ([]matrix, error) {
	m, c := b.model, &b.model.Config
	var all []matrix
	for _, level := range b.networks {
		layers := m.Level(level)
		if len(layers) != c.Layers(level) {
			return nil, fmt.Errorf("level %s has %d layers, want %d", level, len(layers), c.Layers(level))
		}
		b.levels[level] = make([]layer, len(layers))
		for i := range layers {
			some, err := b.layerMatrices(&b.levels[level][i], runtime.LayerName(level, i), &layers[i])
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	b.levels[runtime.H] = b.levels[c.Network(runtime.H)]
	return append(all,
		matrix{lmHead, &m.LMHead, c.Outputs(), c.Hidden, &b.lmHead, nil},
		matrix{qHead, &m.QHead, 2, c.Hidden, &b.qHead, nil},
	), nil
}

// layerMatrices lists the matrices of a layer, and keeps its other weights as they
// are.
func (b *Backend) layerMatrices(l *layer, name string, from *runtime.Layer) ([]matrix, error) {
	order := runtime.Block[func(row, rows int) int]{QKV: b.headOrder, GateUpT: pairOrder, GateUp: pairOrder}
	params := b.model.Config.Block()
	var all []matrix
	w, to, orders := from.All(), l.All(), order.All()
	for i, p := range params.All() {
		switch {
		case !p.There():
		case p.Matrix:
			all = append(all, matrix{name + p.Name, w[i], p.Rows, p.Cols, to[i], *orders[i]})
		default:
			if err := checkShape(name+p.Name, w[i], p.Rows, p.Cols); err != nil {
				return nil, err
			}
			*to[i] = &weights{plain: w[i].Float32()}
		}
	}
	if b.model.Config.Has(runtime.ColourMeans) && l.Conv != nil {
		filters := make([]float32, len(l.Conv.plain)*runtime.NumColours)
		kernels.Repeat(filters, l.Conv.plain, b.model.Config.Hidden, runtime.NumColours)
		l.Conv.plain = filters
	}
	return all, nil
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
