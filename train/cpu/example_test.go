package cpu_test

import (
	"context"
	"fmt"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/cpu"
)

// echo is a task in which the answer is the question.
type echo struct{}

func (echo) Example(n int64, in *runtime.Input, labels []int32) error {
	for i := range in.Tokens {
		in.Tokens[i] = 1 + int32(n+int64(i))%3
		labels[i] = in.Tokens[i]
	}
	return nil
}

// Train a small network; examples/task does so with a puzzle.
func Example() {
	c, err := config.Preset("sudoku-cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Task, c.TaskSpec, c.Relations = "grid", map[string]any{"rows": 2, "cols": 2, "alphabet": "abc"}, ""
	c.Steps, c.BatchSize, c.Hidden, c.Heads, c.Warmup, c.Precision = 40, 8, 32, 2, 2, "fp32"
	run, err := c.Train(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	device, err := cpu.Open(run.Spec, cpu.Options{Threads: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer device.Close()
	var first, last float64
	err = train.Run(context.Background(), &run, device, echo{}, train.NewCheckpoint(&run), train.Hooks{
		Step: func(m *train.Metrics) error {
			if last = m.LM; m.Step == 1 {
				first = m.LM
			}
			return nil
		},
	})
	fmt.Println(err, last < first/4)
	// Output: <nil> true
}
