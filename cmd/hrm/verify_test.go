package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/shared"
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
