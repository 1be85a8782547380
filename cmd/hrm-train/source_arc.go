package main

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
	"github.com/hrmgo/hrm/train/data"
)

// evaluationSplit is the split of tasks that are trained on their demonstrations alone.
const evaluationSplit = "evaluation"

// readARC reads the tasks of a configuration: those to answer, and then the other files,
// which make one set for each weight.
func readARC(ctx context.Context, c *config.Config) ([]data.ARCSet, error) {
	if c.TrainLimit > 0 || len(c.Validation) > 0 {
		return nil, fmt.Errorf("%w: train_limit and validation are not for ARC tasks: those of split evaluation are the validation", config.ErrConfig)
	}
	tasks, err := data.ARCLoader{Split: evaluationSplit}.Load(ctx, c.ARCTasks...)
	if err != nil {
		return nil, err
	}
	sets := []data.ARCSet{{Tasks: tasks, Weight: 1}}
	paths := map[float64][]string{}
	for _, d := range c.Data {
		if paths[d.Weight] == nil {
			sets = append(sets, data.ARCSet{Weight: d.Weight})
		}
		paths[d.Weight] = append(paths[d.Weight], d.Path)
	}
	for i := range sets[1:] {
		set := &sets[1+i]
		if set.Tasks, err = data.LoadARC(ctx, paths[set.Weight]...); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// allTasks returns the tasks of sets.
func allTasks(sets []data.ARCSet) (tasks []puzzle.ARCTask) {
	for _, s := range sets {
		tasks = append(tasks, s.Tasks...)
	}
	return tasks
}

// arcTasks is tasks at their true size.
type arcTasks struct {
	tests []puzzle.ARCTask // of which the tests are not trained on
	names []string         // of the puzzle table's rows
	task  puzzle.ARC
}

// newARCSource returns the stream of the tasks' demonstrations, and of the tests of
// those that are not of split evaluation.
func newARCSource(ctx context.Context, c *config.Config) (*source, error) {
	sets, err := readARC(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &source{tasks: &arcTasks{tests: onlyEvaluation(allTasks(sets))}}
	for _, set := range sets {
		for i := range set.Tasks {
			set.Tasks[i] = set.Tasks[i].Lessons(data.IsEvaluation(set.Tasks[i].Split))
		}
	}
	forms := c.ARCForms
	if !c.Augment {
		forms = 1
	}
	stream, err := data.NewARCStream(sets, data.ARCStreamOptions{Seed: c.Seed, Forms: forms, AllColours: c.Mixing == runtime.ColourMixing})
	if err != nil {
		return nil, err
	}
	c.TaskSpec = stream.Task().Spec()
	s.examples, s.puzzles, s.numPuzzles = &drawnARC{stream}, stream.Pairs(), len(stream.Names())
	s.tasks.names, s.tasks.task, s.sha256 = stream.Names(), stream.Task(), stream.Hash()
	return s, nil
}

// drawnARC is examples of tasks, each from its number.
type drawnARC struct{ *data.ARCStream }

// Example implements train.Source.
func (d *drawnARC) Example(n int64, in *runtime.Input, labels []int32) error {
	rows, cols, row := d.ARCStream.Example(uint64(n), in.Tokens, labels)
	in.Rows, in.Cols, in.Tokens, in.PuzzleID = rows, cols, in.Tokens[:rows*cols], row
	return nil
}

func (d *drawnARC) cursor() string { return "" }

func (d *drawnARC) seek(string) error { return nil }

// evaluationVotes is how many forms a periodic evaluation asks about.
const evaluationVotes = 8

// evaluate answers the tests whose outputs are known: the exact accuracy is that of the
// first attempt, and the other that of both.
func (a *arcTasks) evaluate(ctx context.Context, m *runtime.Model, threads int) (curve.Record, error) {
	var r arcResults
	text, err := runtime.NamePuzzles(a.names)
	if err != nil {
		return curve.Record{}, err
	}
	m.Task, m.TaskSpec, m.Meta = a.task.Name(), a.task.Spec(), map[string]string{runtime.MetaPuzzles: text}
	err = answerARC(ctx, m, threads, evaluationVotes, a.tests, func(res arc.Result) { r.add(&res) })
	rec := curve.Record{Kind: curve.Eval, Puzzles: r.finish().Known}
	if r.Known > 0 {
		rec.ExactAccuracy, rec.Accuracy = *r.Pass1, *r.Pass2
	}
	return rec, err
}

// onlyEvaluation returns the tasks that are trained on their demonstrations alone.
func onlyEvaluation(tasks []puzzle.ARCTask) (tests []puzzle.ARCTask) {
	for _, t := range tasks {
		if data.IsEvaluation(t.Split) {
			tests = append(tests, t)
		}
	}
	return tests
}
