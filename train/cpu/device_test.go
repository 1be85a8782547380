package cpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

func open(t testing.TB, s train.Spec) *Device {
	t.Helper()
	d, err := Open(s, Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// refilled returns the input of a first step: every lane gets an example.
func refilled(t testing.TB, c *train.Config) *train.StepIn {
	t.Helper()
	in := &train.StepIn{Step: 1, LR: c.LR, PuzzleLR: c.PuzzleLR, Segment: make([]int32, c.Spec.Lanes)}
	s := c.Spec.Config.SeqLen
	for lane := range c.Spec.Lanes {
		r := train.Refill{Lane: lane, Input: runtime.Input{Tokens: make([]int32, s)}, Labels: make([]int32, s)}
		if err := (drawn{c.Spec.Config.VocabSize}).Example(int64(lane), &r.Input, r.Labels); err != nil {
			t.Fatal(err)
		}
		in.Refill = append(in.Refill, r)
	}
	return in
}

// totalLoss is the loss of a TRM whose gradient a device follows.
func totalLoss(s *train.Spec, out *train.StepOut) float64 {
	var sum float64
	for i, lm := range out.LM {
		exact := 0.0
		if out.Correct[i] == out.Labelled[i] {
			exact = 1
		}
		sum += float64(lm) + 0.5*train.BCE(out.QHalt[i], exact)
	}
	return sum / float64(s.BatchSize())
}

func TestClipScalesTheGradient(t *testing.T) {
	c := small(runtime.HRM, 1)
	c.Spec.Optim.ClipNorm = 1e-3
	d := open(t, c.Spec)
	var out train.StepOut
	if err := errors.Join(d.Load(train.NewState(&c.Spec, 1)), d.Step(t.Context(), refilled(t, c), &out)); err != nil {
		t.Fatal(err)
	}
	g := make([]float32, len(d.grad))
	d.Gradient(g, nil)
	if norm := math.Sqrt(sumSquares(g)); math.Abs(norm-out.GradNorm) > 1e-6*norm {
		t.Errorf("GradNorm is %v, the gradient's norm %v", out.GradNorm, norm)
	}
	var s train.State
	d.Save(&s)
	if norm := math.Sqrt(sumSquares(s.M)) / 0.1; math.Abs(norm-1e-3) > 1e-8 {
		t.Errorf("the clipped gradient has norm %v, want 0.001", norm)
	}
}

// TestAdam follows the formulas of train.Algorithm in float64 for some steps.
func TestAdam(t *testing.T) {
	for _, algorithm := range []train.Algorithm{train.AdamAtan2, train.AdamW} {
		o := train.Optim{Algorithm: algorithm, Beta1: 0.9, Beta2: 0.95, WeightDecay: 0.1}
		if algorithm == train.AdamW {
			o.Eps = 1e-6
		}
		rng := rand.New(rand.NewPCG(6, 6))
		const n, lr = 200, 1e-2
		p, m, v := make([]float32, n), make([]float32, n), make([]float32, n)
		p64, m64, v64 := make([]float64, n), make([]float64, n), make([]float64, n)
		for step := range 5 {
			in := &train.StepIn{Step: int64(step + 1), LR: lr}
			g := make([]float32, n)
			for i := range g[1:] { // the gradient of number 0 stays 0
				g[i+1] = float32(rng.NormFloat64() * math.Pow(10, float64(i%7-3)))
			}
			newAdam(&o, in, 1).update(p, m, v, g)
			t1 := float64(step + 1)
			for i := range g {
				gi := float64(g[i])
				m64[i] = 0.9*m64[i] + 0.1*gi
				v64[i] = 0.95*v64[i] + 0.05*gi*gi
				root := math.Sqrt(v64[i]) / math.Sqrt(1-math.Pow(0.95, t1))
				by := math.Atan2(m64[i], root)
				if algorithm == train.AdamW {
					by = m64[i] / (root + 1e-6)
				}
				p64[i] = p64[i]*(1-lr*0.1) - lr/(1-math.Pow(0.9, t1))*by
			}
		}
		for i := range p {
			if math.Abs(float64(p[i])-p64[i]) > 1e-7 {
				t.Errorf("%s: weight %d is %v, want %v", algorithm, i, p[i], p64[i])
			}
		}
	}
}

// TestOrthogonal wants rows (or columns, the fewer) of nearly one length, which
// point where those of the matrix did.
func TestOrthogonal(t *testing.T) {
	for _, shape := range [][2]int{{8, 24}, {24, 8}, {16, 16}} {
		rows, cols := shape[0], shape[1]
		rng := rand.New(rand.NewPCG(8, uint64(rows)))
		x := make([]float32, rows*cols)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		o := orthogonal(slices.Clone(x), rows, cols)
		if rows > cols {
			o, x = transposed(o, rows, cols), transposed(x, rows, cols)
			rows, cols = cols, rows
		}
		var inner float64
		for i := range rows {
			oi := o[i*cols : (i+1)*cols]
			inner += float64(dot(oi, x[i*cols:(i+1)*cols]))
			// A row's norm lies between the least and the largest singular value.
			if n := math.Sqrt(sumSquares(oi)); n < 0.5 || n > 1.3 {
				t.Errorf("%v: row %d has norm %v", shape, i, n)
			}
		}
		// The inner product with U V^T is the sum of the singular values.
		if most := math.Sqrt(sumSquares(x) * float64(rows)); inner < 0.6*most || inner > 1.2*most {
			t.Errorf("%v: inner product %v, want near %v", shape, inner, most)
		}
	}
}

// TestEveryOptimizerLearns trains on examples whose labels are their tokens.
func TestEveryOptimizerLearns(t *testing.T) {
	for _, algorithm := range []train.Algorithm{train.AdamAtan2, train.AdamW, train.Muon} {
		for _, bf16 := range []bool{false, true} {
			t.Run(fmt.Sprint(algorithm, " bf16 ", bf16), func(t *testing.T) {
				c := small(runtime.TRM, 60)
				c.Spec.BF16, c.Spec.Optim.Algorithm, c.Spec.Optim.Eps = bf16, algorithm, 1e-8
				c.LR = 1e-2
				var first, last float64
				h := train.Hooks{Step: func(m *train.Metrics) error {
					if m.Step == 1 {
						first = m.LM
					}
					last = m.LM
					return nil
				}}
				if err := train.Run(t.Context(), c, open(t, c.Spec), echo{drawn{7}}, train.NewCheckpoint(c), h); err != nil {
					t.Fatal(err)
				}
				if !(last < first/2) {
					t.Errorf("loss went from %v to %v", first, last)
				}
			})
		}
	}
}

// echo is a task that a model learns at once: the answer is the question.
type echo struct{ drawn }

func (e echo) Example(n int64, in *runtime.Input, labels []int32) error {
	err := e.drawn.Example(n, in, labels)
	copy(labels, in.Tokens)
	return err
}

func TestStepHonoursContext(t *testing.T) {
	c := small(runtime.HRM, 1)
	d := open(t, c.Spec)
	if err := d.Load(train.NewState(&c.Spec, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Step(ctx, refilled(t, c), &train.StepOut{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestDeviceRefusesBadInput(t *testing.T) {
	c := small(runtime.HRM, 1)
	d := open(t, c.Spec)
	for name, spoil := range map[string]func(in *train.StepIn){
		"lane":  func(in *train.StepIn) { in.Refill[0].Lane = 13 },
		"lanes": func(in *train.StepIn) { in.Segment = nil },
		"token": func(in *train.StepIn) { in.Refill[2].Input.Tokens[1] = 7 },
		"label": func(in *train.StepIn) { in.Refill[2].Labels[1] = -1 },
		"id":    func(in *train.StepIn) { in.Refill[2].Input.PuzzleID = 1 },
	} {
		in := refilled(t, c)
		spoil(in)
		err := d.Step(t.Context(), in, &train.StepOut{})
		if !errors.Is(err, train.ErrState) && !errors.Is(err, runtime.ErrInput) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	s := train.NewState(&c.Spec, 1)
	s.ZH = s.ZH[1:]
	if err := d.Load(s); !errors.Is(err, train.ErrState) {
		t.Errorf("Load: err = %v, want ErrState", err)
	}
	if _, err := Open(train.Spec{}, Options{}); !errors.Is(err, runtime.ErrConfig) {
		t.Errorf("Open: err = %v, want runtime.ErrConfig", err)
	}
}
