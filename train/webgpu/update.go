package webgpu

import (
	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/train"
)

// muonScale makes the root mean square of an orthogonal update that of AdamW,
// so that both have the same learning rate (Moonlight, arXiv 2502.16982).
const muonScale = 0.2

// span is a part of the flat buffers, from off on.
type span struct{ off, n int }

// byElement are the parts of the flat buffers that are updated number by
// number: all, or with Muon what lies between the matrices of the levels.
func (t *Device) byElement() (spans []span) {
	if t.spec.Optim.Algorithm != train.Muon {
		return []span{{0, t.layout.Size}}
	}
	end := -1
	for i := range t.layout.Tensors {
		s := &t.layout.Tensors[i]
		switch {
		case s.Level:
		case s.Offset == end:
			spans[len(spans)-1].n = s.Offset + s.Len() - spans[len(spans)-1].off
		default:
			spans = append(spans, span{s.Offset, s.Len()})
		}
		if !s.Level && i+1 < len(t.layout.Tensors) {
			end = t.layout.Tensors[i+1].Offset
		}
	}
	return spans
}

// newMuon groups the levels' matrices for Muon; with other optimizers there
// are no groups.
func (t *Device) newMuon() []*gpu.MuonGroup {
	if t.spec.Optim.Algorithm != train.Muon {
		return nil
	}
	var matrices []gpu.MuonMatrix
	for i := range t.layout.Tensors {
		s := &t.layout.Tensors[i]
		if !s.Level {
			continue
		}
		part := func(b *gpu.Buffer) gpu.View { return b.View(s.Offset, s.Len()) }
		matrices = append(matrices, gpu.MuonMatrix{
			W: part(t.params), G: part(t.grad), M: part(t.m), EMA: t.average(span{s.Offset, s.Len()}), Rows: s.Rows, Cols: s.Cols,
		})
	}
	return gpu.NewMuonGroups(&t.arena, matrices)
}

// update records the norm, the optimizer and the puzzle table's update.
func (t *Device) update(in *train.StepIn) {
	o, c, d := &t.spec.Optim, &t.spec.Config, t.gpu
	at := 8 * t.spec.Lanes
	d.Norm(t.result.All(), at, t.grad.All(), t.parts.All(), o.ClipNorm)
	for _, s := range t.elements {
		part := func(b *gpu.Buffer) gpu.View { return b.View(s.off, s.n) }
		d.Update(part(t.params), part(t.grad), part(t.m), part(t.v), t.average(s), t.result.All(), at, gpu.Update{
			Atan2: o.Algorithm == train.AdamAtan2, Step: in.Step, LR: in.LR, Decay: o.WeightDecay,
			Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, EMA: o.EMA,
		})
	}
	for _, g := range t.muon {
		d.Muon(g, t.result.All(), at, gpu.Muon{LR: in.LR, Decay: o.WeightDecay, Beta: o.Beta1, Scale: muonScale, EMA: o.EMA})
	}
	if t.puzzle != nil {
		d.PuzzleUpdate(t.puzzle.All(), t.puzzleGrad.All(), t.ids.All(), t.dx.All(), gpu.PuzzleUpdate{
			Dim: c.PuzzleEmbDim, Scale: 1, LR: in.PuzzleLR, Decay: o.PuzzleWeightDecay, Lanes: t.spec.Lanes, PerLane: c.P() * c.Hidden,
		})
	}
}

// average is a part of the moving average, empty where there is none.
func (t *Device) average(s span) gpu.View {
	if t.ema == nil {
		return gpu.View{}
	}
	return t.ema.View(s.off, s.n)
}
