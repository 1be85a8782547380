package golden

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/runtime"
)

// ErrDisagree is wrapped by Report.Err.
var ErrDisagree = errors.New("the backend does not agree with the reference")

// What the same reference keeps with another BLAS: the absolute error of the
// layers and the first segment, and of later ones, in which the recurrence
// amplifies rounding.
//
// A reference that computed in bfloat16 lies further away from any float32
// run, the reference's own included: its logits 0.025 in the first segment and
// 0.101 in the fourth, its states, which are larger, 0.17.
const (
	BoundFirst         = 5e-5
	BoundLater         = 1e-3
	BoundBFloat16      = 0.11 // logits and q values
	BoundBFloat16State = 0.2  // layers and states
)

// Result is the largest absolute error of one tensor.
type Result struct {
	Name  string
	Error float64 // NaN when either side is no number
	Bound float64
}

// OK reports whether the error keeps its bound.
func (r Result) OK() bool { return r.Error <= r.Bound }

// Report is how a backend compares with a reference.
type Report struct {
	Backend string
	Results []Result // in the order of the computation; lanes of a tensor together

	Tokens      int // compared, over puzzles and segments; in bfloat16 those that are no near tie
	WrongTokens int // where the most likely token differs
	Halts       int // halting decisions compared
	WrongHalts  int // that differ
	Untraced    int // layer tensors that the backend did not show
}

// Err returns nil when every tensor keeps its bound and all tokens and halting
// decisions are equal, else an error wrapping ErrDisagree that says what is
// not.
func (r *Report) Err() error {
	var wrong []string
	for _, t := range r.Results {
		if !t.OK() {
			wrong = append(wrong, fmt.Sprintf("%s is off by %.3g, bound %.3g", t.Name, t.Error, t.Bound))
		}
	}
	if r.WrongTokens > 0 {
		wrong = append(wrong, fmt.Sprintf("%d of %d tokens differ", r.WrongTokens, r.Tokens))
	}
	if r.WrongHalts > 0 {
		wrong = append(wrong, fmt.Sprintf("%d of %d halting decisions differ", r.WrongHalts, r.Halts))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("golden: %w: %s", ErrDisagree, strings.Join(wrong, "; "))
}

// Trace receives the numbers of a layer, see cpu.Options.Trace.
type Trace func(name string, lane int, data []float32)

// Verify runs the case on the backend that open makes of its model. A backend
// that calls trace has its layers compared too.
func (c *Case) Verify(ctx context.Context, open func(m *runtime.Model, trace Trace) (runtime.Backend, error)) (*Report, error) {
	m, err := c.Model(ctx)
	if err != nil {
		return nil, err
	}
	return c.verify(ctx, &verifier{c: c, config: &m.Config}, m, open)
}

// VerifyModel runs a case that has no weights on those of a model. Trained weights make
// larger numbers than those of the cases that the bounds were found with: a bound is
// here multiplied with the largest number of its tensor, where that is above one, and
// tokens that lead by less than twice the bound are not compared. The error wraps
// ErrCase where the case was made with a model of another shape.
func (c *Case) VerifyModel(ctx context.Context, m *runtime.Model, open func(m *runtime.Model, trace Trace) (runtime.Backend, error)) (*Report, error) {
	if err := c.fits(&m.Config); err != nil {
		return nil, err
	}
	return c.verify(ctx, &verifier{c: c, config: &m.Config, scaled: true}, m, open)
}

// fits reports a field of the model's configuration that the case's contradicts.
func (c *Case) fits(config *runtime.Config) error {
	has := config.Map()
	for _, name := range slices.Sorted(maps.Keys(c.meta.Config)) {
		want := c.meta.Config[name]
		got, known := has[name]
		if !known || name == "puzzle_emb_len" || name == "H_layers" && config.Family == runtime.TRM {
			continue // what the families leave out or derive
		}
		if n, is := got.(int); is {
			got = float64(n) // as JSON has it
		}
		if got != want && fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("golden: %s: %w of this model: it was made with %s %v, the model has %v", c.Dir, ErrCase, name, want, got)
		}
	}
	return nil
}

func (c *Case) verify(ctx context.Context, v *verifier, m *runtime.Model, open func(m *runtime.Model, trace Trace) (runtime.Backend, error)) (*Report, error) {
	v.at = map[string]int{}
	b, err := open(m, v.trace)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	v.report.Backend = b.Name()
	if err := v.run(ctx, b); err != nil {
		return nil, err
	}
	for _, name := range c.Names() {
		if _, seen := v.at[name]; strings.HasPrefix(name, "layers/") && !seen {
			v.report.Untraced++
		}
	}
	return &v.report, nil
}

// verifier is one run of a case.
type verifier struct {
	c       *Case
	config  *runtime.Config
	scaled  bool           // bounds grow with the numbers
	segment int            // from 1
	at      map[string]int // name: index in report.Results
	report  Report
	err     error // the first, of a trace
}

func (v *verifier) run(ctx context.Context, b runtime.Backend) error {
	in, err := v.c.inputs(v.config)
	if err != nil {
		return err
	}
	batch, err := b.NewBatch(len(in), 0)
	if err != nil {
		return err
	}
	defer batch.Close()
	lanes := make([]int, len(in))
	for i := range in {
		lanes[i] = i
		if err := batch.Reset(i, in[i]); err != nil {
			return err
		}
	}
	out := &runtime.Output{WantLogits: true}
	for v.segment = 1; v.segment <= v.c.Segments(); v.segment++ {
		if err := batch.Step(ctx, lanes, out); err != nil {
			return err
		}
		if err := errors.Join(v.err, v.outputs(out), v.states(batch, len(in))); err != nil {
			return err
		}
	}
	return nil
}

// inputs returns the puzzles of a case.
func (c *Case) inputs(config *runtime.Config) ([]runtime.Input, error) {
	tokens, shape, err := c.Int32("eval/inputs")
	if err != nil {
		return nil, err
	}
	ids, _, err := c.Int32("eval/puzzle_identifiers")
	if err != nil {
		return nil, err
	}
	if len(shape) != 2 || shape[1] != config.SeqLen || shape[0] != len(ids) {
		return nil, fmt.Errorf("golden: %s: %w: inputs %v and %d puzzle identifiers, want [n %d] and n",
			c.Dir, ErrCase, shape, len(ids), config.SeqLen)
	}
	in := make([]runtime.Input, len(ids))
	for i := range in {
		in[i] = runtime.Input{Tokens: tokens[i*shape[1] : (i+1)*shape[1]], PuzzleID: ids[i]}
	}
	return in, nil
}

// outputs compares what a segment gives.
func (v *verifier) outputs(out *runtime.Output) error {
	name := func(what string) string { return fmt.Sprintf("eval/seg%d/%s", v.segment, what) }
	err := errors.Join(
		v.compare(name("logits"), out.Logits, 0),
		v.compare(name("q_halt"), out.QHalt, 0),
		v.compare(name("q_continue"), out.QContinue, 0),
	)
	if err != nil {
		return err
	}
	logits, _, _ := v.c.Float32(name("logits"))
	qHalt, _, _ := v.c.Float32(name("q_halt"))
	qContinue, _, _ := v.c.Float32(name("q_continue"))
	v.tokens(out.Tokens, logits)
	v.halts(out, qHalt, qContinue)
	return nil
}

// tokens compares the most likely tokens with those of the reference's logits.
func (v *verifier) tokens(got []int32, logits []float32) {
	vocab := v.config.VocabSize
	near := 0.0 // by how much a token must lead to be compared
	if v.c.BFloat16() || v.scaled {
		near = 2 * v.report.Results[v.at[fmt.Sprintf("eval/seg%d/logits", v.segment)]].Bound
	}
	for i := 0; (i+1)*vocab <= len(logits) && i < len(got); i++ {
		row := logits[i*vocab : (i+1)*vocab]
		want := argMax(row)
		if float64(margin(row, want)) < near {
			continue
		}
		v.report.Tokens++
		if got[i] != want {
			v.report.WrongTokens++
		}
	}
}

// margin returns by how much the best token leads.
func margin(row []float32, best int32) float32 {
	lead := float32(math.Inf(1))
	for i, v := range row {
		if int32(i) != best {
			lead = min(lead, row[best]-v)
		}
	}
	return lead
}

func argMax(row []float32) int32 {
	best := 0
	for i := range row {
		if row[i] > row[best] {
			best = i
		}
	}
	return int32(best)
}

// halts compares the halting decisions: the family's own rule on both sides'
// q values, and the reference's record, which is q_halt > q_continue for every
// family.
func (v *verifier) halts(out *runtime.Output, qHalt, qContinue []float32) {
	recorded := v.c.meta.Eval[v.segment-1].SaysHalt
	for i := range min(len(qHalt), len(qContinue)) {
		v.report.Halts++
		decides := v.config.Halts(out.QHalt[i], out.QContinue[i]) == v.config.Halts(qHalt[i], qContinue[i])
		if !decides || i < len(recorded) && recorded[i] != (out.QHalt[i] > out.QContinue[i]) {
			v.report.WrongHalts++
		}
	}
}

// states compares the carry, where the reference and the backend show it.
func (v *verifier) states(batch runtime.Batch, lanes int) error {
	state, ok := batch.(runtime.StateReader)
	if !ok || !v.c.Has(fmt.Sprintf("eval/seg%d/z_H", v.segment)) {
		return nil
	}
	n := v.config.P() * v.config.Hidden
	zH, zL := make([]float32, n), make([]float32, n)
	for i := range lanes {
		err := errors.Join(state.State(i, zH, zL),
			v.compare(fmt.Sprintf("eval/seg%d/z_H", v.segment), zH, i*n),
			v.compare(fmt.Sprintf("eval/seg%d/z_L", v.segment), zL, i*n))
		if err != nil {
			return err
		}
	}
	return nil
}

// trace compares a layer: the references recorded lane 0 in segment 1.
func (v *verifier) trace(name string, lane int, data []float32) {
	if v.segment == 1 && lane == 0 && v.err == nil && v.c.Has(name) {
		v.err = v.compare(name, data, 0)
	}
}

// compare compares got with a tensor from number lo on.
func (v *verifier) compare(name string, got []float32, lo int) error {
	want, shape, err := v.c.Float32(name)
	if err != nil {
		return err
	}
	if lo+len(got) > len(want) || lo == 0 && len(got) < len(want) && !strings.Contains(name, "/z_") {
		return fmt.Errorf("golden: %s: %w: tensor %q is %v, but the model gives %d numbers", v.c.Dir, ErrCase, name, shape, lo+len(got))
	}
	i, ok := v.at[name]
	if !ok {
		i = len(v.report.Results)
		v.at[name] = i
		v.report.Results = append(v.report.Results, Result{Name: name, Bound: v.bound(name)})
	}
	r := &v.report.Results[i]
	if v.scaled {
		r.Bound = max(r.Bound, v.bound(name)*largest(want))
	}
	r.Error = max(r.Error, maxError(got, want[lo:]))
	return nil
}

func (v *verifier) bound(name string) float64 {
	isState := strings.HasPrefix(name, "layers/") || strings.Contains(name, "/z_")
	switch {
	case v.c.BFloat16() && isState:
		return BoundBFloat16State
	case v.c.BFloat16():
		return BoundBFloat16
	case v.segment == 1:
		return BoundFirst
	}
	return BoundLater
}

func largest(numbers []float32) float64 {
	most := 0.0
	for _, x := range numbers {
		most = max(most, math.Abs(float64(x)))
	}
	return most
}

// maxError returns the largest absolute difference, NaN if one is.
func maxError(got, want []float32) float64 {
	worst := 0.0
	for i := range got {
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
	}
	return worst
}
