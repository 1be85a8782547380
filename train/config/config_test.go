package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

func TestPresetsAreValid(t *testing.T) {
	for _, name := range Presets() {
		c, err := Preset(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := c.Train(1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if purpose, err := PresetPurpose(name); err != nil || len(purpose) < 20 {
			t.Errorf("%s: purpose %q, %v", name, purpose, err)
		}
	}
}

func TestPresetFilesAreListed(t *testing.T) {
	files, err := presets.ReadDir("presets")
	if err != nil || len(files) != len(presetNames) {
		t.Errorf("%d files, %d names, %v", len(files), len(presetNames), err)
	}
}

// The paper's hyper-parameters, so that a slip in the file is seen.
func TestPaperPreset(t *testing.T) {
	c, err := Preset("hrm-sudoku-1k")
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Model(1)
	if err != nil {
		t.Fatal(err)
	}
	want := runtime.Config{Family: runtime.HRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 512, Hidden: 512, Heads: 8,
		Expansion: 4, HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2, Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000}
	if m != want {
		t.Errorf("model %+v\nwant  %+v", m, want)
	}
	if m.Inter() != 1536 || m.Prefix() != 1 {
		t.Errorf("I = %d, prefix = %d", m.Inter(), m.Prefix())
	}
	if c.LR != 1e-4 || c.WeightDecay != 1 || c.BatchSize != 768 || c.Warmup != 2000 || c.Optimizer != "adam-atan2" {
		t.Errorf("optimization %+v", c)
	}
}

// Every key that the trainer has arrives there.
func TestTrain(t *testing.T) {
	c := Default()
	for _, set := range [][2]string{
		{"task", "sudoku"}, {"global_batch_size", "7"}, {"loss_type", "softmax_cross_entropy"}, {"precision", "bf16"}, {"seed", "3"},
		{"steps", "40"}, {"lr", "0.01"}, {"puzzle_emb_lr", "0.02"}, {"lr_warmup_steps", "5"}, {"lr_schedule", "cosine"}, {"lr_min_ratio", "0.1"},
		{"halt_exploration_prob", "0.3"}, {"give_up_loss", "0.6"}, {"eval_interval", "11"}, {"checkpoint_interval", "13"}, {"optimizer", "adamw"}, {"beta1", "0.8"},
		{"beta2", "0.99"}, {"eps", "1e-7"}, {"weight_decay", "0.5"}, {"puzzle_emb_weight_decay", "0.6"}, {"grad_clip", "2"}, {"ema", "true"}, {"ema_rate", "0.9"},
	} {
		if err := c.Set(set[0], set[1]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Train(1)
	if err != nil {
		t.Fatal(err)
	}
	model, err := c.Model(1)
	if err != nil {
		t.Fatal(err)
	}
	want := train.Config{
		Spec: train.Spec{Config: model, Lanes: 7, Loss: train.Softmax, BF16: true, Optim: train.Optim{
			Algorithm: train.AdamW, Beta1: 0.8, Beta2: 0.99, Eps: 1e-7, WeightDecay: 0.5, PuzzleWeightDecay: 0.6, ClipNorm: 2, EMA: 0.9}},
		Seed: 3, Steps: 40, LR: 0.01, PuzzleLR: 0.02, Schedule: train.Schedule{Warmup: 5, Total: 40, MinRatio: 0.1},
		ExploreProb: 0.3, GiveUp: 0.6, EvaluateEvery: 11, CheckpointEvery: 13,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	c.Schedule = "constant"
	if got, err := c.Train(1); err != nil || got.Schedule.MinRatio != 1 {
		t.Errorf("constant schedule: %+v, %v", got.Schedule, err)
	}
	c.Schedule, c.DecayFrom = "wsd", 30
	if got, err := c.Train(1); err != nil || got.Schedule != (train.Schedule{Warmup: 5, Total: 40, MinRatio: 0.1, Stable: true, DecayFrom: 30}) {
		t.Errorf("wsd: %+v, %v", got.Schedule, err)
	}
}

func TestYAMLRoundTrip(t *testing.T) {
	for _, name := range Presets() {
		c, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Data = []Source{{"a.csv", 1}, {"b.csv.gz", 2.5}}
		c.For, c.LR, c.Seed = 90*time.Minute, 1.25e-7, 1<<63+1
		text, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		var back Config
		if err := back.Parse(text); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if !reflect.DeepEqual(back, c) {
			t.Errorf("%+v\nwant %+v", back, c)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"task: sudoku\nlearning_rate: 1", `line 2: invalid training configuration: unknown key "learning_rate"`},
		{"weigth_decay: 1", `did you mean "weight_decay"?`},
		{"lr: 1\nhidden_size: big", `line 2: invalid training configuration: hidden_size is "big", want a whole number`},
		{"hidden_size: 1.5", "want a whole number"},
		{"lr: fast", "want a number"},
		{"lr: [1, 2]", "want a number"},
		{"ema: 3", "want true or false"},
		{"for: 3 hours", "want a duration"},
		{"lr:", "want a number"},
		{"lr: 1\nlr: 2", `key "lr" is there twice`},
		{"- lr", "want lines of"},
		{"data: [a.csv=many]", "the weight after = is no number"},
		{"data: [{path: a.csv, wieght: 2}]", `unknown key "wieght" in data`},
		{"lr: [", "invalid training configuration"},
	} {
		c := Default()
		err := c.Parse([]byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %v, want %q", test.text, err, test.want)
		}
	}
}

func TestSet(t *testing.T) {
	c := Default()
	for _, set := range [][2]string{
		{"lr", "1e-3"}, {"steps", "12"}, {"ema", "true"}, {"for", "45m"}, {"family", "trm"},
		{"data", "a.csv,b.csv=3"}, {"validation", "yes,no"}, {"seed", "18446744073709551615"},
	} {
		if err := c.Set(set[0], set[1]); err != nil {
			t.Errorf("%s=%s: %v", set[0], set[1], err)
		}
	}
	want := Default()
	want.LR, want.Steps, want.EMA, want.For, want.Family = 1e-3, 12, true, 45*time.Minute, runtime.TRM
	want.Data, want.Validation, want.Seed = []Source{{"a.csv", 1}, {"b.csv", 3}}, Files{"yes", "no"}, 1<<64-1
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v\nwant %+v", c, want)
	}
	for _, set := range [][2]string{{"lrr", "1"}, {"lr", "x"}, {"lr", ""}, {"steps", "1.5"}, {"data", "a=b"}} {
		if err := c.Set(set[0], set[1]); !errors.Is(err, ErrConfig) {
			t.Errorf("%s=%s: %v", set[0], set[1], err)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, set := range [][2]string{
		{"task", "chess"}, {"family", "gpt"}, {"hidden_size", "0"}, {"num_heads", "7"}, {"optimizer", "adam"},
		{"lr", "-1"}, {"lr", ".nan"}, {"lr", "NaN"}, {"beta2", "1"}, {"steps", "0"}, {"eval_interval", "0"}, {"for", "-1s"},
		{"loss_type", "softmax"}, {"device", "cuda"}, {"precision", "fp8"}, {"data", "a.csv=0"}, {"data", "v.csv"}, {"validation", "a,a"}, {"validation", "a,"},
		{"global_batch_size", "100000000"}, {"eps", "-1"}, {"label_smoothing", "1"},
	} {
		c, err := Preset("sudoku-cpu")
		if err != nil {
			t.Fatal(err)
		}
		c.Validation = Files{"v.csv"}
		if c.Set(set[0], set[1]) != nil {
			continue // refused even earlier
		}
		if err := c.Validate(); !errors.Is(err, ErrConfig) {
			t.Errorf("%s=%s: %v", set[0], set[1], err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("lr: 1e-3\ndata: [a=1, {path: b, weight: 2}]\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		if err := c.Parse([]byte(text)); err != nil && !errors.Is(err, ErrConfig) {
			t.Errorf("error without ErrConfig: %v", err)
		}
	})
}

// Sizes and descriptions arrive from YAML, from --set, and go back.
func TestMazeKeys(t *testing.T) {
	c, err := Preset("maze-cpu")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set("maze_sizes", "10x10=2, 30x20,12x45=0.5"); err != nil {
		t.Fatal(err)
	}
	want := []Size{{10, 10, 2}, {30, 20, 1}, {12, 45, 0.5}}
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	back := Default()
	if err := back.Parse(text); err != nil || !reflect.DeepEqual(back.MazeSizes, want) || !back.Generate {
		t.Errorf("%v, %+v from\n%s", err, back.MazeSizes, text)
	}
	if m, err := back.Model(1); err != nil || m.SeqLen != 600 || m.VocabSize != 10 {
		t.Errorf("model of %d tokens of %d, %v", m.SeqLen, m.VocabSize, err)
	}
	for _, bad := range [][2]string{
		{"maze_sizes", "10"}, {"maze_sizes", "ax3"}, {"maze_sizes", "3x3=x"}, {"maze_sizes", "1x9"}, {"maze_sizes", "9x9=0"},
		{"task_spec", "{labels: up}"}, {"task_spec", "{sides: 3}"}, {"task_spec", "directions"}, {"maze_shapes", "2"}, {"maze_steps", "0"},
		{"data", "x.csv"},
	} {
		b := c
		err := b.Set(bad[0], bad[1])
		if err == nil {
			err = b.Validate()
		}
		if !errors.Is(err, ErrConfig) {
			t.Errorf("%v: got %v", bad, err)
		}
	}
}
