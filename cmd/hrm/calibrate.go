package main

import (
	"context"
	"fmt"
	"io"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// convert makes the new model, calibrated on some puzzles or none.
func (f *quantizeFlags) convert(ctx context.Context, m *runtime.Model, to quantize.Format, errOut io.Writer) (q *runtime.Model, tensors []runtime.TensorError, calibrated int, err error) {
	if len(f.calibrate) == 0 {
		q, tensors, err = m.Convert(to)
		return q, tensors, 0, err
	}
	var in []runtime.Input
	for _, path := range f.calibrate {
		some, _, err := readPuzzles(m, path, f.calibrateLimit)
		if err != nil {
			return nil, nil, 0, err
		}
		in = append(in, some...)
	}
	moments, err := gatherMoments(ctx, m, in, errOut)
	if err != nil {
		return nil, nil, 0, err
	}
	bar := newProgress(errOut, len(moments), "matrices rounded")
	defer bar.end()
	q, tensors, err = m.Calibrate(ctx, moments, func() { bar.next("") })
	return q, tensors, len(in), err
}

// gatherMoments thinks about the puzzles.
func gatherMoments(ctx context.Context, m *runtime.Model, in []runtime.Input, errOut io.Writer) (runtime.Moments, error) {
	bar := newProgress(errOut, len(in), "puzzles thought about")
	defer bar.end()
	moments, err := cpu.Moments(ctx, m, in, func() { bar.next("") })
	if err != nil {
		return nil, fmt.Errorf("calibrating: %w", err)
	}
	return moments, nil
}

// check reports flags that do not go together.
func (f *quantizeFlags) check() error {
	switch {
	case f.limit < 0:
		return fmt.Errorf("--limit is %d, want 0 or more", f.limit)
	case f.calibrateLimit < 0:
		return fmt.Errorf("--calibrate-limit is %d, want 0 or more", f.calibrateLimit)
	case len(f.calibrate) > 0 && f.to.Format != quantize.I8:
		return fmt.Errorf("--calibrate is for --to int8, not %s", f.to.Name)
	}
	return nil
}
