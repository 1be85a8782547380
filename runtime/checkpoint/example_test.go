package checkpoint_test

import (
	"fmt"

	"github.com/hrmgo/hrm/runtime/checkpoint"
)

// Open a checkpoint that PyTorch wrote, without executing anything in it.
func ExampleOpen() {
	// A published folder holds its configuration; this one, a small case of random
	// weights, is told it.
	arch := map[string]any{
		"name": "recursive_reasoning.trm@TinyRecursiveReasoningModel_ACTV1", "vocab_size": 7, "seq_len": 25, "num_puzzle_identifiers": 3,
		"puzzle_emb_ndim": 40, "puzzle_emb_len": 0, "hidden_size": 32, "num_heads": 2, "expansion": 4, "pos_encodings": "rope",
		"H_layers": 0, "L_layers": 1, "H_cycles": 2, "L_cycles": 3, "halt_max_steps": 4, "mlp_t": false, "no_ACT_continue": true,
		"forward_dtype": "float32",
	}
	f, err := checkpoint.Open("../golden/testdata/trm_len0", checkpoint.Options{Config: map[string]any{"arch": arch}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	fmt.Println(f.Config.Family, f.Config.Hidden, "wide;", len(f.Tensors()), "tensors")
	// Output: trm 32 wide; 11 tensors
}
