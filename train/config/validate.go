package config

import (
	"fmt"
	"slices"
	"strings"
)

// Validate reports the first value that no run can have, wrapping ErrConfig.
func (c *Config) Validate() error {
	if _, err := c.Model(1); err != nil {
		return err
	}
	for _, check := range []func() error{c.validateChoices, c.validateCounts, c.validateNumbers, c.validateData} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) validateChoices() error {
	choices := []struct {
		key, value string
		of         []string
	}{
		{"optimizer", c.Optimizer, []string{"adam-atan2", "adamw", "muon"}},
		{"lr_schedule", c.Schedule, []string{"constant", "cosine", "wsd"}},
		{"loss_type", c.Loss, []string{"stablemax_cross_entropy", "softmax_cross_entropy"}},
		{"device", c.Device, []string{"auto", "cpu", "webgpu"}},
		{"precision", strings.Replace(c.Precision, "f32", "fp32", 1), []string{"fp32", "bf16", "auto"}}, // it was f32 once
	}
	for _, k := range choices {
		if !slices.Contains(k.of, k.value) {
			return fmt.Errorf("%w: %s is %q, want %s%s", ErrConfig, k.key, k.value, strings.Join(k.of, " or "), suggest(k.value, k.of))
		}
	}
	return nil
}

func (c *Config) validateCounts() error {
	counts := []struct {
		key    string
		v, min int
	}{
		{"steps", c.Steps, 1},
		{"global_batch_size", c.BatchSize, 1},
		{"lr_warmup_steps", c.Warmup, 0},
		{"lr_decay_from", c.DecayFrom, 0},
		{"train_limit", c.TrainLimit, 0},
		{"arc_augmentations", c.ARCForms, 0},
		{"hints", c.Hints, 0},
		{"maze_steps", c.MazeSteps, 1},
		{"maze_reach", c.MazeReach, 0},
		{"maze_grow", c.MazeGrow, 0},
		{"threads", c.Threads, 0},
		{"log_interval", c.LogInterval, 1},
		{"eval_interval", c.EvalInterval, 1},
		{"eval_limit", c.EvalLimit, 0},
		{"checkpoint_interval", c.CheckpointInterval, 1},
	}
	for _, k := range counts {
		if k.v < k.min {
			return fmt.Errorf("%w: %s is %d, want %d or more", ErrConfig, k.key, k.v, k.min)
		}
	}
	if c.For < 0 {
		return fmt.Errorf("%w: for is %v, want 0 or more", ErrConfig, c.For)
	}
	if c.BatchSize > 1<<20 {
		return fmt.Errorf("%w: global_batch_size is %d, want %d or less", ErrConfig, c.BatchSize, 1<<20)
	}
	return nil
}

func (c *Config) validateNumbers() error {
	numbers := []struct {
		key         string
		v, min, max float64
	}{
		{"lr", c.LR, 0, 1},
		{"lr_min_ratio", c.LRMinRatio, 0, 1},
		{"beta1", c.Beta1, 0, 1},
		{"beta2", c.Beta2, 0, 1},
		{"weight_decay", c.WeightDecay, 0, 1000},
		{"puzzle_emb_lr", c.PuzzleEmbLR, 0, 1},
		{"puzzle_emb_weight_decay", c.PuzzleEmbDecay, 0, 1000},
		{"grad_clip", c.Clip, 0, 1e9},
		{"eps", c.Eps, 0, 1},
		{"label_smoothing", c.Smoothing, 0, 0.999},
		{"halt_exploration_prob", c.Exploration, 0, 1},
		{"give_up_loss", c.GiveUpLoss, 0, 1e9},
		{"ema_rate", c.EMARate, 0, 1},
		{"maze_shapes", c.MazeShapes, 0, 1},
	}
	for _, k := range numbers {
		if !(k.v >= k.min && k.v <= k.max) {
			return fmt.Errorf("%w: %s is %v, want %v to %v", ErrConfig, k.key, k.v, k.min, k.max)
		}
	}
	if c.Beta1 == 1 || c.Beta2 == 1 {
		return fmt.Errorf("%w: beta1 and beta2 must be below 1", ErrConfig)
	}
	return nil
}

func (c *Config) validateData() error {
	if c.Generate && len(c.Data) > 0 {
		return fmt.Errorf("%w: generate makes the puzzles, but data names %s: want one of the two", ErrConfig, c.Data[0].Path)
	}
	for _, s := range c.MazeSizes {
		if !(s.Weight > 0 && s.Weight <= 1e6) {
			return fmt.Errorf("%w: maze_sizes: %dx%d has weight %v, want above 0, at most 1e6", ErrConfig, s.Rows, s.Cols, s.Weight)
		}
	}
	for _, s := range c.Data {
		if s.Path == "" {
			return fmt.Errorf("%w: data has an entry without a path", ErrConfig)
		}
		if !(s.Weight > 0 && s.Weight <= 1e6) {
			return fmt.Errorf("%w: data %s has weight %v, want above 0, at most 1e6", ErrConfig, s.Path, s.Weight)
		}
		if slices.Contains(c.Validation, s.Path) {
			return fmt.Errorf("%w: %s is both training data and validation", ErrConfig, s.Path)
		}
	}
	for i, path := range c.Validation {
		switch {
		case path == "":
			return fmt.Errorf("%w: validation has an entry without a path", ErrConfig)
		case slices.Contains(c.Validation[:i], path):
			return fmt.Errorf("%w: validation names %s twice", ErrConfig, path)
		}
	}
	return nil
}
