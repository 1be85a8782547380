// Command variant trains two networks on the same sudokus for as many steps, one as the
// preset has it and one with a convolution before attention, and prints how far each
// came. It takes half a minute; with -steps 20000 it takes a night.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/cpu"
	"github.com/hrmgo/hrm/train/data"
)

func main() {
	steps := flag.Int("steps", 30, "optimizer steps of each network")
	flag.Parse()
	for _, variant := range []struct{ name, key, value string }{
		{"plain", "conv", "0"},
		{"with a convolution", "conv", "3"}, // any key of docs/keys.md
	} {
		first, last, err := learn(context.Background(), *steps, variant.key, variant.value)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: the loss fell: %v\n", variant.name, last < first)
		log.Printf("%s: from %.3f to %.3f in %d steps", variant.name, first, last, *steps)
	}
}

// learn trains the preset with one key changed, and returns its first and last loss.
func learn(ctx context.Context, steps int, key, value string) (first, last float64, err error) {
	c, err := config.Preset("sudoku-cpu")
	if err != nil {
		return 0, 0, err
	}
	if err := c.Set(key, value); err != nil {
		return 0, 0, err
	}
	c.Steps, c.BatchSize, c.Warmup = steps, 16, 5
	run, err := c.Train(1)
	if err != nil {
		return 0, 0, err
	}
	device, err := cpu.Open(run.Spec, cpu.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer device.Close()
	err = train.Run(ctx, &run, device, source{}, train.NewCheckpoint(&run), train.Hooks{
		Step: func(m *train.Metrics) error {
			if m.Step == 1 {
				first = m.LM
			}
			last = m.LM
			return nil
		},
	})
	return first, last, err
}

// source makes sudokus of 40 clues as they are drawn.
type source struct{}

func (source) Example(n int64, in *runtime.Input, labels []int32) error {
	s := data.Ordinary(40, rand.New(rand.NewPCG(1, uint64(n))))
	for i := range in.Tokens {
		in.Tokens[i], labels[i] = int32(s.Question[i])+1, int32(s.Answer[i])+1
	}
	return nil
}
