package cpu

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime"
)

// network names the weights of the current pass as the reference does.
func (t *batch) network() string {
	level := t.pass.Level
	if t.b.model.Config.Family == runtime.TRM {
		level = runtime.L
	}
	return level.String() + "_level"
}

// traceStart begins a segment.
func (t *batch) traceStart() {
	t.calls = map[string]int{}
	for i := range t.rows {
		t.b.trace("layers/input_embeddings", t.rows[i].id, t.rows[i].lane.x)
	}
}

// traceData passes on the numbers of one lane in a layer.
func (t *batch) traceData(layer int, what string, k *chunk, data []float32) {
	if t.b.trace == nil {
		return
	}
	name := t.network()
	t.b.trace(fmt.Sprintf("layers/%s.%d/call%d/%s", name, layer, t.calls[name], what), k.id, data)
}

// traceGateUp passes on gates and ups in the order of the model, gates first.
func (t *batch) traceGateUp(worker int, k *chunk, z []float32, gateUp *weights) {
	if t.b.trace == nil {
		return
	}
	s, d, rows, inter := &t.b.scratch[worker], t.b.model.Config.Hidden, k.hi-k.lo, gateUp.n()/2
	data := make([]float32, rows*2*inter)
	for lo := 0; lo < inter; lo += gluBlock {
		s.multiplyRows(data[lo:], 2*inter, z, d, rows, gateUp, 2*lo, gluBlock)
		s.multiplyRows(data[inter+lo:], 2*inter, z, d, rows, gateUp, 2*lo+gluBlock, gluBlock)
	}
	t.traceData(t.layer, "gate_up", k, data)
}
