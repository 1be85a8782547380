package webgpu

import (
	"errors"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

func TestOpenRefusesLabelSmoothing(t *testing.T) {
	spec := train.Spec{
		Config: runtime.Config{
			Family: runtime.TRM, VocabSize: 11, SeqLen: 9, PuzzleEmbLen: 1, Hidden: 16, Heads: 2, Expansion: 1,
			LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.NoPos, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
		},
		Lanes: 1, Loss: train.Softmax, Smooth: 0.1,
		Optim: train.Optim{Algorithm: train.AdamW, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8},
	}
	if _, err := Open(nil, spec); !errors.Is(err, train.ErrUnsupported) {
		t.Errorf("%v, want ErrUnsupported", err)
	}
}

func TestOpenRefusesColours(t *testing.T) {
	spec := train.Spec{
		Config: runtime.Config{
			Family: runtime.TRM, VocabSize: runtime.LegendPainted + 9, SeqLen: 35, Cols: 5, NumPuzzles: 1, PuzzleEmbDim: runtime.ColourBlocks * 16,
			Hidden: 16, Heads: 2, Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1,
			Mixing: runtime.ColourMixing, HaltPool: runtime.SoftMin, Positions: runtime.NoPos, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 10000,
		},
		Lanes: 1, Loss: train.Softmax, Optim: train.Optim{Algorithm: train.AdamW, Beta1: 0.9, Beta2: 0.95, Eps: 1e-8},
	}
	if _, err := Open(nil, spec); !errors.Is(err, train.ErrUnsupported) {
		t.Errorf("%v, want ErrUnsupported", err)
	}
}
