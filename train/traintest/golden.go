// Package traintest checks training devices against recorded steps of the
// reference implementations and against each other. Only tests import it.
package traintest

import (
	"fmt"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/golden"
	"github.com/hrmgo/hrm/train"
)

// Cases are the golden cases that have training data.
var Cases = []string{"hrm_a", "hrm_pad", "hrm_nopuzzle_learned", "trm_attn", "trm_mlp"}

// recorded is one case, with what it says about training.
type recorded struct {
	*golden.Case
	t    testing.TB
	name string
	Meta meta
}

type meta struct {
	LossType   string             `json:"loss_type"`
	Hyper      map[string]float64 `json:"train_hp"`
	EMARate    float64            `json:"ema_rate"`
	Log        []logged           `json:"train_log"`
	ExploreLog []logged           `json:"train_explore_log"`
	Explore    float64            `json:"train_explore_prob"`
}

// logged is what the reference recorded of one training step.
type logged struct {
	Step      int64
	Loss      float64
	LRs       []float64
	Halted    []bool
	RandU     []float64 `json:"rand_u"`
	RandMin   []int32   `json:"rand_min_steps"`
	QHalt     []float64 `json:"q_halt"`
	QContinue []float64 `json:"q_continue"`
	QTarget   []float64 `json:"target_q_continue"`
	Metrics   map[string]float64
}

func openGolden(t testing.TB, name string) *recorded {
	t.Helper()
	c, err := golden.Open(shared.Dir(t, "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	g := &recorded{Case: c, t: t, name: name}
	if err := c.Meta(&g.Meta); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *recorded) floats(name string) []float32 {
	g.t.Helper()
	v, _, err := g.Float32(name)
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

func (g *recorded) ints(name string) []int32 {
	g.t.Helper()
	v, _, err := g.Int32(name)
	if err != nil {
		g.t.Fatal(err)
	}
	return v
}

// model imports the weights that the recorded run started from.
func (g *recorded) model() *runtime.Model {
	g.t.Helper()
	m, err := g.Model(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

// run returns the recorded run's configuration; its draws are those of log.
func (g *recorded) run(log []logged, explore float64) *train.Config {
	h := g.Meta.Hyper
	loss := train.Stablemax
	if g.Meta.LossType == "softmax_cross_entropy" {
		loss = train.Softmax
	}
	return &train.Config{
		Spec: train.Spec{
			Config: g.model().Config, Lanes: int(h["global_batch_size"]), Loss: loss,
			Optim: train.Optim{
				Algorithm: train.AdamAtan2, Beta1: h["beta1"], Beta2: h["beta2"], WeightDecay: h["weight_decay"],
				PuzzleWeightDecay: h["puzzle_emb_weight_decay"], EMA: g.Meta.EMARate,
			},
		},
		Steps: int64(len(log)), LR: h["lr"], PuzzleLR: h["puzzle_emb_lr"],
		Schedule: train.Schedule{Warmup: int64(h["lr_warmup_steps"]), Total: int64(h["total_steps"]), MinRatio: h["lr_min_ratio"]},
		Explore: func(step int64, lane int) int32 {
			if l := log[step-1]; l.RandU[lane] < explore {
				return l.RandMin[lane]
			}
			return 0
		},
	}
}

// batches is the recorded stream of examples: a lane that is refilled at a
// step gets its row of that step's batch, as in the reference.
type batches struct {
	g     *recorded
	order [][2]int // step and lane of the n'th example
}

func newBatches(g *recorded, log []logged) *batches {
	b := &batches{g: g}
	for i := range log {
		for lane := range log[i].Halted {
			if i == 0 || log[i-1].Halted[lane] {
				b.order = append(b.order, [2]int{i + 1, lane})
			}
		}
	}
	return b
}

func (b *batches) Example(n int64, in *runtime.Input, labels []int32) error {
	if n >= int64(len(b.order)) {
		return fmt.Errorf("more lanes halted than in the recorded run")
	}
	step, lane, s := b.order[n][0], b.order[n][1], len(labels)
	name := fmt.Sprintf("batch%d/", step)
	copy(in.Tokens, b.g.ints(name + "inputs")[lane*s:])
	copy(labels, b.g.ints(name + "labels")[lane*s:])
	in.PuzzleID = b.g.ints(name + "puzzle_identifiers")[lane]
	return nil
}
