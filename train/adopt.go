package train

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// Adopt returns a model of the configuration with the weights of another. The two may
// differ in how long they think (halt_max_steps, halt_rule, halt_pool, H_cycles, L_cycles), and where no weight
// depends on the number of positions in their grids, with candidates also in their digits. names are those of the puzzle
// table's rows, nil where they have none: a row goes to its name, and one of a name that
// the other model does not know begins as the mean of its rows. An error wraps ErrSpec.
func Adopt(m *runtime.Model, c runtime.Config, names []string) (*runtime.Model, error) {
	have, want := m.Config.Map(), c.Map()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if want[key] != have[key] && !mayDiffer(key, &c, names) {
			return nil, fmt.Errorf("%w: the model has %s %v, the configuration %v", ErrSpec, key, have[key], want[key])
		}
	}
	a := *m
	a.Config = c
	if names == nil || c.PuzzleEmbDim == 0 {
		return &a, nil
	}
	known, err := m.Puzzles()
	if err != nil {
		return nil, err
	}
	a.PuzzleEmb = rowsByName(&m.PuzzleEmb, known, names)
	return &a, nil
}

// mayDiffer reports a key on which no weight depends.
func mayDiffer(key string, c *runtime.Config, names []string) bool {
	switch key {
	case "halt_max_steps", "H_cycles", "L_cycles", "halt_rule", "halt_pool":
		return true
	case "seq_len", "cols":
		return c.AnyShape()
	case "vocab_size":
		return c.Mixing == runtime.CandidateMixing
	case "num_puzzle_identifiers":
		return names != nil
	}
	return false
}

// rowsByName returns a table with the rows of another at their names.
func rowsByName(table *quantize.Matrix, known, names []string) quantize.Matrix {
	d := table.Cols
	rows, mean := table.Float32(), make([]float32, d)
	if len(known) > 1 { // row 0 is blank
		for i := 1; i < len(known); i++ {
			for k, v := range rows[i*d : (i+1)*d] {
				mean[k] += v / float32(len(known)-1)
			}
		}
	}
	at := map[string]int{}
	for i, name := range known {
		at[name] = i
	}
	out := make([]float32, len(names)*d)
	for i, name := range names {
		row := mean
		if j, ok := at[name]; ok {
			row = rows[j*d : (j+1)*d]
		}
		copy(out[i*d:], row)
	}
	return quantize.NewF32(out, len(names), d)
}
