package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
)

// training is one sitting of a run.
type training struct {
	config config.Config
	dir    string
	start  start
	lock   *os.File // of dir; nil where there are no locks
	data   *source
	valid  []validation // of the periodic evaluation; the first decides about the best model

	run    train.Config // Run reads it before every step: pace changes it
	from   *train.Checkpoint
	device train.Device
	log    *curve.Log
	report *reporter

	clock   *clock
	window  window         // since the last record
	shown   curve.Record   // the last record of training
	hinted  bool           // what --for never reaches was said
	names   string         // of the puzzle table's rows, "" where they have none
	init    *runtime.Model // that a new run begins with, nil for fresh weights
	initial string         // how the model was trained that the run began with, "" for fresh weights

	best   float64        // exact accuracy of bestFile, -1 before there is one
	last   []curve.Record // of the validation files
	saved  int64          // step of checkpointFile, -1 before there is one
	finite int64          // the last step whose losses were finite
	missed bool           // the evaluation after the checkpoint that the run goes on from
}

// newTraining opens everything that training needs, so that whatever is wrong
// is said before the first step.
func newTraining(ctx context.Context, c config.Config, dir string, s start, report *reporter) (*training, error) {
	t := &training{config: c, dir: dir, start: s, report: report, clock: newClock(&c), best: -1, saved: -1}
	for _, step := range []func() error{
		func() error { return t.openData(ctx) },
		t.openFolder,
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
		t.report.say("data: %s for training", puzzles(t.data.puzzles))
	}
	if t.valid, err = openValidation(ctx, c, c.Validation); err != nil {
		return err
	}
	if t.data.arc != nil && t.data.arc.Test != nil {
		t.valid = []validation{{name: "evaluation", set: t.data.arc.Test}}
	}
	if a := t.data.tasks; a != nil {
		t.report.say("data: the tests of %d tasks to answer, grids of at most %d x %d with their legend", len(a.tests), a.task.Rows, a.task.Cols)
	}
	for _, v := range t.valid {
		t.report.say("data: %s for validation, %s", puzzles(v.set.Len()), clip(v.name, 30))
	}
	for _, text := range c.Warnings() {
		t.report.warn(text)
	}
	if err := t.openInit(); err != nil {
		return err
	}
	t.run, err = c.Train(t.data.numPuzzles)
	return err
}

// openInit reads the model that a new run begins with, and takes over how it halts
// where the configuration does not say.
func (t *training) openInit() error {
	c := &t.config
	path, err := findCheckpoint(t.dir)
	if err != nil || path != "" || c.Init == "" || t.start.decayFrom != "" {
		return err
	}
	if t.init, err = readModel(c.Init); err != nil {
		return err
	}
	if c.HaltRule == runtime.FamilyRule {
		c.HaltRule = t.init.Config.HaltRule
	}
	if c.HaltPool == runtime.FirstPosition {
		c.HaltPool = t.init.Config.HaltPool
	}
	return nil
}

// openFolder makes the folder or finds the run in it, and keeps others out.
func (t *training) openFolder() (err error) {
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return err
	}
	if t.lock, err = lockFolder(t.dir); err != nil {
		return err
	}
	path, err := findCheckpoint(t.dir)
	switch {
	case err != nil:
	case path == "" && t.start.decayFrom != "":
		err = t.branch()
	case path == "":
		t.from, err = t.begin()
	case !t.start.resume:
		return fmt.Errorf("%s already holds a run: give --resume to go on with it, or another --out", t.dir)
	default:
		if path, err = t.goOn(path); err == nil {
			err = t.restore(path)
		}
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
	if step == 0 || !t.evaluates() || !t.run.EvaluationDue(step) {
		return false, nil
	}
	records, err := curve.ReadFile(filepath.Join(t.dir, metricsFile))
	return !slices.ContainsFunc(records, func(r curve.Record) bool { return r.Kind == curve.Eval && r.Step == step }), err
}

// begin returns the start of a run: fresh weights, or those of a model.
func (t *training) begin() (*train.Checkpoint, error) {
	cp := train.NewCheckpoint(&t.run)
	path, m := t.config.Init, t.init
	if m == nil {
		return cp, nil
	}
	adopted, err := train.Adopt(m, t.run.Spec.Config, t.data.names())
	if err == nil {
		err = cp.State.SetModel(&t.run.Spec, adopted)
	}
	if err != nil {
		return nil, fmt.Errorf("init %s: %w", path, err)
	}
	t.initial = ancestry(m.Meta)
	t.report.say("begins with the weights of %s", path)
	return cp, nil
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
	t.clock.before, t.best, t.initial = time.Duration(seconds*float64(time.Second)), t.bestSoFar(best), meta[metaInitial]
	t.saved, t.finite = t.from.Step, t.from.Step
	t.report.say("resuming after step %d", t.from.Step)
	return nil
}

// branch begins with the stable checkpoint of another run.
func (t *training) branch() error {
	if err := t.restore(t.start.path); err != nil {
		return err
	}
	t.clock.before, t.saved = 0, -1
	return nil
}

func (t *training) writeConfig() error {
	text, err := t.config.YAML()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(t.dir, configFile), text)
}

// writeIdentifiers names the rows of the puzzle table of ARC tasks, without which a
// trained model is of no use: in models and checkpoints, and in a file for whoever
// wants to see them.
func (t *training) writeIdentifiers() (err error) {
	names := t.data.names()
	if names == nil {
		return nil
	}
	if t.names, err = runtime.NamePuzzles(names); err != nil {
		return err
	}
	text, err := json.Marshal(names)
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
	if t.config.Precision == "bf16" && isCPU(t.device) && !kernels.HasBF16() {
		t.report.warn("this processor has no instructions for bf16: it trains in fp32")
	}
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
	if t.evaluates() {
		hooks.Evaluate = func(_ context.Context, step int64, m *runtime.Model) error { return t.evaluate(ctx, step, m) }
	}
	t.clock.start(t.from.Step)
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
	return &interruption{t.dir, ctx.Err()}
}

// interruption tells how to go on with a run that was interrupted.
type interruption struct {
	dir   string
	cause error
}

func (i *interruption) Error() string {
	return fmt.Sprintf("interrupted, and saved: hrm-train run --resume --out %s goes on", i.dir)
}

func (i *interruption) Unwrap() error { return i.cause }

// afterStep records every log_interval steps and asks for the end when ctx
// ended.
func (t *training) afterStep(ctx context.Context, m *train.Metrics) error {
	t.finite = m.Step
	t.pace(m.Step)
	t.window.add(m)
	if m.Step%int64(t.config.LogInterval) == 0 || m.Step == t.run.Steps {
		r := t.window.record(t.clock.elapsed())
		t.window, t.shown = window{}, r
		if err := t.log.Add(r); err != nil {
			return err
		}
	}
	t.show(m.Step)
	if ctx.Err() != nil {
		return train.ErrStop
	}
	return nil
}

// show tells how far the run is, with the figures of the last record, or before there
// is one of the steps so far.
func (t *training) show(step int64) {
	r := t.shown
	if r.Step == 0 {
		r = t.window.record(t.clock.elapsed())
	}
	r.Step = step
	t.report.state(t.clock.share(step), "%s", describeTrain(r, t.clock.left(step)))
}

// pace fits the schedule into the time that the configuration gives: as many
// steps in all as the time allows at the pace so far.
func (t *training) pace(step int64) {
	end := t.clock.end(step)
	if t.config.For == 0 || end >= t.clock.steps {
		t.run.Schedule.Total = t.clock.steps
		return
	}
	t.run.Schedule.Total = end
	if end <= step {
		t.run.Steps = step
	}
	if !t.hinted && (step >= t.from.Step+10 || t.clock.share(step) > 0.1 && step > t.from.Step+1 || end <= step) {
		t.hinted = true
		t.unreached(end)
	}
}

// unreached says what lies beyond the step near which the time is over.
func (t *training) unreached(end int64) {
	c := &t.config
	t.report.say("at this pace --for %s ends near step %s of %s, and the schedule with it", short(c.For), command.Thousands(end), command.Thousands(t.clock.steps))
	for _, k := range []struct {
		key   string
		value int
		what  string
		is    bool
	}{
		{"lr_warmup_steps", c.Warmup, "the learning rate never rises to lr", true},
		{"eval_interval", c.EvalInterval, "only the end is evaluated", t.evaluates()},
		{"checkpoint_interval", c.CheckpointInterval, "nothing is saved before the end", true},
		{"maze_grow", c.MazeGrow / c.BatchSize, "the largest mazes are never drawn", c.Generate},
	} {
		if k.is && int64(k.value) > end {
			t.report.warn(fmt.Sprintf("%s lies beyond that: %s", k.key, k.what))
		}
	}
}

// evaluates tells whether there is something to evaluate on.
func (t *training) evaluates() bool {
	return len(t.valid) > 0 || t.data.tasks != nil && len(t.data.tasks.tests) > 0
}

// score evaluates on the validation files, or on the tests of ARC tasks.
func (t *training) score(ctx context.Context, step int64, m *runtime.Model) ([]curve.Record, error) {
	if len(t.valid) == 0 {
		r, err := t.data.tasks.evaluate(ctx, m, t.config.Threads)
		t.report.say("step %s: of the tests with known answers %.1f %% solved by the first attempt, %.1f %% by one of two, in %d forms",
			command.Thousands(step), 100*r.ExactAccuracy, 100*r.Accuracy, evaluationVotes)
		return []curve.Record{r}, err
	}
	return measure(ctx, m, t.config.Threads, t.config.EvalLimit, t.config.TrainLoss(), t.valid, func(r curve.Record) {
		t.report.say("%s", onSet(fmt.Sprintf("step %s on", command.Thousands(step)), r))
	})
}

// evaluate solves the validation files and keeps the model if it is the best, or if to
// choose the best one would be to learn from the tests of ARC tasks.
func (t *training) evaluate(ctx context.Context, step int64, m *runtime.Model) error {
	began := time.Now()
	t.report.state(t.clock.share(step), "step %s  evaluating", command.Thousands(step))
	records, err := t.score(ctx, step, m)
	if ctx.Err() != nil {
		return train.ErrStop // --resume does it again
	}
	if err != nil {
		return err
	}
	t.clock.evaluation = time.Since(began)
	for i := range records {
		r := &records[i]
		r.Step, r.Seconds = step, t.clock.elapsed().Seconds()
		if err := t.log.Add(*r); err != nil {
			return err
		}
	}
	t.last = records
	if records[0].ExactAccuracy > t.best || t.data.tasks != nil {
		t.best = records[0].ExactAccuracy
		if err := t.writeModel(filepath.Join(t.dir, bestFile), m, step, records); err != nil {
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
		metaSeconds: strconv.FormatFloat(t.clock.elapsed().Seconds(), 'f', 3, 64),
		metaBest:    strconv.FormatFloat(t.best, 'f', 6, 64),
		metaDevice:  t.device.Name(),
	}
	if t.initial != "" {
		meta[metaInitial] = t.initial
	}
	if t.names != "" {
		meta[runtime.MetaPuzzles] = t.names
	}
	return meta
}

// finish says what came of the run, and what can be done with it.
func (t *training) finish(out io.Writer) error {
	if err := t.draw(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: done in %s, %s steps", t.dir, short(t.clock.elapsed()), command.Thousands(t.run.Steps))
	if s := t.shown.SamplesPerSecond; s > 0 {
		fmt.Fprintf(out, ", %s samples (segments of puzzles) a second", command.Thousands(int64(s)))
	}
	fmt.Fprintln(out)
	for _, r := range t.last[:min(len(t.last), len(t.valid))] {
		fmt.Fprintln(out, onSet(puzzles(r.Puzzles)+" of", r))
	}
	fmt.Fprint(out, "\nNext:\n")
	export := "hrm-train export " + t.dir + " --out model.hrm"
	if t.best >= 0 {
		question := "PUZZLE"
		if t.names != "" {
			question = "TASK.json"
		}
		fmt.Fprintf(out, "  hrm solve --model %s %s\n", t.dir, question)
		if t.last != nil && t.best > t.last[0].ExactAccuracy {
			export += " --best"
		}
	}
	_, err := fmt.Fprintf(out, "  %s\n  hrm-train plot %s --out curve.svg\n", export, t.dir)
	return err
}
