package config

import (
	"fmt"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/train"
)

// Train returns what the trainer needs. numPuzzles is the number of rows of
// the puzzle table that the data asks for.
func (c *Config) Train(numPuzzles int) (train.Config, error) {
	if err := c.Validate(); err != nil {
		return train.Config{}, err
	}
	model, err := c.Model(numPuzzles)
	if err != nil {
		return train.Config{}, err
	}
	t := train.Config{
		Spec:            train.Spec{Config: model, Lanes: c.BatchSize, Loss: c.TrainLoss(), Smooth: c.Smoothing, Optim: c.optim(), BF16: c.Precision == "bf16" || c.Precision == "auto" && kernels.BF16Pays()},
		Seed:            c.Seed,
		Steps:           int64(c.Steps),
		LR:              c.LR,
		PuzzleLR:        c.PuzzleEmbLR,
		Schedule:        train.Schedule{Warmup: int64(c.Warmup), Total: int64(c.Steps), MinRatio: 1},
		ExploreProb:     c.Exploration,
		GiveUp:          c.GiveUpLoss,
		EvaluateEvery:   int64(c.EvalInterval),
		CheckpointEvery: int64(c.CheckpointInterval),
	}
	if c.Schedule != "constant" {
		t.Schedule.MinRatio = c.LRMinRatio
	}
	if c.Schedule == "wsd" {
		t.Schedule.Stable, t.Schedule.DecayFrom = true, int64(c.DecayFrom)
	}
	if err := t.Validate(); err != nil {
		return train.Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return t, nil
}

// TrainLoss returns the cross-entropy that loss_type names.
func (c *Config) TrainLoss() train.Loss { return losses[c.Loss] }

var losses = map[string]train.Loss{
	"stablemax_cross_entropy": train.Stablemax,
	"softmax_cross_entropy":   train.Softmax,
}

func (c *Config) optim() train.Optim {
	o := train.Optim{
		Algorithm: train.Algorithm(c.Optimizer), Beta1: c.Beta1, Beta2: c.Beta2, Eps: c.Eps,
		WeightDecay: c.WeightDecay, PuzzleWeightDecay: c.PuzzleEmbDecay, ClipNorm: c.Clip,
	}
	if c.EMA {
		o.EMA = c.EMARate
	}
	return o
}
