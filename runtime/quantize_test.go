package runtime_test

import (
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

func smallModel(t *testing.T) *runtime.Model {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 64, Hidden: 64, Heads: 4,
		Expansion: 4, LLayers: 2, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}, 5)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConvertKeepsEmbeddingsAndHeads(t *testing.T) {
	m := smallModel(t)
	q, report, err := m.Convert(quantize.I8)
	if err != nil {
		t.Fatal(err)
	}
	if q.EmbedTokens.Format != quantize.F32 || q.LMHead.Format != quantize.F32 || q.LLevel[1].Down.Format != quantize.I8 {
		t.Error("the levels' matrices, and they alone, change format")
	}
	if m.LLevel[0].QKV.Format != quantize.F32 {
		t.Error("the model itself was changed")
	}
	if len(report) != 8 {
		t.Errorf("%d tensors in the report, want 8", len(report))
	}
	for _, e := range report {
		if e.Error.Cosine < 0.9999 || e.Error.Relative > 0.01 || e.Error.MaxAbs == 0 {
			t.Errorf("%s: %+v", e.Name, e.Error)
		}
	}
}

func TestCompareBackends(t *testing.T) {
	m := smallModel(t)
	open := func(to quantize.Format) runtime.Backend {
		q, _, err := m.Convert(to)
		if err != nil {
			t.Fatal(err)
		}
		b, err := cpu.New(q, cpu.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	in := make([]runtime.Input, 3)
	for i := range in {
		in[i].Tokens = make([]int32, 81)
		for j := range in[i].Tokens {
			in[i].Tokens[j] = int32((i*7 + j*j) % 11)
		}
	}
	f32 := open(quantize.F32)
	same, err := runtime.Compare(t.Context(), f32, f32, in, 4)
	if err != nil {
		t.Fatal(err)
	}
	if same.SameHalt != 3 || same.SameEnd != 3 || same.Segments[3].HMin < 1-1e-12 {
		t.Errorf("a backend differs from itself: %+v", same)
	}
	i8, err := runtime.Compare(t.Context(), f32, open(quantize.I8), in, 4)
	if err != nil {
		t.Fatal(err)
	}
	if c := i8.Segments[0]; c.HMin < 0.998 || c.LMin < 0.998 || c.HMean < c.HMin || c.HMin == 1 {
		t.Errorf("int8 weights after one segment: %+v, want a cosine of 0.998 and below 1", c)
	}
}
