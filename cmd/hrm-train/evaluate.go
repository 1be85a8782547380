package main

import (
	"context"
	"slices"

	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/curve"
	"github.com/hrmgo/hrm/train/data"
)

// score sums what an evaluation found.
type score struct {
	puzzles  int
	exact    int     // the answer is the label's
	valid    int     // the answer solves the question, whatever the label
	cells    float64 // share of right cells, summed over puzzles
	haltOK   int     // q_halt says whether the answer is exact
	segments int
	loss     float64 // cross-entropy of the first attempt's last segment, summed over puzzles
}

// evaluate solves a set, or limit examples spread over it, on the CPU.
func evaluate(ctx context.Context, m *runtime.Model, threads int, set *data.Set, limit int, loss train.Loss, o runtime.Options) (score, error) {
	var s score
	backend, err := cpu.New(m, cpu.Options{Threads: threads})
	if err != nil {
		return s, err
	}
	defer backend.Close()
	picks := spread(set.Len(), limit)
	in := make([]runtime.Input, len(picks))
	for k, i := range picks {
		in[k] = runtime.Input{Tokens: tokens(set.Input(i)), PuzzleID: set.ID(i)}
		if set.Task != nil {
			in[k].Rows, in[k].Cols = set.Task.Size()
		}
	}
	if spreader := puzzle.Spreads(set.Task); spreader != nil {
		o.Latch = func(i int, kept, output []int32) bool { return spreader.Keep(in[i].Tokens, kept, output) }
	}
	o.WantLogits = true
	o.OnSegment = func(e runtime.Event) {
		if e.Done && e.Attempt == 0 {
			s.loss += crossEntropy(loss, e.Logits, set.Label(picks[e.Index]))
		}
	}
	results, err := runtime.Solve(ctx, backend, in, o)
	if err != nil {
		return s, err
	}
	for k, r := range results {
		if r.Err != nil {
			return s, r.Err
		}
		s.add(set.Task, &m.Config, in[k].Tokens, set.Label(picks[k]), r)
	}
	return s, nil
}

// crossEntropy is the mean over the scored cells, of logits [S, vocabulary].
func crossEntropy(loss train.Loss, logits []float32, labels []uint8) float64 {
	of := kernels.StablemaxCrossEntropy
	if loss == train.Softmax {
		of = kernels.SoftmaxCrossEntropy
	}
	v := len(logits) / len(labels)
	gradient := make([]float32, v) // nobody asks for it
	sum, scored := 0.0, 0
	for i, label := range labels {
		if label != 0 {
			sum += of(gradient, logits[i*v:(i+1)*v], int(label), 0)
			scored++
		}
	}
	return sum / float64(max(1, scored))
}

// spread returns limit of the numbers below n, evenly, or with limit 0 all.
func spread(n, limit int) []int {
	if limit == 0 || limit > n {
		limit = n
	}
	picks := make([]int, limit)
	for k := range picks {
		picks[k] = int(int64(k) * int64(n) / int64(limit))
	}
	return picks
}

// add counts one puzzle. The halting head is judged by whether every scored cell
// is the label's, which is what it was taught; the answer may be right though cells
// are wrong that it is not read from.
func (s *score) add(task puzzle.Task, c *runtime.Config, question []int32, label []uint8, r runtime.Result) {
	right, scored := 0, 0
	for i, want := range label {
		if want != 0 {
			scored++
			right += btoi(r.Tokens[i] == int32(want))
		}
	}
	exact := right == scored
	s.puzzles++
	s.cells += float64(right) / float64(max(1, scored))
	s.haltOK += btoi((c.Preference(r.QHalt, r.QContinue) > 0) == exact)
	s.segments += r.Segments
	if task == nil {
		s.exact += btoi(exact)
		return
	}
	answer := puzzle.Answer(task, question, r.Tokens)
	s.exact += btoi(exact || sameAnswer(task, question, label, answer))
	s.valid += btoi(task.Check(question, answer) == nil)
}

// sameAnswer reports whether the answer is the one that is read from the labels.
func sameAnswer(task puzzle.Task, question []int32, label []uint8, answer []int32) bool {
	_, reads := task.(puzzle.Teacher)
	return reads && slices.Equal(answer, puzzle.Answer(task, question, tokens(label)))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// record returns the shares.
func (s *score) record() curve.Record {
	n := float64(max(1, s.puzzles))
	return curve.Record{
		Kind: curve.Eval, Puzzles: s.puzzles, Loss: s.loss / n, LMLoss: s.loss / n, ExactAccuracy: float64(s.exact) / n, Accuracy: s.cells / n,
		QHaltAccuracy: float64(s.haltOK) / n, Segments: float64(s.segments) / n,
	}
}
