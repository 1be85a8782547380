package reference_test

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/reference"
)

// Compute a segment in float64, to read along with docs/model.md or to compare with.
func Example() {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.HRM, VocabSize: 5, SeqLen: 4, Hidden: 32, Heads: 2, Expansion: 1, HLayers: 1, LLayers: 1,
		HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 8, NormEps: runtime.DefaultNormEps, RopeTheta: 10000,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	carry := reference.New(m).Start(runtime.Input{Tokens: []int32{1, 2, 3, 4}})
	out := carry.Segment()
	fmt.Printf("%d x %d logits, q_halt %.0f\n", len(out.Logits), len(out.Logits[0]), out.QHalt)
	// Output: 4 x 5 logits, q_halt -5
}
