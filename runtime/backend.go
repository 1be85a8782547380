package runtime

import "context"

// Backend runs segments of one model on one kind of processor.
type Backend interface {
	Name() string    // "cpu/avx512", "webgpu/NVIDIA H200"
	Config() *Config // of the model it runs
	// NewBatch returns a batch of empty lanes for puzzles of at most so many tokens;
	// 0: the model's own grid.
	NewBatch(lanes, tokens int) (Batch, error)
	Close() error
}

// Batch holds the carry (zH and zL) of a number of lanes, each of which thinks
// about one puzzle. One goroutine uses it at a time.
type Batch interface {
	// Reset puts a new puzzle with fresh zH and zL into a lane. The lanes of a
	// batch may hold grids of different shapes.
	Reset(lane int, in Input) error
	// Step runs one segment on the given lanes, which must differ, and fills
	// out in their order. It looks at ctx once per pass; after an error the
	// lanes must be Reset before they are used again.
	Step(ctx context.Context, lanes []int, out *Output) error
	Close() error
}

// Input is one puzzle.
type Input struct {
	Tokens     []int32 // [S], each below Config.VocabSize, or see Config.Vocabulary
	Rows, Cols int     // of the grid that the tokens fill; 0, 0: the model's own
	PuzzleID   int32   // row of the puzzle table; 0 where there is one task only

	// Noise perturbs the start: every number of zH and zL gets Noise times a
	// normal draw from Seed. 0 is the start that training used.
	Noise float32
	Seed  uint64
}

// Output is what the host looks at between two segments, for n lanes.
// Step sizes the slices with Output.Resize.
type Output struct {
	WantLogits bool // set by the caller: fill Logits too

	Stride    int       // T: tokens of the largest puzzle of the batch; a smaller one fills the front of its row
	Vocab     int       // V: Config.Vocabulary of T
	Tokens    []int32   // [n, T] the most likely token of each position, the first on a tie
	Logits    []float32 // [n, T, V], only with WantLogits
	QHalt     []float32 // [n]
	QContinue []float32 // [n]
}

// Resize makes room for n lanes of at most so many tokens (0: the model's own
// grid), and allocates only when it must.
func (o *Output) Resize(n, tokens int, c *Config) {
	if tokens == 0 {
		tokens = c.SeqLen
	}
	o.Stride, o.Vocab = tokens, c.Vocabulary(tokens)
	o.Tokens = resize(o.Tokens, n*tokens)
	o.QHalt = resize(o.QHalt, n)
	o.QContinue = resize(o.QContinue, n)
	if o.WantLogits {
		o.Logits = resize(o.Logits, n*tokens*o.Vocab)
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// StateReader is a Batch that can copy out its carry, for tests and for
// comparing two backends.
type StateReader interface {
	// State copies a lane's zH and zL, each [P, D] with the P of its puzzle.
	State(lane int, zH, zL []float32) error
}
