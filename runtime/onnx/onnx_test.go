package onnx

import (
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// configs are small models that between them use every part of the graph.
func configs() map[string]runtime.Config {
	base := runtime.Config{
		Family: runtime.HRM, VocabSize: 11, SeqLen: 25, NumPuzzles: 3, PuzzleEmbDim: 40, Hidden: 32, Heads: 4,
		Expansion: 4, HLayers: 1, LLayers: 2, HCycles: 2, LCycles: 2, Positions: runtime.Rope,
		HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 10000,
	}
	with := func(change func(*runtime.Config)) runtime.Config {
		c := base
		change(&c)
		return c
	}
	trm := func(c *runtime.Config) {
		c.Family, c.HLayers, c.LCycles, c.PuzzleEmbLen = runtime.TRM, 0, 3, 4
	}
	return map[string]runtime.Config{
		"hrm":             base,
		"wholeRow":        with(func(c *runtime.Config) { c.PuzzleEmbDim = 32 }),
		"noPrefix":        with(func(c *runtime.Config) { c.PuzzleEmbDim, c.SeqLen = 0, 17 }),
		"learned":         with(func(c *runtime.Config) { c.Positions = runtime.Learned }),
		"oddHead":         with(func(c *runtime.Config) { c.Positions, c.Hidden, c.Heads = runtime.NoPos, 35, 5 }),
		"relations":       with(func(c *runtime.Config) { c.Relations, c.SeqLen = "sudoku", 81 }),
		"trm":             with(trm),
		"trmEmptyPrefix":  with(func(c *runtime.Config) { trm(c); c.PuzzleEmbDim = 0 }),
		"mlpt":            with(func(c *runtime.Config) { trm(c); c.Mixing = runtime.PositionMixing }),
		"trmNoPositions":  with(func(c *runtime.Config) { trm(c); c.Positions, c.PuzzleEmbLen = runtime.NoPos, 2 }),
		"softMin":         with(func(c *runtime.Config) { trm(c); c.HaltPool = runtime.SoftMin }),
		"unevenLayers":    with(func(c *runtime.Config) { c.HLayers, c.LLayers, c.HCycles, c.LCycles = 3, 1, 1, 3 }),
		"learnedNoPrefix": with(func(c *runtime.Config) { c.Positions, c.PuzzleEmbDim = runtime.Learned, 0 }),
	}
}

// newModel returns a random model without zeros where NewModel leaves some.
// Each block changes its state a quarter as much as NewModel's: random models
// of full strength are chaotic, and double a difference with every pass.
func newModel(t testing.TB, c runtime.Config) *runtime.Model {
	t.Helper()
	m, err := runtime.NewModel(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(8, 0))
	fill := func(v []float32) {
		for i := range v {
			v[i] = float32(rng.NormFloat64()) / 4
		}
	}
	fill(m.QHead.F32)
	fill(m.PuzzleEmb.F32)
	for _, level := range [][]runtime.Layer{m.HLevel, m.LLevel} {
		for i := range level {
			fill(level[i].RelationBias.F32)
			for _, w := range []quantize.Matrix{level[i].O, level[i].Down, level[i].DownT} {
				for j := range w.F32 {
					w.F32[j] /= 4
				}
			}
		}
	}
	return m
}

// inputs returns n different puzzles.
func inputs(c *runtime.Config, n int) []runtime.Input {
	rng := rand.New(rand.NewPCG(9, 0))
	in := make([]runtime.Input, n)
	for i := range in {
		in[i] = runtime.Input{Tokens: make([]int32, c.SeqLen), PuzzleID: int32(i % c.NumPuzzles)}
		for j := range in[i].Tokens {
			in[i].Tokens[j] = int32(rng.IntN(c.VocabSize))
		}
	}
	return in
}
