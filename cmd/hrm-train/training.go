package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
	"github.com/hrmgo/hrm/train/data"
)

// training is one sitting of a run.
type training struct {
	config config.Config
	dir    string
	lock   *os.File // of dir; nil where there are no locks
	data   *source
	valid  *data.Set // of the periodic evaluation, nil for none

	run    train.Config // Run reads it before every step: pace changes it
	from   *train.Checkpoint
	device train.Device
	log    *curve.Log
	report *reporter

	began   time.Time
	before  time.Duration // of earlier sittings
	window  window        // since the last record
	initial string        // how the model was trained that the run began with, "" for fresh weights

	best   float64       // exact accuracy of bestFile, -1 before there is one
	last   *curve.Record // of the validation file
	saved  int64         // step of checkpointFile, -1 before there is one
	finite int64         // the last step whose losses were finite
	missed bool          // the evaluation after the checkpoint that the run goes on from
}

// newTraining opens everything that training needs, so that whatever is wrong
// is said before the first step.
func newTraining(ctx context.Context, c config.Config, dir string, resume bool, report *reporter) (*training, error) {
	t := &training{config: c, dir: dir, report: report, best: -1, saved: -1}
	for _, step := range []func() error{
		func() error { return t.openData(ctx) },
		func() error { return t.openFolder(resume) },
		t.openDevice,
	} {
		if err := step(); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

func (t *training) openData(ctx context.Context) (err error) {
	c := &t.config
	if t.data, err = openSource(ctx, c); err != nil {
		return err
	}
	if c.Generate {
		t.report.say("data: puzzles are made as they are drawn")
	} else {
		t.report.say("data: %d puzzles for training", t.data.puzzles)
	}
	if c.Validation != "" {
		if t.valid, err = loadSet(ctx, c, c.Validation); err != nil {
			return err
		}
	}
	if t.data.arc != nil {
		t.valid = t.data.arc.Test
	}
	if t.valid != nil {
		t.report.say("data: %d puzzles for validation", t.valid.Len())
	}
	t.run, err = c.Train(t.data.numPuzzles)
	return err
}

// openFolder makes the folder or finds the run in it, and keeps others out.
func (t *training) openFolder(resume bool) (err error) {
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return err
	}
	if t.lock, err = lockFolder(t.dir); err != nil {
		return err
	}
	path, err := findCheckpoint(t.dir)
	switch {
	case err != nil:
	case path == "":
		t.from, err = t.begin()
	case !resume:
		return fmt.Errorf("%s already holds a run: give --resume to go on with it, or another --out", t.dir)
	default:
		err = t.restore(path)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(t.writeConfig(), t.writeIdentifiers()); err != nil {
		return err
	}
	if t.log, err = curve.OpenLog(filepath.Join(t.dir, metricsFile), t.from.Step); err != nil {
		return err
	}
	t.missed, err = t.missesEvaluation()
	return err
}

// missesEvaluation tells whether the run ended between a checkpoint and the
// evaluation that was to follow.
func (t *training) missesEvaluation() (bool, error) {
	step := t.from.Step
	if step == 0 || t.valid == nil || !t.run.EvaluationDue(step) {
		return false, nil
	}
	records, err := curve.ReadFile(filepath.Join(t.dir, metricsFile))
	return !slices.ContainsFunc(records, func(r curve.Record) bool { return r.Kind == curve.Eval && r.Step == step }), err
}

// begin returns the start of a run: fresh weights, or those of a model.
func (t *training) begin() (*train.Checkpoint, error) {
	cp := train.NewCheckpoint(&t.run)
	path := t.config.Init
	if path == "" {
		return cp, nil
	}
	m, err := readModel(path)
	if err != nil {
		return nil, err
	}
	if err := sameShape(&t.run.Spec.Config, &m.Config); err != nil {
		return nil, fmt.Errorf("init %s: %w", path, err)
	}
	if err := cp.State.SetModel(&t.run.Spec, m); err != nil {
		return nil, fmt.Errorf("init %s: %w", path, err)
	}
	t.initial = ancestry(m.Meta)
	t.report.say("begins with the weights of %s", path)
	return cp, nil
}

// depths are the keys that say how long a model thinks; no weight depends on
// them, so a run may go on deeper than the model that it begins with.
var depths = []string{"halt_max_steps", "H_cycles", "L_cycles"}

// sameShape reports the first key in which a model differs from the
// configuration, but for the depths.
func sameShape(want, have *runtime.Config) error {
	w, h := want.Map(), have.Map()
	for _, key := range slices.Sorted(maps.Keys(w)) {
		if !slices.Contains(depths, key) && w[key] != h[key] {
			return fmt.Errorf("%w: the model has %s %v, the configuration %v", config.ErrConfig, key, h[key], w[key])
		}
	}
	return nil
}

// ancestry says in a line how the model was trained that a run begins with.
func ancestry(meta map[string]string) string {
	s := fmt.Sprintf("preset %q, %s steps, seed %s, data %s", meta[metaPreset], meta[metaSteps], meta[metaSeed], meta[metaData])
	if before := meta[metaInitial]; before != "" {
		s += "; itself begun with " + before
	}
	return s
}

// restore goes on from a checkpoint, if it was trained on the same data.
func (t *training) restore(path string) (err error) {
	if t.from, err = train.ReadCheckpoint(path, &t.run.Spec); err != nil {
		return damaged(path, err)
	}
	meta := t.from.Meta
	if sum := meta[metaData]; sum != t.data.sha256 {
		return fmt.Errorf("%s was trained on other data: the files had SHA-256 %s, now %s", path, sum, t.data.sha256)
	}
	seconds, errSeconds := strconv.ParseFloat(meta[metaSeconds], 64)
	best, errBest := strconv.ParseFloat(meta[metaBest], 64)
	if err := errors.Join(errSeconds, errBest, t.data.seek(meta[metaCursor])); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	t.before, t.best, t.initial = time.Duration(seconds*float64(time.Second)), t.bestSoFar(best), meta[metaInitial]
	t.saved, t.finite = t.from.Step, t.from.Step
	t.report.say("resuming after step %d", t.from.Step)
	return nil
}

func (t *training) writeConfig() error {
	text, err := t.config.YAML()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(t.dir, configFile), text)
}

// writeIdentifiers names the rows of the puzzle table of ARC tasks, without
// which a trained model is of no use.
func (t *training) writeIdentifiers() error {
	if t.data.arc == nil {
		return nil
	}
	text, err := json.Marshal(t.data.arc.Identifiers)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(t.dir, identifiersFile), text)
}

func (t *training) openDevice() (err error) {
	var why string
	if t.device, why, err = openDevice(t.config.Device, &t.run.Spec, t.config.Threads); err != nil {
		return err
	}
	t.report.say("device: %s (%s)", t.device.Name(), why)
	return nil
}

func (t *training) close() {
	if t.device != nil {
		_ = t.device.Close()
	}
	if t.log != nil {
		_ = t.log.Close()
	}
	if t.lock != nil {
		_ = t.lock.Close()
	}
}

// train runs until the last step, or until ctx ends: then it saves.
func (t *training) train(ctx context.Context) error {
	t.began = time.Now()
	if t.missed {
		err := t.evaluate(ctx, t.from.Step, t.from.State.Model(&t.run.Spec, true))
		if errors.Is(err, train.ErrStop) {
			return t.interrupted(ctx)
		}
		if err != nil {
			return err
		}
	}
	if t.from.Step >= t.run.Steps {
		t.report.say("all %d steps are done", t.run.Steps)
		return nil
	}
	hooks := train.Hooks{
		Step:       func(m *train.Metrics) error { return t.afterStep(ctx, m) },
		Checkpoint: t.checkpoint,
	}
	if t.valid != nil {
		hooks.Evaluate = func(_ context.Context, step int64, m *runtime.Model) error { return t.evaluate(ctx, step, m) }
	}
	err := train.Run(context.WithoutCancel(ctx), &t.run, t.device, t.data, t.from, hooks)
	t.report.done()
	switch {
	case errors.Is(err, train.ErrStop):
		return t.interrupted(ctx)
	case errors.Is(err, train.ErrDiverged):
		return fmt.Errorf("%w: %w; %s", errFailed, err, t.lastGood())
	case err != nil:
		return fmt.Errorf("%w: %w; %s has the last good checkpoint", errFailed, err, t.dir)
	}
	return nil
}

func (t *training) interrupted(ctx context.Context) error {
	return fmt.Errorf("saved in %s, --resume goes on: %w", t.dir, ctx.Err())
}

// afterStep records every log_interval steps and asks for the end when ctx
// ended.
func (t *training) afterStep(ctx context.Context, m *train.Metrics) error {
	t.finite = m.Step
	t.pace(m.Step)
	t.window.add(m)
	if m.Step%int64(t.config.LogInterval) == 0 || m.Step == t.run.Steps {
		r := t.window.record(t.elapsed())
		t.window = window{}
		if err := t.log.Add(r); err != nil {
			return err
		}
		t.report.record(r, t.left(m.Step))
	}
	if ctx.Err() != nil {
		return train.ErrStop
	}
	return nil
}

// pace fits the schedule into the time that the configuration gives: as many
// steps in all as the time allows at the pace so far.
func (t *training) pace(step int64) {
	if t.config.For == 0 {
		return
	}
	elapsed := t.elapsed()
	if elapsed >= t.config.For {
		t.run.Steps = step
	}
	total := float64(step) * float64(t.config.For) / float64(elapsed)
	t.run.Schedule.Total = int64(min(total, float64(t.config.Steps)))
}

func (t *training) elapsed() time.Duration { return t.before + time.Since(t.began) }

// left is the time until the last step at the pace of this sitting.
func (t *training) left(step int64) time.Duration {
	perStep := time.Since(t.began) / time.Duration(max(1, step-t.from.Step))
	left := perStep * time.Duration(t.run.Steps-step)
	if t.config.For > 0 {
		left = min(left, t.config.For-t.elapsed())
	}
	return left
}

// evaluate solves the validation file and keeps the model if it is the best.
func (t *training) evaluate(ctx context.Context, step int64, m *runtime.Model) error {
	score, err := evaluate(ctx, m, t.config.Threads, t.valid, t.config.EvalLimit, runtime.Options{})
	if ctx.Err() != nil {
		return train.ErrStop // --resume does it again
	}
	if err != nil {
		return err
	}
	r := score.record()
	r.Step, r.Seconds = step, t.elapsed().Seconds()
	t.last = &r
	t.report.record(r, 0)
	if err := t.log.Add(r); err != nil {
		return err
	}
	if r.ExactAccuracy > t.best {
		t.best = r.ExactAccuracy
		if err := t.writeModel(filepath.Join(t.dir, bestFile), m, r); err != nil {
			return fmt.Errorf("%w: %w", errFailed, err)
		}
	}
	return t.draw()
}

func (t *training) draw() error {
	records, err := curve.ReadFile(filepath.Join(t.dir, metricsFile))
	if err != nil {
		return err
	}
	for _, format := range []string{"png", "svg"} {
		var picture bytes.Buffer
		if err := curve.Draw(&picture, format, filepath.Base(t.dir), curve.Steps, []curve.Run{{Records: records}}); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(t.dir, "curve."+format), picture.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// meta is what a checkpoint says about the run beside its state.
func (t *training) meta() map[string]string {
	meta := map[string]string{
		metaData:    t.data.sha256,
		metaCursor:  t.data.cursor(),
		metaSeconds: strconv.FormatFloat(t.elapsed().Seconds(), 'f', 3, 64),
		metaBest:    strconv.FormatFloat(t.best, 'f', 6, 64),
		metaDevice:  t.device.Name(),
	}
	if t.initial != "" {
		meta[metaInitial] = t.initial
	}
	return meta
}

// finish says what came of the run.
func (t *training) finish(out io.Writer) error {
	if err := t.draw(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: done in %s\n", t.dir, t.elapsed().Round(time.Second))
	if t.last != nil {
		fmt.Fprintf(out, "%s\n", describeEval(*t.last))
	}
	return nil
}
