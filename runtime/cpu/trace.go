package cpu

import (
	"fmt"

	"github.com/hrmgo/hrm/kernels"
)

// network names the weights of the current pass as the reference does.
func (t *batch) network() string {
	level := t.b.model.Config.Network(t.pass.Level)
	return level.String() + "_level"
}

// traceStart begins a segment.
func (t *batch) traceStart() {
	t.calls = map[string]int{}
	for i := range t.groups {
		lane := t.groups[i].lanes[0]
		t.b.trace("layers/input_embeddings", lane, t.lanes[lane].x)
	}
}

// traceData passes on the numbers of a layer. A traced group is one lane.
func (t *batch) traceData(g *group, what string, data []float32) {
	if t.b.trace == nil {
		return
	}
	name := t.network()
	t.b.trace(fmt.Sprintf("layers/%s.%d/call%d/%s", name, g.at.layer, t.calls[name], what), g.lanes[0], data)
}

// traceBF16 is traceData.
func (t *batch) traceBF16(g *group, what string, data []kernels.BF16) {
	if t.b.trace == nil {
		return
	}
	wide := make([]float32, len(data))
	kernels.ExpandBF16(wide, data)
	t.traceData(g, what, wide)
}

// traceGateUp passes on gates and ups in the order of the model, gates first.
func (t *batch) traceGateUp(g *group, x *operand, gateUp *weights) {
	if t.b.trace == nil {
		return
	}
	n := gateUp.n()
	paired, data := make([]float32, n), make([]float32, x.rows*n)
	for i := range x.rows {
		row := x.row(i)
		row.multiply(paired, n, gateUp, 0, n)
		for j := range n {
			data[i*n+j] = paired[pairOrder(j, n)]
		}
	}
	t.traceData(g, "gate_up", data)
}

// traceQKV passes on queries, keys and values in the order of the model, those of all
// heads one after the other, not rotated yet.
func (t *batch) traceQKV(g *group, qkv []float32) {
	if t.b.trace == nil {
		return
	}
	n := t.b.headWidth()
	data := make([]float32, len(qkv))
	for at := 0; at < len(qkv); at += n {
		for j := range n {
			data[at+j] = qkv[at+t.b.headOrder(j, n)]
		}
	}
	t.traceData(g, "qkv", data)
}
