// Package traintest checks training devices against recorded steps of the
// reference implementations and against each other. Only tests import it.
package traintest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/checkpoint"
	"github.com/hrmgo/hrm/train"
)

// Cases are the golden cases that have training data.
var Cases = []string{"hrm_a", "hrm_pad", "hrm_nopuzzle_learned", "trm_attn", "trm_mlp"}

// golden is one recorded case.
type golden struct {
	t       testing.TB
	name    string
	dir     string
	Tensors map[string]struct {
		File   string
		Offset int
		Shape  []int
	}
	Meta meta
}

type meta struct {
	LossType   string             `json:"loss_type"`
	Config     map[string]any     `json:"config"`
	Hyper      map[string]float64 `json:"train_hp"`
	PuzzleLen  int                `json:"puzzle_emb_len"`
	NormEps    float64            `json:"rms_norm_eps"`
	RopeTheta  float64            `json:"rope_theta"`
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

func openGolden(t testing.TB, name string) *golden {
	t.Helper()
	g := &golden{t: t, name: name, dir: shared.Dir(t, "golden", name)}
	data, err := os.ReadFile(filepath.Join(g.dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, g); err != nil {
		t.Fatal(err)
	}
	return g
}

// bytes returns the numbers of a tensor, four bytes each.
func (g *golden) bytes(name string) []byte {
	g.t.Helper()
	tensor, ok := g.Tensors[name]
	if !ok {
		g.t.Fatalf("%s: no tensor %q", g.name, name)
	}
	data, err := os.ReadFile(filepath.Join(g.dir, tensor.File))
	if err != nil {
		g.t.Fatal(err)
	}
	n := 4
	for _, d := range tensor.Shape {
		n *= d
	}
	return data[tensor.Offset : tensor.Offset+n]
}

func (g *golden) floats(name string) []float32 {
	g.t.Helper()
	b := g.bytes(name)
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

func (g *golden) ints(name string) []int32 {
	g.t.Helper()
	b := g.bytes(name)
	out := make([]int32, len(b)/4)
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// has reports whether a tensor was recorded.
func (g *golden) has(name string) bool {
	_, ok := g.Tensors[name]
	return ok
}

// model imports the weights that the recorded run started from.
func (g *golden) model() *runtime.Model {
	g.t.Helper()
	f, err := checkpoint.Open(filepath.Join(g.dir, "step_0"), checkpoint.Options{Config: g.Meta.Config})
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.Close()
	m, err := f.Model(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

func (g *golden) config() runtime.Config {
	num := func(name string) int { v, _ := g.Meta.Config[name].(float64); return int(v) }
	flag, _ := g.Meta.Config["mlp_t"].(bool)
	c := runtime.Config{
		Family: runtime.HRM, VocabSize: num("vocab_size"), SeqLen: num("seq_len"), NumPuzzles: num("num_puzzle_identifiers"),
		PuzzleEmbDim: num("puzzle_emb_ndim"), PuzzleEmbLen: num("puzzle_emb_len"), Hidden: num("hidden_size"),
		Heads: num("num_heads"), HLayers: num("H_layers"), LLayers: num("L_layers"), HCycles: num("H_cycles"),
		LCycles: num("L_cycles"), HaltMaxSteps: num("halt_max_steps"),
		NormEps: g.Meta.NormEps, RopeTheta: g.Meta.RopeTheta,
	}
	if flag {
		c.Mixing = runtime.PositionMixing
	}
	c.Expansion, _ = g.Meta.Config["expansion"].(float64)
	pos, _ := g.Meta.Config["pos_encodings"].(string)
	c.Positions = runtime.Positions(pos)
	if strings.HasPrefix(g.name, "trm") {
		c.Family = runtime.TRM
	}
	return c
}

// run returns the recorded run's configuration; its draws are those of log.
func (g *golden) run(log []logged, explore float64) *train.Config {
	h := g.Meta.Hyper
	loss := train.Stablemax
	if g.Meta.LossType == "softmax_cross_entropy" {
		loss = train.Softmax
	}
	return &train.Config{
		Spec: train.Spec{
			Config: g.config(), Lanes: int(h["global_batch_size"]), Loss: loss,
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
	g     *golden
	order [][2]int // step and lane of the n'th example
}

func newBatches(g *golden, log []logged) *batches {
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
