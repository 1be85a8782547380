package runtime

import "strings"

// IsParameter reports whether a tensor of a model file, by its name, is what
// training changes: not an initial state, the scale of an int8 tensor, the puzzle
// table or the state of training.
func IsParameter(name string) bool {
	if name == "puzzle_emb.weights" || name == "H_init" || name == "L_init" {
		return false
	}
	return !strings.HasSuffix(name, ".scale") && !strings.HasPrefix(name, TrainPrefix)
}
