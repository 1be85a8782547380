package main

import (
	"time"

	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/curve"
)

// window sums the metrics of the steps since the last record.
type window struct {
	steps   float64
	elapsed time.Duration // of the device
	samples int
	flops   float64
	sum     curve.Record // losses by steps, shares by puzzles
}

func (w *window) add(m *train.Metrics) {
	n := float64(m.Count)
	w.steps++
	w.elapsed += m.Elapsed
	w.samples += m.Samples
	w.flops += m.FLOPs
	w.sum.Step, w.sum.LR = m.Step, m.LR
	w.sum.Loss += m.Loss
	w.sum.LMLoss += m.LM
	w.sum.QHaltLoss += m.QHalt
	w.sum.QContinueLoss += m.QContinue
	w.sum.GradNorm += m.GradNorm
	w.sum.Puzzles += m.Count
	w.sum.Accuracy += n * m.Accuracy
	w.sum.ExactAccuracy += n * m.Exact
	w.sum.QHaltAccuracy += n * m.QHaltAccuracy
	w.sum.Segments += n * m.Segments
}

// record returns the means.
func (w *window) record(elapsed time.Duration) curve.Record {
	r := w.sum
	r.Kind, r.Seconds = curve.Train, elapsed.Seconds()
	for _, v := range []*float64{&r.Loss, &r.LMLoss, &r.QHaltLoss, &r.QContinueLoss, &r.GradNorm} {
		*v /= max(1, w.steps)
	}
	for _, v := range []*float64{&r.Accuracy, &r.ExactAccuracy, &r.QHaltAccuracy, &r.Segments} {
		*v /= max(1, float64(r.Puzzles))
	}
	if s := w.elapsed.Seconds(); s > 0 {
		r.SamplesPerSecond, r.TFLOPS = float64(w.samples)/s, w.flops/s/1e12
	}
	return r
}
