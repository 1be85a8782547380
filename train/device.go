package train

import (
	"context"
	"errors"

	"github.com/hrmgo/hrm/runtime"
)

// IgnoreLabel marks a position without a label.
const IgnoreLabel int32 = -100

// LabelFrom returns a label that comes late: until a segment of the puzzle, counted from
// 1, the position is to say its own token of the input, "not known yet", and from then
// on the label's, or nothing where that is IgnoreLabel. Whether a puzzle is solved, the
// target of q_halt, asks of such a position what it said first that is not its own token,
// because that is kept (runtime.Options.Latch): see Said. It is for models that mix near
// positions alone, in which an answer spreads: what it cannot have reached yet would
// be guessed, and a guess looks like an answer to its neighbours.
func LabelFrom(label int32, segment int) int32 {
	if label == IgnoreLabel {
		label = noLabel
	}
	return label | int32(min(segment, lastFrom))<<labelBits
}

// Said returns a late label with a note of what its position said first that is not its
// own token; any other label as it is.
func Said(label, own, token int32) int32 {
	switch {
	case label < 0 || from(label) == 0 || label&(saidRight|saidWrong) != 0 || token == own:
		return label
	case token == Final(label):
		return label | saidRight
	}
	return label | saidWrong
}

// Right tells whether a position that says a token, which is noted already, counts as
// right.
func Right(label, token int32) bool {
	if label >= 0 && from(label) > 0 {
		return label&saidRight != 0 && Final(label) >= 0
	}
	return label >= 0 && token == Final(label)
}

func from(label int32) int32 { return label >> labelBits & lastFrom }

// Final returns the token that a label asks for in the end, or IgnoreLabel.
func Final(label int32) int32 {
	if token := label & noLabel; label >= 0 && token != noLabel {
		return token
	}
	return IgnoreLabel
}

// Asked returns what a position with a token of its own is to say in a segment, or
// IgnoreLabel.
func Asked(label, own, segment int32) int32 {
	if label >= 0 && from(label) > segment {
		return own
	}
	return Final(label)
}

// CountAsked returns how many positions are asked for something in a segment.
func CountAsked(labels, own []int32, segment int32) (n int) {
	for i, l := range labels {
		if Asked(l, own[i], segment) >= 0 {
			n++
		}
	}
	return n
}

// A label has its token in the lower labelBits, of which noLabel stands for none, then the
// segment from which it is asked, at most lastFrom, and two notes of what was said. The
// shader loss.wgsl knows this too.
const (
	labelBits = 16
	noLabel   = 1<<labelBits - 1
	lastFrom  = 1<<13 - 1
	saidRight = 1 << 29
	saidWrong = 1 << 30
)

var (
	// ErrUnsupported is returned by a device that is asked for something it
	// does not have, such as an optimizer.
	ErrUnsupported = errors.New("not supported by this training device")
	// ErrSpec is wrapped by every error about a training specification.
	ErrSpec = errors.New("invalid training specification")
	// ErrDiverged is returned when a loss or gradient is no longer finite.
	ErrDiverged = errors.New("training diverged")
	// ErrState is returned for a state that does not fit the specification.
	ErrState = errors.New("state does not fit the training specification")
)

// Device holds the weights, the carry and the current puzzles of its lanes,
// the gradient (one flat buffer) and the optimizer's state, and does whole
// optimizer steps. One goroutine uses it at a time. After an error of Step its
// state is undefined until the next Load.
type Device interface {
	Name() string // "cpu/avx512", "webgpu/NVIDIA H200"

	// Step refills lanes, runs one segment on every lane, sums the losses,
	// and updates the weights. What it computes is written at StepIn and
	// StepOut; ctx is looked at least once per pass.
	Step(ctx context.Context, in *StepIn, out *StepOut) error

	// Load replaces everything that the device holds. It copies.
	Load(s *State) error
	// Save copies everything that the device holds into s, whose slices it
	// allocates where they have the wrong length.
	Save(s *State) error
	// Gradient copies the gradient of the last step, as it was before
	// clipping: dense [Layout.Size] and puzzle [lanes, PuzzleEmbDim], one row
	// per lane. A nil slice is left out.
	Gradient(dense, puzzle []float32) error

	Close() error
}

// Loss names the cross-entropy over a position's logits.
type Loss string

const (
	// Stablemax is s(x) = x+1 for x >= 0, 1/(1-x) for x < 0, with
	// probabilities s / sum s, computed in float64 where there is one.
	Stablemax Loss = "stablemax"
	// Softmax is the usual exponential one.
	Softmax Loss = "softmax"
)

// Algorithm names an optimizer of the dense weights. The puzzle table always
// has sign-SGD.
type Algorithm string

const (
	// AdamAtan2 has no epsilon; with g the gradient and t the step from 1
	//
	//	p *= 1 - lr*wd
	//	m  = m + (1-b1)*(g-m)
	//	v  = b2*v + (1-b2)*g*g
	//	p -= lr/(1-b1^t) * atan2(m, sqrt(v)/sqrt(1-b2^t))
	AdamAtan2 Algorithm = "adam-atan2"
	// AdamW has the same moments and
	//
	//	p -= lr * (m/(1-b1^t)) / (sqrt(v/(1-b2^t)) + eps)
	AdamW Algorithm = "adamw"
	// Muon orthogonalises the momentum of every matrix of the levels by five
	// Newton-Schulz iterations; all other weights have AdamW.
	Muon Algorithm = "muon"
)

// Optim is what an optimizer needs beyond the learning rates.
type Optim struct {
	Algorithm         Algorithm
	Beta1, Beta2      float64
	Eps               float64 // AdamW and Muon
	WeightDecay       float64
	PuzzleWeightDecay float64
	ClipNorm          float64 // gradients of a larger 2-norm are scaled down to it; 0: never
	EMA               float64 // rate of the moving average of the dense weights, 0.999; 0: none
}

// Spec is what a device is opened for; it stays the same for a whole run.
type Spec struct {
	Config runtime.Config
	Lanes  int
	Batch  int // the loss is divided by it; 0: Lanes. More than Lanes when several devices share a step
	Loss   Loss
	Smooth float64 // label smoothing: the share of a label that is spread over the vocabulary
	Optim  Optim
	BF16   bool // multiply matrices in bfloat16 where the device can; weights and sums stay float32
}

// Refill puts a new puzzle with fresh zH and zL into a lane. Where the weights allow
// it (runtime.Config.AnyShape) its grid may be of any shape of at most SeqLen tokens.
type Refill struct {
	Lane   int
	Input  runtime.Input
	Labels []int32 // one for each token, IgnoreLabel where there is none
}

// StepIn is what the host decided for one step.
type StepIn struct {
	Step     int64 // t, from 1
	LR       float64
	PuzzleLR float64
	Refill   []Refill
	// Segment is the number of this segment in the thought about a lane's puzzle, from
	// 1. At the last one (see Last) the target of q_continue is sigmoid(q_halt) of the
	// segment after it, before that sigmoid(max(q_halt, q_continue)).
	Segment []int32 // [lanes]
}

// Last tells whether a lane is at halt_max_steps.
func (in *StepIn) Last(c *runtime.Config, lane int) bool {
	return int(in.Segment[lane]) >= c.HaltMaxSteps
}

// StepOut is what the host looks at after a step, all of it before the update.
// The loss whose gradient the device follows is
//
//	1/Batch * sum over lanes of LM + 0.5*(BCE(QHalt, Correct == Labelled) + BCE(QContinue, QTarget))
//
// where HRM alone has the q_continue term, and a lane without labels counts as
// correct and has LM 0.
type StepOut struct {
	LM        []float32 // [lanes] mean cross-entropy over the positions that are asked in this segment, see Asked
	QHalt     []float32 // [lanes] logits
	QContinue []float32 // [lanes] logits
	QTarget   []float32 // [lanes] target of q_continue, a probability; where Spec.Continues
	Correct   []int32   // [lanes] labelled positions whose most likely token (first on a tie) is Right
	Labelled  []int32   // [lanes] positions with a Final label
	GradNorm  float64   // 2-norm of the dense gradient before clipping
}

// Resize makes room for n lanes, and allocates only when it must.
func (o *StepOut) Resize(n int) {
	o.LM = resize(o.LM, n)
	o.QHalt = resize(o.QHalt, n)
	o.QContinue = resize(o.QContinue, n)
	o.QTarget = resize(o.QTarget, n)
	o.Correct = resize(o.Correct, n)
	o.Labelled = resize(o.Labelled, n)
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// State is everything that a device holds: what a checkpoint keeps and what
// Load and Save move. Dense buffers are laid out by NewLayout.
type State struct {
	Params []float32 // [Layout.Size]
	M, V   []float32 // [Layout.Size] moments
	EMA    []float32 // [Layout.Size], Optim.EMA > 0 only
	HInit  []float32 // [D], not trained
	LInit  []float32 // [D], not trained
	Puzzle []float32 // [NumPuzzles, PuzzleEmbDim]

	// Of every lane. A puzzle smaller than the configuration's grid fills the front of
	// its row.
	ZH, ZL    []float32 // [lanes, P, D]
	Tokens    []int32   // [lanes, S]
	Labels    []int32   // [lanes, S]
	Shapes    []int32   // [lanes, 2] rows and columns
	PuzzleIDs []int32   // [lanes]
}

// Shape returns the grid of a lane's puzzle.
func (st *State) Shape(c *runtime.Config, lane int) runtime.Shape {
	s := runtime.Shape{Rows: int(st.Shapes[2*lane]), Cols: int(st.Shapes[2*lane+1])}
	if s == (runtime.Shape{}) {
		return c.Grid()
	}
	return s
}

// LaneTokens and LaneLabels are those of a lane's puzzle.
func (st *State) LaneTokens(c *runtime.Config, lane int) []int32 {
	return st.Tokens[lane*c.SeqLen:][:st.Shape(c, lane).Len()]
}

func (st *State) LaneLabels(c *runtime.Config, lane int) []int32 {
	return st.Labels[lane*c.SeqLen:][:st.Shape(c, lane).Len()]
}

// SetExample puts a puzzle into a lane, without its carry. What is left of a row is
// token 0 without a label.
func (st *State) SetExample(c *runtime.Config, lane int, in runtime.Input, labels []int32) {
	tokens, all := st.Tokens[lane*c.SeqLen:][:c.SeqLen], st.Labels[lane*c.SeqLen:][:c.SeqLen]
	clear(tokens[copy(tokens, in.Tokens):])
	for i := copy(all, labels); i < len(all); i++ {
		all[i] = IgnoreLabel
	}
	s := c.Shape(in)
	st.Shapes[2*lane], st.Shapes[2*lane+1] = int32(s.Rows), int32(s.Cols)
	st.PuzzleIDs[lane] = in.PuzzleID
}
