package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
	"github.com/hrmgo/hrm/native"
)

func TestVerify(t *testing.T) {
	dir := shared.Dir(t, "golden", "trm_mlp")
	code, out, errOut := hrm(t, "", "verify", "--json", dir)
	var c caseRecord
	if err := json.Unmarshal([]byte(out), &c); err != nil || code != statusOK {
		t.Fatalf("status %d, %.200q, %q: %v", code, out, errOut, err)
	}
	if !c.OK || len(c.Tensors) < 20 || c.Tokens == 0 || c.Halts == 0 || c.Tensors[0].Error == nil {
		t.Errorf("got %+v", c)
	}
	code, out, _ = hrm(t, "", "verify", dir)
	if code != statusOK || !strings.Contains(out, "eval/seg1/logits") || !strings.Contains(out, "ok   "+dir) {
		t.Errorf("status %d, %q", code, out)
	}
}

func TestVerifyNoCase(t *testing.T) {
	code, _, errOut := hrm(t, "", "verify", t.TempDir())
	if code != statusUsage || !strings.Contains(errOut, "index.json") {
		t.Errorf("status %d, %q", code, errOut)
	}
}

// A reference checkpoint, imported, solves what it is given.
func TestImport(t *testing.T) {
	step := filepath.Join(shared.Dir(t, "golden", "hrm_a"), "step_0")
	config := writeFile(t, "all_config.yaml", `
arch:
  name: hrm.hrm_act_v1@HierarchicalReasoningModel_ACTV1
  puzzle_emb_ndim: 64
  H_cycles: 2
  L_cycles: 2
  H_layers: 2
  L_layers: 2
  hidden_size: 64
  expansion: 4
  num_heads: 4
  pos_encodings: rope
  halt_max_steps: 8
  halt_exploration_prob: 0.1
  forward_dtype: float32
  loss: {name: losses@ACTLossHead, loss_type: stablemax_cross_entropy}
`)
	path := filepath.Join(t.TempDir(), "a.hrm")
	code, out, errOut := hrm(t, "", "import", step, "--config", config, "-o", path, "--meta", "licence=none")
	if code != statusOK || !strings.Contains(out, "hrm sudoku") {
		t.Fatalf("status %d, %q, %q", code, out, errOut)
	}
	code, out, _ = hrm(t, "", "inspect", path)
	if code != statusOK || !strings.Contains(out, "licence") {
		t.Errorf("inspect: status %d, %q", code, out)
	}
	if code, out, errOut := hrm(t, "", "solve", "-m", path, easy); code != statusFailed || !strings.Contains(out, "not solved") {
		t.Errorf("solve: status %d, %q", code, errOut)
	}
	code, _, errOut = hrm(t, "", "import", step, "-o", path)
	if code != statusUsage || !strings.Contains(errOut, "--config FILE") {
		t.Errorf("without a configuration: status %d, %q", code, errOut)
	}
}

// The weights may be the user's own: a checkpoint or what was imported of it, and a case
// without any.
func TestVerifyOwn(t *testing.T) {
	const from = "../../runtime/golden/testdata/trm_len0"
	own, bare := t.TempDir(), t.TempDir()
	index, err := os.ReadFile(filepath.Join(from, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Meta struct {
			Model  string         `json:"model"`
			Config map[string]any `json:"config"`
		} `json:"meta"`
	}
	if err := json.Unmarshal(index, &c); err != nil {
		t.Fatal(err)
	}
	c.Meta.Config["name"] = c.Meta.Model
	config, err := json.Marshal(map[string]any{"arch": c.Meta.Config})
	if err != nil {
		t.Fatal(err)
	}
	for to, name := range map[string]string{own: "step_0", bare: "forward.bin"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(dir, name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(own, "all_config.yaml", config)
	var whole map[string]any
	if err := json.Unmarshal(index, &whole); err != nil {
		t.Fatal(err)
	}
	for name := range whole["tensors"].(map[string]any) {
		if strings.HasPrefix(name, "layers/") {
			delete(whole["tensors"].(map[string]any), name)
		}
	}
	without, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	put(bare, "index.json", without)
	model := filepath.Join(t.TempDir(), "m.hrm")
	if code, out, errOut := hrm(t, "", "import", own, "-o", model); code != statusOK {
		t.Fatal(out, errOut)
	}
	for _, path := range []string{own, filepath.Join(own, "step_0"), model} {
		if code, out, errOut := hrm(t, "", "verify", "--checkpoint", path, "--case", bare); code != statusOK || !strings.Contains(out, "ok   "+bare) || !strings.Contains(out, "eval/seg4/logits") {
			t.Errorf("%s: status %d, %s%s", path, code, out, errOut)
		}
	}
	m, file, err := native.Read(model)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m.LLevel[0].O.F32[3] += 0.01
	if err := m.Save(model); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := hrm(t, "", "verify", "--checkpoint", model, bare); code != statusFailed || !strings.Contains(out, "FAIL "+bare) || !strings.Contains(out, "TOO LARGE") {
		t.Errorf("another weight: status %d, %s", code, out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--checkpoint", "sudoku", "--case", bare}, "it was made with H_cycles 2, the model has 3"},
		{[]string{"--checkpoint", own}, "no case is given"},
		{[]string{"--checkpoint", t.TempDir(), "--case", bare}, "the folder holds no checkpoint"},
		{[]string{"--checkpoint", "nowhere", "--case", bare}, `no model is called "nowhere"`},
		{[]string{"--case", bare}, "a case without weights is compared with those that --checkpoint names"},
	} {
		if code, out, errOut := hrm(t, "", append([]string{"verify"}, c.args...)...); code != statusUsage || out != "" || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d, %s%s, want %s", c.args, code, out, errOut, c.want)
		}
	}
}
