package train

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// usedCheckpoint is a checkpoint with every number set.
func usedCheckpoint(c *Config) *Checkpoint {
	rng := rand.New(rand.NewPCG(9, 9))
	cp := NewCheckpoint(c)
	cp.Step, cp.Next, cp.Meta = 12, 34, map[string]string{"preset": "tiny"}
	st := &cp.State
	l := NewLayout(&c.Spec.Config)
	for _, buf := range [][]float32{st.Params, st.M, st.V, st.EMA} {
		for _, t := range l.Tensors { // the gaps stay zero
			fill(rng, l.View(buf, t.Name))
		}
	}
	fill(rng, st.Puzzle)
	fill(rng, st.ZH)
	fill(rng, st.ZL)
	for i := range st.Tokens {
		st.Tokens[i], st.Labels[i] = rng.Int32N(5), rng.Int32N(5)
	}
	st.Labels[0] = IgnoreLabel
	for i := range cp.Segments {
		cp.Segments[i], cp.Halted[i] = rng.Int32N(3), i == 1
	}
	return cp
}

func fill(rng *rand.Rand, x []float32) {
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	for _, family := range []runtime.Family{runtime.HRM, runtime.TRM} {
		c := tinyConfig()
		c.Spec.Config.Family, c.Spec.Config.HLayers = family, 1
		want := usedCheckpoint(c)
		path := filepath.Join(t.TempDir(), "c.hrm")
		if err := WriteCheckpoint(path, &c.Spec, want); err != nil {
			t.Fatal(err)
		}
		got, err := ReadCheckpoint(path, &c.Spec)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the checkpoint changed on its way through a file", family)
		}
		f, err := weights.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := runtime.Load(f); err != nil || m.QBias[1] != NewLayout(&c.Spec.Config).Weights(want.State.Params).QBias[1] {
			t.Errorf("%s: no model in the checkpoint: %v", family, err)
		}
	}
}

func TestReadCheckpointRefuses(t *testing.T) {
	c := tinyConfig()
	path := filepath.Join(t.TempDir(), "c.hrm")
	cp := usedCheckpoint(c)
	if err := WriteCheckpoint(path, &c.Spec, cp); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(t.TempDir(), "m.hrm")
	if err := cp.State.Model(&c.Spec, false).Save(model); err != nil {
		t.Fatal(err)
	}
	other := func(change func(*Spec)) *Spec {
		s := c.Spec
		change(&s)
		return &s
	}
	for name, try := range map[string]struct {
		path string
		spec *Spec
	}{
		"a model without state": {model, &c.Spec},
		"another width":         {path, other(func(s *Spec) { s.Config.Hidden = 16 })},
		"other lanes":           {path, other(func(s *Spec) { s.Lanes = 2 })},
		"no lanes":              {path, other(func(s *Spec) { s.Lanes = 0 })},
	} {
		if _, err := ReadCheckpoint(try.path, try.spec); !errors.Is(err, ErrState) && !errors.Is(err, ErrSpec) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	cp.State.Tokens[1] = 5
	if err := WriteCheckpoint(path, &c.Spec, cp); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCheckpoint(path, &c.Spec); !errors.Is(err, runtime.ErrInput) {
		t.Errorf("a token beyond the vocabulary: err = %v", err)
	}
}

// Checkpoints from before lanes had shapes go on with the configuration's grid.
func TestCheckpointWithoutShapes(t *testing.T) {
	c := tinyConfig()
	want := usedCheckpoint(c)
	path := filepath.Join(t.TempDir(), "c.hrm")
	if err := WriteCheckpoint(path, &c.Spec, want); err != nil {
		t.Fatal(err)
	}
	f, err := weights.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []weights.Tensor
	for _, name := range f.Names() {
		if one, _ := f.Tensor(name); name != runtime.TrainPrefix+"shapes" {
			tensors = append(tensors, one)
		}
	}
	if err := weights.WriteFile(path, f.Header, tensors); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCheckpoint(path, &c.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || got.State.Shape(&c.Spec.Config, 0) != c.Spec.Config.Grid() {
		t.Error("the checkpoint is another one without shapes")
	}
}
