package config

import (
	"fmt"
	"reflect"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Warnings says what in a valid configuration is probably not meant, a sentence each.
func (c *Config) Warnings() []string {
	m, err := c.Model(1)
	if err != nil {
		return nil
	}
	var said []string
	if text := placeless(&m); text != "" {
		said = append(said, text)
	}
	if text := c.losesBF16(&m); text != "" {
		said = append(said, text)
	}
	if c.Schedule != "constant" && c.LRMinRatio == 1 {
		said = append(said, fmt.Sprintf("lr_min_ratio is 1: with lr_schedule %s the rate never falls", c.Schedule))
	}
	base := c.base()
	for _, k := range c.ignored(&m) {
		if k.ignored && !reflect.DeepEqual(c.Value(k.key), base.Value(k.key)) {
			said = append(said, fmt.Sprintf("%s has no effect: %s", k.key, k.why))
		}
	}
	return said
}

// placeless says what a model cannot tell apart.
func placeless(m *runtime.Config) string {
	attention := m.Has(runtime.Attention)
	switch {
	case m.Conv > 0 || m.Has(runtime.PositionSwiGLU) || m.ByCandidate() || attention && m.Relations != "":
		return ""
	case !attention:
		return "mixing is none and conv is 0: no cell sees another one, so nothing but single cells can be learned"
	case m.Positions == runtime.NoPos:
		return "pos_encodings is none, conv 0, and there are no relations: the model cannot tell where a cell is, and sees a bag of them"
	}
	return ""
}

// losesBF16 names the width on which precision bf16 founders.
func (c *Config) losesBF16(m *runtime.Config) string {
	if c.Precision != "bf16" && c.Precision != "auto" {
		return ""
	}
	const text = "precision bf16 needs even widths, but %s is %d: a processor trains in fp32"
	switch {
	case m.Hidden%2 == 1:
		return fmt.Sprintf(text, "hidden_size", m.Hidden)
	case m.Inter()%2 == 1:
		return fmt.Sprintf(text, "the width of the SwiGLU", m.Inter())
	case m.Has(runtime.Attention) && m.HeadDim()%2 == 1:
		return fmt.Sprintf(text, "hidden_size / num_heads", m.HeadDim())
	}
	return ""
}

// ignoredKey is a key that has no effect in a configuration.
type ignoredKey struct {
	key     string
	ignored bool
	why     string
}

func (c *Config) ignored(m *runtime.Config) []ignoredKey {
	attention := m.Has(runtime.Attention)
	rope := attention && (m.Positions == runtime.Rope || m.Positions == runtime.Rope2D)
	hinted := false
	if t, err := c.PuzzleTask(); err == nil {
		hinted = puzzle.BlankToken(t) > 0
	}
	evaluated := len(c.Validation) > 0 || c.Task == "arc"
	const files = "the puzzles come from files (generate: false)"
	return []ignoredKey{
		{"H_layers", c.Family == runtime.TRM, "a trm has one level, whose layers are L_layers"},
		{"num_heads", !attention, "nothing attends (mixing)"},
		{"pos_encodings", !attention && m.Positions != runtime.Learned && !m.ByCandidate(), "nothing attends (mixing)"},
		{"rope_theta", !rope, "pos_encodings is not rope"},
		{"expansion", c.InterSize > 0, "intermediate_size is set"},
		{"puzzle_emb_lr", c.PuzzleEmbDim == 0, "puzzle_emb_ndim is 0"},
		{"puzzle_emb_weight_decay", c.PuzzleEmbDim == 0, "puzzle_emb_ndim is 0"},
		{"eps", c.Optimizer == "adam-atan2", "adam-atan2 has none"},
		{"lr_min_ratio", c.Schedule == "constant", "lr_schedule is constant"},
		{"lr_decay_from", c.Schedule != "wsd", "lr_schedule is not wsd"},
		{"ema_rate", !c.EMA, "ema is false"},
		{"hints", !hinted || c.Generate, "puzzles of " + c.Task + " have no blank cells to answer"},
		{"maze_sizes", !c.Generate, files},
		{"maze_steps", !c.Generate, files},
		{"maze_shapes", !c.Generate, files},
		{"maze_grow", !c.Generate, files},
		{"maze_reach", !c.Generate, files},
		{"train_limit", c.Generate, "puzzles are made (generate: true)"},
		{"arc_augmentations", c.Task != "arc", "it is for ARC tasks"},
		{"eval_interval", !evaluated, "there is no validation"},
		{"eval_limit", !evaluated, "there is no validation"},
	}
}

// base is what the configuration began as.
func (c *Config) base() Config {
	if base, err := Preset(c.Preset); err == nil {
		return base
	}
	return Default()
}

// Value returns the value of a key, nil of one that does not exist.
func (c *Config) Value(key string) any {
	field, err := c.field(key)
	if err != nil {
		return nil
	}
	return reflect.ValueOf(field).Elem().Interface()
}
