package config

import (
	"strings"
	"testing"
)

// What is probably not meant is said, once; the presets mean what they say.
func TestWarnings(t *testing.T) {
	for _, name := range Presets() {
		c, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if c.Task != "arc" {
			c.Validation = Files{"v.csv"}
		}
		if said := c.Warnings(); len(said) > 0 {
			t.Errorf("%s: %q", name, said)
		}
	}
	for _, test := range []struct{ preset, sets, want string }{
		{"sudoku-cpu", "relations=", "cannot tell where a cell is"},
		{"sudoku-cpu", "relations= pos_encodings=rope", ""},
		{"sudoku-cpu", "relations= conv=3", ""},
		{"sudoku-cpu", "relations= mixing=mlp_t", ""},
		{"sudoku-cpu", "relations= mixing=none", "no cell sees another one"},
		{"sudoku-candidates", "", ""},
		{"sudoku-cpu", "hidden_size=60 num_heads=4", "even widths, but hidden_size / num_heads is 15"},
		{"sudoku-cpu", "hidden_size=60 num_heads=4 precision=fp32", ""},
		{"sudoku-cpu", "H_layers=2", "H_layers has no effect: a trm has one level"},
		{"sudoku-cpu", "H_layers=2 family=hrm", ""},
		{"sudoku-cpu", "maze_steps=10", "maze_steps has no effect: the puzzles come from files"},
		{"sudoku-cpu", "ema_rate=0.9", "ema_rate has no effect: ema is false"},
		{"sudoku-cpu", "ema_rate=0.9 ema=true", ""},
		{"sudoku-cpu", "eps=1e-6", ""},
		{"sudoku-cpu", "eps=1e-6 optimizer=adam-atan2", "eps has no effect"},
		{"sudoku-cpu", "lr_schedule=constant lr_min_ratio=0.5", "lr_min_ratio has no effect"},
		{"sudoku-cpu", "validation= eval_interval=7", "eval_interval has no effect: there is no validation"},
		{"sudoku-cpu", "puzzle_emb_lr=0.5", "puzzle_emb_ndim is 0"},
		{"sudoku-cpu", "arc_augmentations=5", "it is for ARC tasks"},
		{"maze-cpu", "num_heads=2", "num_heads has no effect: nothing attends"},
		{"maze-cpu", "hints=9", "puzzles of maze have no blank cells"},
		{"maze-cpu", "expansion=2", "expansion has no effect: intermediate_size is set"},
		{"maze-cpu", "train_limit=9", "puzzles are made"},
	} {
		c, err := Preset(test.preset)
		if err != nil {
			t.Fatal(err)
		}
		c.Validation = Files{"v.csv"}
		for set := range strings.FieldsSeq(test.sets) {
			key, value, _ := strings.Cut(set, "=")
			if err := c.Set(key, value); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", test.sets, err)
		}
		said := c.Warnings()
		if got := strings.Join(said, "\n"); len(said) > 1 || (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s %s: %q, want %q", test.preset, test.sets, said, test.want)
		}
	}
}

// A validation is a file, a list, or nothing, in YAML and from --set, and comes back.
func TestValidationFiles(t *testing.T) {
	for text, want := range map[string]int{"validation: a.csv\n": 1, "validation: [a.csv, b.csv]\n": 2, "validation: \"\"\n": 0, "validation: []\n": 0} {
		c := Default()
		if err := c.Parse([]byte(text)); err != nil || len(c.Validation) != want {
			t.Errorf("%q: %q, %v", text, c.Validation, err)
		}
		again := Default()
		if yaml, err := c.YAML(); err != nil {
			t.Error(err)
		} else if err := again.Parse(yaml); err != nil || len(again.Validation) != want {
			t.Errorf("%q comes back as %q: %v", text, again.Validation, err)
		}
	}
	c := Default()
	if err := c.Parse([]byte("validation: {a: b}\n")); err == nil || !strings.Contains(err.Error(), "a file or a list of files") {
		t.Errorf("map: %v", err)
	}
	for _, precision := range []string{"f32", "fp32", "bf16", "auto"} {
		c, _ := Preset("sudoku-cpu")
		if err := c.Set("precision", precision); err != nil || c.Validate() != nil {
			t.Errorf("precision %s: %v, %v", precision, err, c.Validate())
		}
	}
}
