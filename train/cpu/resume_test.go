package cpu

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/train"
)

// drawn is a source of random examples, each a function of n.
type drawn struct{ vocab int }

func (d drawn) Example(n int64, in *runtime.Input, labels []int32) error {
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	for i := range in.Tokens {
		in.Tokens[i], labels[i] = rng.Int32N(int32(d.vocab)), rng.Int32N(int32(d.vocab))
	}
	return nil
}

// small is a run of a model that takes every path but mlp_t.
func small(family runtime.Family, steps int64) *train.Config {
	return &train.Config{
		Spec: train.Spec{
			Config: runtime.Config{
				Family: family, VocabSize: 7, SeqLen: 6, NumPuzzles: 1, PuzzleEmbDim: 12, Hidden: 16, Heads: 2, Expansion: 1,
				HLayers: 1, LLayers: 1, HCycles: 2, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 1e4,
			},
			Lanes: 13, Loss: train.Stablemax,
			Optim: train.Optim{Algorithm: train.AdamAtan2, Beta1: 0.9, Beta2: 0.95, WeightDecay: 0.1, ClipNorm: 1, EMA: 0.9},
		},
		Steps: steps, LR: 1e-3, PuzzleLR: 1e-2, ExploreProb: 0.3, CheckpointEvery: 3,
		Schedule: train.Schedule{Warmup: 5, Total: steps, MinRatio: 0.1},
	}
}

// runFrom trains a configuration from a checkpoint file, or from the start
// where there is none, and returns the last checkpoint.
func runFrom(t testing.TB, path string, c *train.Config, threads int) *train.Checkpoint {
	t.Helper()
	cp, err := train.ReadCheckpoint(path, &c.Spec)
	if errors.Is(err, fs.ErrNotExist) || path == "" {
		cp, err = train.NewCheckpoint(c), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(c.Spec, Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	last := *cp // of a run that had ended already
	slow := os.Getenv(killEnv) != ""
	h := train.Hooks{Step: func(*train.Metrics) error {
		if slow {
			time.Sleep(killPace)
		}
		return nil
	}, Checkpoint: func(cp *train.Checkpoint) error {
		last = *cp
		if path == "" {
			return nil
		}
		return train.WriteCheckpoint(path, &c.Spec, cp)
	}}
	if err := train.Run(t.Context(), c, d, drawn{c.Spec.Config.VocabSize}, cp, h); err != nil {
		t.Fatal(err)
	}
	return &last
}

func TestThreadsChangeNothing(t *testing.T) {
	c := small(runtime.HRM, 6)
	want := runFrom(t, "", c, 1)
	for _, threads := range []int{2, 5} {
		if got := runFrom(t, "", c, threads); !reflect.DeepEqual(got, want) {
			t.Errorf("%d threads end in other bits than one", threads)
		}
	}
}

func TestResumeBitForBit(t *testing.T) {
	for _, family := range []runtime.Family{runtime.HRM, runtime.TRM} {
		c := small(family, 11)
		want := runFrom(t, "", c, 0)
		path := filepath.Join(t.TempDir(), "c.hrm")
		half := *c
		half.Steps = 5
		runFrom(t, path, &half, 0)
		if got := runFrom(t, path, c, 0); !reflect.DeepEqual(got.State, want.State) || got.Next != want.Next {
			t.Errorf("%s: resuming at step 5 ends in other bits", family)
		}
	}
}

// killEnv names the checkpoint that a child of TestKill trains; it waits
// killPace after each step.
const (
	killEnv  = "HRM_TEST_KILL"
	killPace = 10 * time.Millisecond
)

// TestKill kills a run three times at random moments and resumes it, and wants
// the bits of a run that nobody killed: 40 steps, 200 with HRM_LONG=1.
func TestKill(t *testing.T) {
	steps := int64(40)
	if os.Getenv("HRM_LONG") != "" {
		steps = 200
	}
	c := small(runtime.TRM, steps)
	path := filepath.Join(t.TempDir(), "c.hrm")
	if child := os.Getenv(killEnv); child != "" {
		runFrom(t, child, c, 0)
		return
	}
	want := runFrom(t, "", c, 0)
	for i := range 3 {
		// A third of the run at most, and the time that a process needs to start.
		killAfter(t, path, killPace*(10+time.Duration(rand.Int64N(steps/3))), i)
	}
	if got := runFrom(t, path, c, 0); !reflect.DeepEqual(got.State, want.State) {
		t.Error("the killed and resumed run ends in other bits")
	}
}

func killAfter(t *testing.T, path string, d time.Duration, i int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKill$")
	child.Env = append(os.Environ(), killEnv+"="+path)
	if err := child.Start(); err != nil {
		t.Skipf("cannot start a process: %v", err)
	}
	time.Sleep(d)
	child.Process.Kill()
	child.Wait()
	_, err := os.Stat(path)
	t.Logf("kill %d after %v, checkpoint there: %v", i, d, err == nil)
}
