// Package config is the configuration of a training run: a YAML file or a
// preset, with single keys overridden from the command line. Unknown keys,
// wrong types and impossible values are refused with the line and, for a
// typo, the nearest key there is.
package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ErrConfig is wrapped by every error about a configuration.
var ErrConfig = errors.New("invalid training configuration")

// Config decides a training run. Keys are those of the reference's
// configuration where it has one.
type Config struct {
	Preset string `yaml:"preset" doc:"name of the preset that it began as, for the record"`
	Task   string `yaml:"task" doc:"sudoku, maze, arc or grid"`
	// TaskSpec goes into the model's file.
	TaskSpec map[string]any `yaml:"task_spec" doc:"what the task's name does not say; sudoku with mixing candidates: rows, cols of the largest grid; maze: labels (directions, or path as in published models), rows, cols; grid: rows, cols, alphabet, blank, padding, rules (latin or sudoku)"`

	// The model.
	Family       runtime.Family    `yaml:"family" doc:"hrm: two levels; trm: one shared level, no q_continue"`
	Hidden       int               `yaml:"hidden_size" doc:"D, the width of a position"`
	Heads        int               `yaml:"num_heads" doc:"attention heads"`
	Expansion    float64           `yaml:"expansion" doc:"SwiGLU width is round(expansion * D * 2/3), rounded up to 256"`
	InterSize    int               `yaml:"intermediate_size" doc:"width of the SwiGLU, a multiple of 32, 0 for what expansion gives"`
	HLayers      int               `yaml:"H_layers" doc:"layers of level H (hrm only)"`
	LLayers      int               `yaml:"L_layers" doc:"layers of level L, which trm shares"`
	HCycles      int               `yaml:"H_cycles" doc:"H passes in a segment"`
	LCycles      int               `yaml:"L_cycles" doc:"L passes in an H cycle"`
	Positions    runtime.Positions `yaml:"pos_encodings" doc:"rope, rope2d (by row and column), learned or none"`
	Conv         int               `yaml:"conv" doc:"side of a depthwise convolution over the grid, an odd number, 0 for none"`
	Mixing       runtime.Mixing    `yaml:"mixing" doc:"of positions: attention, mlp_t (a SwiGLU over them), candidates (sudoku: each digit of a cell is a position, and they mix by means), colours (arc at true size: each colour of a cell is one) or none"`
	Relations    string            `yaml:"relations" doc:"sudoku: attention learns a bias for each row, column and box relation"`
	PuzzleEmbDim int               `yaml:"puzzle_emb_ndim" doc:"columns of the puzzle table, 0 for none"`
	PuzzleEmbLen int               `yaml:"puzzle_emb_len" doc:"prefix positions, 0 for ceil(puzzle_emb_ndim / D)"`
	HaltMaxSteps int               `yaml:"halt_max_steps" doc:"segments at most for one puzzle"`
	HaltRule     runtime.HaltRule  `yaml:"halt_rule" doc:"when it halts: q_halt > 0, q_halt > q_continue, or where empty what is usual: the second for hrm, the first for trm; init brings its model's"`
	HaltPool     runtime.HaltPool  `yaml:"halt_pool" doc:"what decides about halting: position 0 where empty, or softmin: the tokens that are least sure (trm)"`
	NormEps      float64           `yaml:"rms_norm_eps" doc:"added to the mean square"`
	RopeTheta    float64           `yaml:"rope_theta" doc:"base of the rotary embedding"`

	// The optimization.
	Steps          int     `yaml:"steps" doc:"optimizer steps; one step is one segment"`
	BatchSize      int     `yaml:"global_batch_size" doc:"puzzles (lanes) in a step"`
	Optimizer      string  `yaml:"optimizer" doc:"adam-atan2, adamw or muon"`
	LR             float64 `yaml:"lr" doc:"learning rate after the warm-up"`
	Warmup         int     `yaml:"lr_warmup_steps" doc:"linear warm-up"`
	Schedule       string  `yaml:"lr_schedule" doc:"constant, cosine, or wsd: constant and then a line down, which can be taken up again before it"`
	LRMinRatio     float64 `yaml:"lr_min_ratio" doc:"cosine and wsd end at lr times this"`
	DecayFrom      int     `yaml:"lr_decay_from" doc:"wsd: the step after which the rate falls, 0 for the last fifth"`
	Beta1          float64 `yaml:"beta1" doc:"decay of the gradient's mean"`
	Beta2          float64 `yaml:"beta2" doc:"decay of the gradient's mean square"`
	Eps            float64 `yaml:"eps" doc:"added to the root mean square (adamw and muon)"`
	WeightDecay    float64 `yaml:"weight_decay" doc:"decoupled"`
	PuzzleEmbLR    float64 `yaml:"puzzle_emb_lr" doc:"sign-SGD rate of the puzzle table"`
	PuzzleEmbDecay float64 `yaml:"puzzle_emb_weight_decay" doc:"decay of the puzzle table's rows in the batch"`
	Clip           float64 `yaml:"grad_clip" doc:"largest norm of the gradient, 0 for no limit"`
	Loss           string  `yaml:"loss_type" doc:"stablemax_cross_entropy or softmax_cross_entropy"`
	Smoothing      float64 `yaml:"label_smoothing" doc:"share of a label that is spread over all tokens, below 1 (cpu)"`
	Exploration    float64 `yaml:"halt_exploration_prob" doc:"chance that a puzzle must think for a random number of segments"`
	GiveUpLoss     float64 `yaml:"give_up_loss" doc:"a puzzle whose loss is above this after three segments or more is replaced: what follows a mistake teaches nothing; 0: never"`
	EMA            bool    `yaml:"ema" doc:"evaluate and export a moving average of the weights"`
	EMARate        float64 `yaml:"ema_rate" doc:"decay of that average"`
	Seed           uint64  `yaml:"seed" doc:"decides weights, order, augmentation and exploration"`

	// The data.
	Data       []Source `yaml:"data" doc:"training files: path or path=weight; a batch draws from them by weight"`
	TrainLimit int      `yaml:"train_limit" doc:"puzzles used of each training file, 0 for all"`
	Augment    bool     `yaml:"augment" doc:"draw a random symmetry of each puzzle"`
	Hints      int      `yaml:"hints" doc:"tasks with blank cells: half of the draws have up to so many of them answered, in sudokus of other sizes than 9x9 in proportion; 0 for none"`
	Generate   bool     `yaml:"generate" doc:"maze: make mazes while training, instead of data; the keys maze_* say which"`
	MazeSizes  []Size   `yaml:"maze_sizes" doc:"rows x columns, or with =weight: 30x30=2; a batch draws from them by weight"`
	MazeSteps  int      `yaml:"maze_steps" doc:"how far S is from G in 30x30: half to one and a half times this, other sizes in proportion to their cells to the power of 3/4"`
	MazeShapes float64  `yaml:"maze_shapes" doc:"share of mazes that are fields, rooms, spirals, corridors, trees, blocks and caves"`
	MazeReach  int      `yaml:"maze_reach" doc:"cells that the wave from the goal can move in a segment: until the segment in which it can have come to a cell, that is to stay as it is; 0: its step is asked from the first on"`
	MazeGrow   int      `yaml:"maze_grow" doc:"mazes drawn until all sizes are in use, the smallest first; 0: all from the start"`
	ARCTasks   []string `yaml:"arc_tasks" doc:"arc: files and folders of the tasks to answer, which are trained on their demonstrations alone, whatever their split"`
	ARCForms   int      `yaml:"arc_augmentations" doc:"arc: augmented forms of each task, on the published canvas each with a row of the puzzle table; 0 at true size: all that there are"`
	Init       string   `yaml:"init" doc:"model file (.hrm) of the same shape, cycles aside, whose weights the run begins with, empty for fresh ones"`
	Validation Files    `yaml:"validation" doc:"files of the periodic evaluation, the first of which decides about the best model (arc: the tests of split evaluation)"`

	// How it runs.
	Device             string        `yaml:"device" doc:"auto, cpu or webgpu"`
	Precision          string        `yaml:"precision" doc:"matrix products: fp32, bf16 where the device can, or auto: bf16 where that is faster; weights stay fp32"`
	Threads            int           `yaml:"threads" doc:"processor cores, 0 for all"`
	For                time.Duration `yaml:"for" doc:"end after this wall time, reading and evaluations included and all sittings of a resumed run together, and the schedule with it; 0 for steps alone"`
	LogInterval        int           `yaml:"log_interval" doc:"steps between metrics"`
	EvalInterval       int           `yaml:"eval_interval" doc:"steps between evaluations"`
	EvalLimit          int           `yaml:"eval_limit" doc:"puzzles of an evaluation, 0 for all"`
	CheckpointInterval int           `yaml:"checkpoint_interval" doc:"steps between checkpoints"`
}

// Files are paths.
type Files []string

// Source is a training file and how often puzzles are drawn from it.
type Source struct {
	Path   string  `yaml:"path"`
	Weight float64 `yaml:"weight"`
}

// Default returns what a preset or file starts from: the published
// hyper-parameters where there are any.
func Default() Config {
	return Config{
		Family: runtime.HRM, Hidden: 512, Heads: 8, Expansion: 4, HLayers: 4, LLayers: 4, HCycles: 2, LCycles: 2,
		Positions: runtime.Rope, HaltMaxSteps: 16, NormEps: 1e-5, RopeTheta: 10000,
		Steps: 10000, BatchSize: 768, Optimizer: "adam-atan2", LR: 1e-4, Warmup: 2000, Schedule: "constant", LRMinRatio: 1,
		Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, PuzzleEmbLR: 1e-2, PuzzleEmbDecay: 0.1,
		Loss: "stablemax_cross_entropy", Exploration: 0.1, EMARate: 0.999, Augment: true, ARCForms: 1000,
		MazeSizes: []Size{{30, 30, 1}}, MazeSteps: 109,
		Device: "auto", Precision: "fp32", LogInterval: 10, EvalInterval: 500, EvalLimit: 512, CheckpointInterval: 500,
	}
}

// Size is a size of mazes and its share of the draws.
type Size struct {
	Rows, Cols int
	Weight     float64
}

// PuzzleTask returns the task with its description, at the size that the model is
// for: the largest that is generated, else the task's own.
func (c *Config) PuzzleTask() (puzzle.Task, error) {
	var t puzzle.Task
	var err error
	if c.Mixing == runtime.CandidateMixing && c.Task == (puzzle.Sudokus{}).Name() {
		t, err = puzzle.Sudokus{}.Describe(c.TaskSpec)
	} else {
		t, err = puzzle.New(c.Task, c.TaskSpec)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if t.SeqLen() == 0 {
		return nil, fmt.Errorf("%w: task %s has no size: give rows and cols in task_spec", ErrConfig, c.Task)
	}
	if !c.Generate {
		return t, nil
	}
	rows, cols := 0, 0
	for _, s := range c.MazeSizes {
		if s.Rows*s.Cols > rows*cols {
			rows, cols = s.Rows, s.Cols
		}
	}
	if t, err = puzzle.Sized(t, rows, cols); err != nil {
		return nil, fmt.Errorf("%w: maze_sizes: %w", ErrConfig, err)
	}
	return t, nil
}

// Model returns the shape of the model. numPuzzles is the number of rows of
// the puzzle table that the data asks for.
func (c *Config) Model(numPuzzles int) (runtime.Config, error) {
	t, err := c.PuzzleTask()
	if err != nil {
		return runtime.Config{}, err
	}
	m := runtime.Config{
		Family: c.Family, VocabSize: t.Vocab(), SeqLen: t.SeqLen(),
		NumPuzzles: numPuzzles, PuzzleEmbDim: c.PuzzleEmbDim, PuzzleEmbLen: c.PuzzleEmbLen,
		Hidden: c.Hidden, Heads: c.Heads, Expansion: c.Expansion,
		HLayers: c.HLayers, LLayers: c.LLayers, HCycles: c.HCycles, LCycles: c.LCycles,
		Positions: c.Positions, Conv: c.Conv, Mixing: c.Mixing, InterSize: c.InterSize, Relations: c.Relations,
		HaltMaxSteps: c.HaltMaxSteps, HaltRule: c.HaltRule, HaltPool: c.HaltPool, NormEps: c.NormEps, RopeTheta: c.RopeTheta,
	}
	if rows, cols := t.Size(); rows != cols {
		m.Cols = cols
	}
	if err := m.Validate(); err != nil {
		return runtime.Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return m, nil
}
