package cpu

import (
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
)

// geometry is what the kernels need to know of a grid of tokens.
type geometry struct {
	shape     runtime.Shape
	positions int // P

	cos, sin []float32         // [P, headDim/2], or nil
	rotation *kernels.Rotation // the same in bf16, which needs one without angles too
	bias     [2][]([]float32)  // by level and layer: [heads, P, P] what attention adds to scores; nil without relations
	conv     kernels.Conv      // over the tokens, or over cells that have the channels of all their colours
	units    *kernels.Units    // that candidates lie in
	turns    kernels.Turns     // with runtime.ColourMeans
}

// maxGeometries is how many grids a backend remembers.
const maxGeometries = 16

// geometry returns that of a grid, which it remembers.
func (b *Backend) geometry(s runtime.Shape) *geometry {
	b.shapes.Lock()
	defer b.shapes.Unlock()
	if g := b.geometries[s]; g != nil {
		return g
	}
	if len(b.geometries) >= maxGeometries {
		clear(b.geometries)
	}
	g := b.newGeometry(s)
	b.geometries[s] = g
	return g
}

func (b *Backend) newGeometry(s runtime.Shape) *geometry {
	c := &b.model.Config
	g := &geometry{shape: s, positions: c.PositionsOf(s), conv: kernels.Conv{Rows: s.Rows, Cols: s.Cols, D: c.Hidden, K: c.Conv}}
	switch c.Mixing {
	case runtime.CandidateMixing:
		rows, cols := s.BoxSize()
		g.units = kernels.SudokuUnits(s.Cols, rows, cols, c.Hidden)
	case runtime.ColourMixing:
		rows := s.Rows - c.Legend(s)/s.Cols
		g.units = kernels.ColourUnits(rows, s.Cols, runtime.NumColours, c.Hidden)
		g.turns = kernels.Turns{Rows: rows, Cols: s.Cols, Symbols: runtime.NumColours, D: c.Hidden}
		g.conv = kernels.Conv{Rows: rows, Cols: s.Cols, D: runtime.NumColours * c.Hidden, K: c.Conv}
	}
	g.cos, g.sin = c.RopeTable(s)
	if b.bf16 {
		g.rotation = kernels.NewRotation(g.cos, g.sin, g.positions, b.lanesAtOnce(g.positions), c.HeadDim())
	}
	if c.Relations != "" {
		classes := c.RelationTable(s)
		for _, level := range c.Networks() {
			for _, l := range b.levels[level] {
				g.bias[level] = append(g.bias[level], spread(classes, l.RelationBias.plain))
			}
		}
		if c.Network(runtime.H) == runtime.L {
			g.bias[runtime.H] = g.bias[runtime.L]
		}
	}
	return g
}

// spread returns the bias of every pair of positions [heads, P, P] from that of
// every relation [heads, NumRelations].
func spread(classes []uint8, byRelation []float32) []float32 {
	heads := len(byRelation) / runtime.NumRelations
	bias := make([]float32, 0, heads*len(classes))
	for h := range heads {
		row := byRelation[h*runtime.NumRelations:]
		for _, class := range classes {
			bias = append(bias, row[class])
		}
	}
	return bias
}

// headBias returns what a head of a layer adds to its scores [P, P], or nil.
func (g *geometry) headBias(level runtime.Level, layer, head int) []float32 {
	if g.bias[level] == nil {
		return nil
	}
	n := g.positions * g.positions
	return g.bias[level][layer][head*n : (head+1)*n]
}
