package gpu

import (
	"errors"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// A kind of sublayer without code refuses itself, before anything is uploaded.
func TestKindWithoutCode(t *testing.T) {
	kept := sublayers
	defer func() { sublayers = kept }()
	sublayers[runtime.Convolution] = sublayer{}
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 5, SeqLen: 9, Hidden: 8, Heads: 2, Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1,
		Conv: 3, Mixing: runtime.NoMixing, Positions: runtime.NoPos, HaltMaxSteps: 1, NormEps: 1e-5, RopeTheta: 1e4,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(nil, m); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "convolution") {
		t.Errorf("got %v, want ErrLimit and the kind", err)
	}
}

// Colours have no shaders.
func TestColoursAreRefused(t *testing.T) {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: runtime.LegendPainted + 9, SeqLen: 35, Cols: 5, NumPuzzles: 1, Hidden: 8, Heads: 2, Expansion: 1,
		LLayers: 1, HCycles: 1, LCycles: 1, PuzzleEmbDim: runtime.ColourBlocks * 8,
		Mixing: runtime.ColourMixing, HaltPool: runtime.SoftMin, Positions: runtime.NoPos, HaltMaxSteps: 1, NormEps: 1e-5, RopeTheta: 1e4,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(nil, m); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "means over colours") {
		t.Errorf("got %v, want ErrLimit and the kind", err)
	}
}
