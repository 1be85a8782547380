package checkpoint

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// golden is what index.json of a reference case says about its checkpoint.
type golden struct {
	Meta struct {
		Model   string                `json:"model"`
		Config  map[string]any        `json:"config"`
		Prefix  int                   `json:"puzzle_emb_len"`
		Sums    map[string][4]float64 `json:"checkpoint_sums"` // sum, sum of i*x[i] from 1, first, last
		RMSEps  float64               `json:"rms_norm_eps"`
		Theta   float64               `json:"rope_theta"`
		Halting int                   `json:"segments"`
	} `json:"meta"`
}

func readGolden(t *testing.T, dir string) golden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// withName is the configuration as all_config.yaml would have it, or without a
// class, which the tensors then tell.
func (g *golden) config(named bool) map[string]any {
	if named {
		g.Meta.Config["name"] = g.Meta.Model
		return map[string]any{"arch": g.Meta.Config}
	}
	return g.Meta.Config
}

func TestGoldenCheckpoints(t *testing.T) {
	for _, dir := range shared.Golden(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			g := readGolden(t, dir)
			for _, named := range []bool{false, true} {
				f, err := Open(dir, Options{Config: g.config(named)})
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				checkGoldenConfig(t, &g, f.Config)
				m, err := f.Model(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				checkSums(t, &g, m)
				checkConverted(t, f, m)
			}
		})
	}
}

func checkGoldenConfig(t *testing.T, g *golden, c runtime.Config) {
	t.Helper()
	if c.Prefix() != g.Meta.Prefix || c.NormEps != g.Meta.RMSEps || c.RopeTheta != g.Meta.Theta || c.HaltMaxSteps != g.Meta.Halting {
		t.Errorf("configuration %+v", c)
	}
	family := runtime.HRM
	if _, trm := g.Meta.Config["no_ACT_continue"]; trm {
		family = runtime.TRM
	}
	if c.Family != family {
		t.Errorf("family is %s, want %s", c.Family, family)
	}
}

// checkSums compares every tensor with the sums of the reference.
func checkSums(t *testing.T, g *golden, m *runtime.Model) {
	t.Helper()
	tensors := m.Tensors()
	if len(tensors) != len(g.Meta.Sums) {
		t.Errorf("%d tensors, want %d", len(tensors), len(g.Meta.Sums))
	}
	for key, want := range g.Meta.Sums {
		name, found := canonical(key), false
		for _, x := range tensors {
			if x.Name != name {
				continue
			}
			found = true
			w, err := x.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			if got := sums(w); !closeTo(got, want, float64(len(w))) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		if !found {
			t.Errorf("%s is not there", name)
		}
	}
}

func sums(w []float32) [4]float64 {
	s := [4]float64{2: float64(w[0]), 3: float64(w[len(w)-1])}
	for i, v := range w {
		s[0] += float64(v)
		s[1] += float64(i+1) * float64(v)
	}
	return s
}

// closeTo allows for the rounding of a float64 sum of n terms in another
// order; the first and last number must be equal.
func closeTo(a, b [4]float64, n float64) bool {
	return math.Abs(a[0]-b[0]) < 1e-13*n && math.Abs(a[1]-b[1]) < 1e-13*n*n && a[2] == b[2] && a[3] == b[3]
}

// checkConverted compares the streamed conversion with the model in memory.
func checkConverted(t *testing.T, f *File, m *runtime.Model) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.hrm")
	if err := Convert(context.Background(), path, f, nil); err != nil {
		t.Fatal(err)
	}
	file, err := weights.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := runtime.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, m) {
		t.Error("the converted model differs")
	}
}
