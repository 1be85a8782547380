package runtime

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime/weights"
)

// A table of many rows keeps its names in the model's file.
func TestPuzzles(t *testing.T) {
	const rows = 1 << 17
	m, err := NewModel(Config{Family: TRM, VocabSize: 4, SeqLen: 4, NumPuzzles: rows, PuzzleEmbDim: 1, Hidden: 4, Heads: 1, Expansion: 1,
		InterSize: 32, LLayers: 1, HCycles: 1, LCycles: 1, Positions: Rope2D, HaltMaxSteps: 1, NormEps: 1e-5, RopeTheta: 1e4}, 1)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, rows)
	for i := range names {
		names[i] = fmt.Sprintf("task %d, \"quoted\"", i)
	}
	text, err := NamePuzzles(names)
	if err != nil {
		t.Fatal(err)
	}
	m.Meta = map[string]string{MetaPuzzles: text}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := back.Puzzles(); err != nil || !slices.Equal(got, names) {
		t.Errorf("%d names, %v", len(got), err)
	}
	back.Meta[MetaPuzzles] += "\none too many"
	if _, err := back.Puzzles(); !errors.Is(err, ErrConfig) {
		t.Errorf("a name too many: %v", err)
	}
	if _, err := NamePuzzles([]string{"a", "b\nc"}); !errors.Is(err, ErrConfig) {
		t.Errorf("a line break: %v", err)
	}
	delete(back.Meta, MetaPuzzles)
	if got, err := back.Puzzles(); got != nil || err != nil {
		t.Errorf("no names: %q, %v", got, err)
	}
}
