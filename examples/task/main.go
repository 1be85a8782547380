// Command task teaches a model a puzzle of its own: small sudokus of 4 x 4 cells, which
// a description of the grid makes a task. It makes puzzles, trains for some seconds on
// the processor, writes a model file, and solves puzzles that it has not seen.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/cpu"
)

// spec says what the puzzle is. It goes into the model's file, so that hrm solve, serve
// and the page know it.
var spec = map[string]any{"rows": 4, "cols": 4, "alphabet": ".1234", "blank": ".", "rules": "sudoku"}

func main() {
	model, err := learn(context.Background(), 150)
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(os.TempDir(), "small-sudoku.hrm")
	if err := model.Save(file); err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file)
	solved, err := solve(context.Background(), file, 50)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("more than half of 50 new puzzles solved:", solved > 25)
}

// learn trains a small network for so many steps.
func learn(ctx context.Context, steps int) (*runtime.Model, error) {
	c, err := config.Preset("sudoku-cpu") // attention that knows rows, columns and boxes
	if err != nil {
		return nil, err
	}
	c.Task, c.TaskSpec = "grid", spec
	c.Steps, c.BatchSize, c.HaltMaxSteps = steps, 32, 4
	run, err := c.Train(1)
	if err != nil {
		return nil, err
	}
	device, err := cpu.Open(run.Spec, cpu.Options{})
	if err != nil {
		return nil, err
	}
	defer device.Close()
	var model *runtime.Model
	err = train.Run(ctx, &run, device, source{}, train.NewCheckpoint(&run), train.Hooks{
		Checkpoint: func(cp *train.Checkpoint) error {
			model = cp.State.Model(&run.Spec, false)
			model.Task, model.TaskSpec = c.Task, spec
			return nil
		},
	})
	return model, err
}

// source makes examples as they are drawn. Each is a function of its number alone, so
// that a run can be resumed.
type source struct{}

func (source) Example(n int64, in *runtime.Input, labels []int32) error {
	question, answer := small(rand.New(rand.NewPCG(1, uint64(n))))
	copy(in.Tokens, question)
	copy(labels, answer)
	return nil
}

// small returns a sudoku of 4 x 4 with eight clues, as tokens: 1 is a blank cell, and
// digit d is d + 1.
func small(rng *rand.Rand) (question, answer []int32) {
	answer = []int32{2, 3, 4, 5, 4, 5, 2, 3, 3, 2, 5, 4, 5, 4, 3, 2}
	digits := rng.Perm(4)
	for i, token := range answer {
		answer[i] = int32(digits[token-2]) + 2
	}
	if rng.IntN(2) == 0 { // reflected along the diagonal
		turned := make([]int32, 16)
		for i := range answer {
			turned[i%4*4+i/4] = answer[i]
		}
		answer = turned
	}
	question = append(question, answer...)
	for _, cell := range rng.Perm(16)[:8] {
		question[cell] = 1
	}
	return question, answer
}

// solve asks the model about puzzles that it has not seen, and returns how many answers
// obey the rules.
func solve(ctx context.Context, file string, n int) (solved int, err error) {
	s, err := hrm.Open(file)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	task, err := puzzle.New("grid", spec)
	if err != nil {
		return 0, err
	}
	one := hrm.Options{Attempts: 1, Anyway: true} // one pass, and eight clues may have two answers
	for i := range n {
		question, _ := small(rand.New(rand.NewPCG(2, uint64(i))))
		a, err := s.With(one).Solve(ctx, task.Decode(question))
		if err != nil {
			return 0, err
		}
		if a.Valid {
			solved++
		}
	}
	return solved, nil
}
