package golden_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/golden"
)

func openCPU(m *runtime.Model, trace golden.Trace) (runtime.Backend, error) {
	return cpu.New(m, cpu.Options{Threads: 2, Trace: trace})
}

// Every reference case through the checkpoint importer and the CPU backend,
// with every set of kernels.
func TestCases(t *testing.T) {
	best, _ := kernels.Implementation()
	defer kernels.Use(best)
	for _, impl := range kernels.Implementations() {
		kernels.Use(impl)
		for _, dir := range shared.Golden(t) {
			t.Run(impl+"/"+filepath.Base(dir), func(t *testing.T) { verify(t, dir) })
		}
	}
}

func verify(t *testing.T, dir string) {
	c, err := golden.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Verify(context.Background(), openCPU)
	if err != nil {
		t.Fatal(err)
	}
	worst := slices.MaxFunc(r.Results, func(a, b golden.Result) int {
		if a.Error/a.Bound < b.Error/b.Bound {
			return -1
		}
		return 1
	})
	t.Logf("%d tensors, worst %s off by %.3g (bound %.3g), %d/%d tokens, %d/%d halts differ",
		len(r.Results), worst.Name, worst.Error, worst.Bound, r.WrongTokens, r.Tokens, r.WrongHalts, r.Halts)
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if r.Untraced > 0 || r.Tokens == 0 || r.Halts == 0 {
		t.Errorf("%d layers untraced, %d tokens and %d halts compared", r.Untraced, r.Tokens, r.Halts)
	}
}

// smallCase writes a case made by this project: a copy of a reference case
// whose index the test may spoil.
func smallCase(t *testing.T, spoil func(index map[string]any)) string {
	t.Helper()
	from, to := shared.Dir(t, "golden", "hrm_nopuzzle_rope"), t.TempDir()
	for _, name := range []string{"step_0", "forward.bin", "layers.bin", "index.json"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "index.json" {
			var index map[string]any
			if err := json.Unmarshal(data, &index); err != nil {
				t.Fatal(err)
			}
			spoil(index)
			if data, err = json.Marshal(index); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func tensor(index map[string]any, name string) map[string]any {
	return index["tensors"].(map[string]any)[name].(map[string]any)
}

// A case that says something else is noticed.
func TestDisagreement(t *testing.T) {
	for what, spoil := range map[string]func(index map[string]any){
		"halting decisions differ": func(index map[string]any) {
			halt := index["meta"].(map[string]any)["eval_segments"].([]any)[0].(map[string]any)
			halt["q_says_halt"] = []bool{true, false, false, false}
		},
		"eval/seg2/logits is off":         func(index map[string]any) { tensor(index, "eval/seg2/logits")["offset"] = 40 },
		"tokens differ":                   func(index map[string]any) { tensor(index, "eval/seg2/logits")["offset"] = 40 },
		"layers/input_embeddings is off":  func(index map[string]any) { tensor(index, "layers/input_embeddings")["offset"] = 8 },
		"eval/seg1/z_H is off by":         func(index map[string]any) { tensor(index, "eval/seg1/z_H")["offset"] = 0 },
		"H_level.0/call1/block_out is of": func(index map[string]any) { tensor(index, "layers/H_level.0/call1/block_out")["offset"] = 0 },
	} {
		c, err := golden.Open(smallCase(t, spoil))
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Verify(context.Background(), openCPU)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Err(); !errors.Is(err, golden.ErrDisagree) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A damaged index is an error, never a panic or a large allocation.
func TestDamagedCase(t *testing.T) {
	for what, spoil := range map[string]func(index map[string]any){
		"segments":  func(index map[string]any) { index["meta"].(map[string]any)["segments"] = 99 },
		"config":    func(index map[string]any) { delete(index["meta"].(map[string]any), "config") },
		"missing":   func(index map[string]any) { delete(index["tensors"].(map[string]any), "eval/inputs") },
		"dtype":     func(index map[string]any) { tensor(index, "eval/inputs")["dtype"] = "f32" },
		"negative":  func(index map[string]any) { tensor(index, "eval/inputs")["offset"] = -4 },
		"offset":    func(index map[string]any) { tensor(index, "eval/seg1/logits")["offset"] = 1 << 40 },
		"huge":      func(index map[string]any) { tensor(index, "eval/seg1/logits")["shape"] = []int{1 << 40, 1 << 40} },
		"shape":     func(index map[string]any) { tensor(index, "eval/seg1/q_halt")["shape"] = []int{2} },
		"inputs":    func(index map[string]any) { tensor(index, "eval/inputs")["shape"] = []int{25, 4} },
		"outside":   func(index map[string]any) { tensor(index, "eval/inputs")["file"] = "../forward.bin" },
		"no file":   func(index map[string]any) { tensor(index, "eval/inputs")["file"] = "nothing.bin" },
		"not a map": func(index map[string]any) { index["tensors"] = 3 },
	} {
		c, err := golden.Open(smallCase(t, spoil))
		if err == nil {
			_, err = c.Verify(context.Background(), openCPU)
		}
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := golden.Open(t.TempDir()); !errors.Is(err, golden.ErrCase) {
		t.Errorf("an empty folder: %v", err)
	}
}
