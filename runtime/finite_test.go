package runtime

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime/weights"
)

// A model with a weight that is NaN or infinite is refused by the tensor's
// name, in every format.
func TestLoadRefusesWhatIsNotFinite(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	for name, c := range map[string]struct {
		format quantize.Format
		spoil  func(m *Model)
		tensor string
	}{
		"vector":  {quantize.F32, func(m *Model) { m.HInit[2] = float32(nan) }, "H_init: 1 of its"},
		"matrix":  {quantize.F32, func(m *Model) { m.LLevel[0].Down.F32[5] = float32(inf) }, "L_level.layers.0.mlp.down_proj.weight: 1 of its"},
		"half":    {quantize.F16, func(m *Model) { m.LMHead.Half[0], m.LMHead.Half[1] = 0x7c00, 0xfe00 }, "lm_head.weight: 2 of its"},
		"bf16":    {quantize.BF16, func(m *Model) { m.EmbedTokens.Half[3] = 0xff80 }, "embed_tokens.embedding_weight: 1 of its"},
		"a scale": {quantize.I8, func(m *Model) { m.LLevel[0].Down.Scale[1] = float32(nan) }, "L_level.layers.0.mlp.down_proj.weight.scale: 1 of its"},
	} {
		m, err := NewModel(tinyConfig(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if c.format != quantize.F32 {
			if m, _, err = m.Convert(c.format); err != nil {
				t.Fatal(err)
			}
		}
		if name == "half" || name == "bf16" {
			for _, w := range []*quantize.Matrix{&m.LMHead, &m.EmbedTokens} {
				*w = quantize.Matrix{Rows: w.Rows, Cols: w.Cols, Format: c.format, Half: make([]uint16, w.Rows*w.Cols)}
			}
		}
		c.spoil(m)
		data, err := m.Encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, err := weights.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := Load(f); !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "tensor "+c.tensor) {
			t.Errorf("%s: %v, want %q", name, err, c.tensor)
		}
	}
}

// A row of the puzzle table is looked at when a puzzle asks for it.
func TestCheckRefusesARowThatIsNotFinite(t *testing.T) {
	m, err := NewModel(tinyConfig(), 3)
	if err != nil {
		t.Fatal(err)
	}
	rows, cols := m.PuzzleEmb.Rows, m.PuzzleEmb.Cols
	half := func(f quantize.Format, bits uint16) quantize.Matrix {
		w := quantize.Matrix{Rows: rows, Cols: cols, Format: f, Half: make([]uint16, rows*cols)}
		w.Half[2*cols-1] = bits
		return w
	}
	single, scaled := quantize.NewF32(make([]float32, rows*cols), rows, cols), quantize.Matrix{Rows: rows, Cols: cols, Format: quantize.I8, I8: make([]int8, rows*cols), Scale: make([]float32, rows)}
	single.F32[2*cols-1], scaled.Scale[1] = float32(math.Inf(1)), float32(math.NaN())
	for _, table := range []quantize.Matrix{single, scaled, half(quantize.F16, 0xfc00), half(quantize.BF16, 0x7fc0)} {
		m.PuzzleEmb = table
		in := Input{Tokens: make([]int32, m.Config.SeqLen)}
		if err := m.Check(in); err != nil {
			t.Errorf("%v, row 0: %v", table.Format, err)
		}
		in.PuzzleID = 1
		if err := m.Check(in); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "row 1 of the puzzle table") {
			t.Errorf("%v, row 1: %v", table.Format, err)
		}
	}
}
