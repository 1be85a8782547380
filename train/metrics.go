package train

import (
	"math"
	"time"
)

// Metrics is what one step reports. Losses are sums over the lanes divided by
// the batch size. The accuracies are over the Count lanes that halted in this
// step and have labels, as in the reference; they are 0 where Count is.
type Metrics struct {
	Step     int64
	LR       float64
	PuzzleLR float64

	Loss      float64 // LM + 0.5*(QHaltLoss + QContinueLoss)
	LM        float64
	QHalt     float64
	QContinue float64 // where Spec.Continues
	GradNorm  float64 // before clipping

	Count         int     // puzzles finished in this step
	Accuracy      float64 // mean over them of the share of right tokens
	Exact         float64 // share of them with every token right
	QHaltAccuracy float64 // share of them where q_halt >= 0 says whether it is exact
	Segments      float64 // mean number of segments that they took

	Samples int           // lanes, each one segment of one puzzle
	Elapsed time.Duration // of the device's step
	FLOPs   float64       // of the step, see Spec.LaneFLOPs
}

// SamplesPerSecond is segments of puzzles per second.
func (m *Metrics) SamplesPerSecond() float64 { return float64(m.Samples) / m.Elapsed.Seconds() }

// TFLOPS is the achieved rate in 10^12 operations per second.
func (m *Metrics) TFLOPS() float64 { return m.FLOPs / m.Elapsed.Seconds() / 1e12 }

// finite reports whether the step left the weights usable.
func (m *Metrics) finite() bool {
	sum := m.Loss + m.GradNorm
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// addLosses adds the loss pieces of every lane, each divided by batch.
func (m *Metrics) addLosses(out *StepOut, batch int, hasContinue bool) {
	for i, lm := range out.LM {
		m.LM += float64(lm)
		m.QHalt += BCE(out.QHalt[i], indicator(out.Correct[i] == out.Labelled[i]))
		if hasContinue {
			m.QContinue += BCE(out.QContinue[i], float64(out.QTarget[i]))
		}
	}
	n := float64(batch)
	m.LM, m.QHalt, m.QContinue = m.LM/n, m.QHalt/n, m.QContinue/n
	m.Loss = m.LM + 0.5*(m.QHalt+m.QContinue)
}

// addHalted counts the result of a lane that halted after some segments.
func (m *Metrics) addHalted(out *StepOut, lane int, segments int32) {
	if out.Labelled[lane] == 0 {
		return
	}
	exact := out.Correct[lane] == out.Labelled[lane]
	m.Count++
	m.Accuracy += float64(out.Correct[lane]) / float64(out.Labelled[lane])
	m.Exact += indicator(exact)
	m.QHaltAccuracy += indicator((out.QHalt[lane] >= 0) == exact)
	m.Segments += float64(segments)
}

// mean turns the sums over halted lanes into means.
func (m *Metrics) mean() {
	if n := float64(m.Count); n > 0 {
		m.Accuracy, m.Exact, m.QHaltAccuracy, m.Segments = m.Accuracy/n, m.Exact/n, m.QHaltAccuracy/n, m.Segments/n
	}
}

// BCE returns the binary cross-entropy of a logit against a probability:
// max(x,0) - x*target + log(1+exp(-|x|)).
func BCE(logit float32, target float64) float64 {
	x := float64(logit)
	return max(x, 0) - x*target + math.Log1p(math.Exp(-math.Abs(x)))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
