package runtime

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// tiny returns a configuration of each family.
func tiny(family Family) Config {
	c := Config{
		Family: family, VocabSize: 11, SeqLen: 81, NumPuzzles: 3, PuzzleEmbDim: 40, Hidden: 32, Heads: 2,
		Expansion: 4, HLayers: 1, LLayers: 2, HCycles: 2, LCycles: 3, Positions: Rope,
		HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 10000,
	}
	if family == TRM {
		c.HLayers = 0
	}
	return c
}

func TestPasses(t *testing.T) {
	c := tiny(HRM)
	want := []Pass{{L, false}, {L, false}, {L, false}, {H, false}, {L, false}, {L, false}, {L, true}, {H, true}}
	if got := c.Passes(); !slices.Equal(got, want) {
		t.Errorf("hrm: %v, want %v", got, want)
	}
	c = tiny(TRM)
	want = []Pass{{L, false}, {L, false}, {L, false}, {H, false}, {L, true}, {L, true}, {L, true}, {H, true}}
	if got := c.Passes(); !slices.Equal(got, want) {
		t.Errorf("trm: %v, want %v", got, want)
	}
}

func TestPublishedParameterCount(t *testing.T) {
	c := Config{
		Family: HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8, Expansion: 4,
		HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
	}
	m, err := NewModel(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := len(m.EmbedTokens.F32) + len(m.LMHead.F32) + len(m.QHead.F32) + len(m.QBias)
	for _, l := range append(m.HLevel, m.LLevel...) {
		n += len(l.QKV.F32) + len(l.O.F32) + len(l.GateUp.F32) + len(l.Down.F32)
	}
	if n != 27_275_266 {
		t.Errorf("%d parameters, want 27,275,266", n)
	}
}

func TestNewModelStatistics(t *testing.T) {
	c := tiny(HRM)
	a, _ := NewModel(c, 1)
	b, _ := NewModel(c, 1)
	other, _ := NewModel(c, 2)
	w := a.LLevel[0].GateUp.F32
	if !slices.Equal(w, b.LLevel[0].GateUp.F32) || slices.Equal(w, other.LLevel[0].GateUp.F32) {
		t.Error("weights must depend on the seed, and on nothing else")
	}
	var sum, squares, largest float64
	for _, v := range w {
		sum += float64(v)
		squares += float64(v) * float64(v)
		largest = max(largest, math.Abs(float64(v)))
	}
	std, n := 1/math.Sqrt(32), float64(len(w))
	if got := math.Sqrt(squares / n); math.Abs(got/std-1) > 0.02 || math.Abs(sum/n) > 0.01*std {
		t.Errorf("standard deviation %v and mean %v, want %v and 0", got, sum/n, std)
	}
	if limit := 2 * std / truncatedStd; largest > limit*(1+1e-6) {
		t.Errorf("largest weight %v, want at most %v", largest, limit)
	}
}

func TestEmbed(t *testing.T) {
	c := tiny(HRM) // puzzle_emb_ndim 40 on hidden 32: two positions, 24 zeros
	c.Positions = Learned
	m, _ := NewModel(c, 3)
	for i := range m.PuzzleEmb.F32 {
		m.PuzzleEmb.F32[i] = float32(i + 1)
	}
	in := Input{Tokens: make([]int32, 81), PuzzleID: 2}
	in.Tokens[5] = 7
	x := make([]float32, c.P()*c.Hidden)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	if err := m.Embed(in, x); err != nil {
		t.Fatal(err)
	}
	at := func(p, d int) float64 { return float64(x[p*32+d]) }
	want := func(e float32, p, d int) float64 {
		return math.Sqrt(32) * 0.707106781 * (float64(e) + float64(m.EmbedPos.F32[p*32+d]))
	}
	for _, c := range []struct {
		e    float32
		p, d int
	}{{81, 0, 0}, {120, 1, 7}, {0, 1, 8}, {0, 1, 31}, {m.EmbedTokens.F32[7*32+9], 7, 9}, {m.EmbedTokens.F32[9], 82, 9}} {
		if got, w := at(c.p, c.d), want(c.e, c.p, c.d); math.Abs(got-w) > 1e-4*math.Abs(w)+1e-6 {
			t.Errorf("x[%d,%d] = %v, want %v", c.p, c.d, got, w)
		}
	}
	if n := testing.AllocsPerRun(10, func() { m.Embed(in, x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCheckInput(t *testing.T) {
	m, _ := NewModel(tiny(HRM), 1)
	for name, in := range map[string]Input{
		"short":          {Tokens: make([]int32, 80)},
		"token too high": {Tokens: append(make([]int32, 80), 11)},
		"token negative": {Tokens: append(make([]int32, 80), -1)},
		"puzzle id":      {Tokens: make([]int32, 81), PuzzleID: 3},
	} {
		if err := m.Check(in); !errors.Is(err, ErrInput) {
			t.Errorf("%s: %v, want ErrInput", name, err)
		}
	}
}

func TestStartPerturbed(t *testing.T) {
	m, _ := NewModel(tiny(TRM), 1)
	n := m.Config.P() * m.Config.Hidden
	zH, zL, zH2 := make([]float32, n), make([]float32, n), make([]float32, n)
	m.Start(Input{}, zH, zL)
	if zH[n-1] != m.HInit[31] || zL[n-1] != m.LInit[31] {
		t.Error("the start must be H_init and L_init everywhere")
	}
	m.Start(Input{Noise: 0.5, Seed: 9}, zH2, zL)
	var squares float64
	for i := range zH {
		squares += math.Pow(float64(zH2[i]-zH[i]), 2)
	}
	if std := math.Sqrt(squares / float64(n)); math.Abs(std-0.5) > 0.03 {
		t.Errorf("perturbed by %v, want 0.5", std)
	}
}

func TestRelation(t *testing.T) {
	c := tiny(TRM)
	c.Relations = "sudoku"
	p := c.Prefix()
	for _, r := range []struct{ i, j, want int }{
		{0, 80, 0}, {40, 40, 1}, {0, 8, 2}, {0, 72, 3}, {0, 2, 4}, {0, 18, 5}, {0, 10, 6}, {30, 48, 5}, {26, 27, 0},
	} {
		if got := c.Relation(c.Grid(), r.i+p, r.j+p); got != r.want || c.Relation(c.Grid(), r.j+p, r.i+p) != r.want {
			t.Errorf("cells %d and %d: class %d, want %d", r.i, r.j, got, r.want)
		}
	}
	if c.Relation(c.Grid(), 0, 30) != 7 || c.Relation(c.Grid(), 30, p-1) != 7 {
		t.Error("the prefix is class 7")
	}
}

func TestConfigValidate(t *testing.T) {
	good := tiny(HRM)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"family":    func(c *Config) { c.Family = "rnn" },
		"heads":     func(c *Config) { c.Heads = 5 },
		"no layers": func(c *Config) { c.LLayers = 0 },
		"huge":      func(c *Config) { c.Hidden = 1 << 30 },
		"positions": func(c *Config) { c.Positions = "alibi" },
		"expansion": func(c *Config) { c.Expansion = math.NaN() },
		"eps":       func(c *Config) { c.NormEps = math.Inf(1) },
		"theta":     func(c *Config) { c.RopeTheta = -1 },
		"mixing":    func(c *Config) { c.Mixing = "pooling" },
		"conv":      func(c *Config) { c.Conv = 4 },
		"cols":      func(c *Config) { c.Cols = c.SeqLen - 1 },
		"inter":     func(c *Config) { c.InterSize = 100 },
		"odd head":  func(c *Config) { c.Hidden, c.Heads = 30, 2 },
		"no table":  func(c *Config) { c.NumPuzzles = 0 },
		"relations": func(c *Config) { c.Relations = "chess" },
		"size":      func(c *Config) { c.Relations, c.SeqLen = "sudoku", 82 },
		"prefix":    func(c *Config) { c.PuzzleEmbLen = 1 },
	} {
		c := good
		change(&c)
		if err := c.Validate(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
}
