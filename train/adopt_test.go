package train

import (
	"errors"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

func named(t *testing.T, c runtime.Config, names ...string) *runtime.Model {
	t.Helper()
	m, err := runtime.NewModel(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.PuzzleEmb.F32 {
		m.PuzzleEmb.F32[i] = float32(i / m.PuzzleEmb.Cols)
	}
	text, err := runtime.NamePuzzles(names)
	if err != nil {
		t.Fatal(err)
	}
	m.Meta = map[string]string{runtime.MetaPuzzles: text}
	return m
}

func tableConfig(rows int) runtime.Config {
	return runtime.Config{Family: runtime.TRM, VocabSize: 5, SeqLen: 4, NumPuzzles: rows, PuzzleEmbDim: 4, Hidden: 4, Heads: 1,
		Expansion: 1, InterSize: 32, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope2D, HaltMaxSteps: 2, NormEps: 1e-5, RopeTheta: 1e4}
}

func TestAdopt(t *testing.T) {
	m := named(t, tableConfig(4), "<blank>", "a", "b", "c")
	c := tableConfig(3)
	c.SeqLen, c.Cols, c.HaltMaxSteps = 6, 3, 9
	got, err := Adopt(m, c, []string{"<blank>", "c", "new"})
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{0, 0, 0, 0, 3, 3, 3, 3, 2, 2, 2, 2} // that of c, and the mean of 1, 2 and 3
	if !slices.Equal(got.PuzzleEmb.F32, want) || got.PuzzleEmb.Rows != 3 {
		t.Errorf("the table is %v, want %v", got.PuzzleEmb.F32, want)
	}
	if !slices.Equal(got.EmbedTokens.F32, m.EmbedTokens.F32) || got.Config.SeqLen != 6 {
		t.Error("the weights are not those of the model")
	}
	spec := Spec{Config: c, Lanes: 1, Loss: Softmax, Optim: Optim{Algorithm: AdamW, Beta1: 0.9, Beta2: 0.9}}
	if err := NewEmptyState(&spec).SetModel(&spec, got); err != nil {
		t.Error(err)
	}
}

func TestAdoptRefuses(t *testing.T) {
	m := named(t, tableConfig(2), "<blank>", "a")
	wide, table, learned := tableConfig(2), tableConfig(3), tableConfig(2)
	wide.Hidden, learned.Positions = 8, runtime.Learned
	for name, c := range map[string]runtime.Config{"another width": wide, "rows without names": table, "another embedding": learned} {
		if _, err := Adopt(m, c, nil); !errors.Is(err, ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	of4 := named(t, learned, "<blank>", "a")
	learned.SeqLen = 9
	if _, err := Adopt(of4, learned, nil); !errors.Is(err, ErrSpec) {
		t.Errorf("learned positions of another grid: %v", err)
	}
}
