package pytorch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/checkpoint"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/golden"
)

// reference stands for the references' code, which is not ours to keep: it has their
// interface, and the arithmetic of segment.py.
const reference = `
import types
import torch
from flash_attn import flash_attn_func  # which no CPU has
import segment

class HierarchicalReasoningModel_ACTV1(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.p = config, torch.nn.Buffer(torch.zeros(1), persistent=False)

    def load_state_dict(self, state, strict):
        self.model = segment.Model({k.replace("inner.", "", 1): v for k, v in state.items()}, self.config)
        return [], []

    def initial_carry(self, batch):
        return None

    def forward(self, carry, batch):
        zH, zL = (carry.inner_carry.z_H, carry.inner_carry.z_L) if carry else self.model.start(len(batch["inputs"]))
        zH, zL, logits, q = self.model.segment(zH, zL, self.model.embed(batch["inputs"]))
        out = dict(logits=logits, q_halt_logits=q[:, 0], q_continue_logits=q[:, 1])
        return types.SimpleNamespace(inner_carry=types.SimpleNamespace(z_H=zH, z_L=zL)), out
`

const checkpointOf = `
import collections, sys, torch
sys.path.insert(0, ".")
import segment
segment.D, segment.INTER = 64, 256
state = segment.weights(3)
torch.save(collections.OrderedDict(("_orig_mod.model.inner." + k, v) for k, v in state.items()), sys.argv[1])
`

const config = `arch:
  name: hrm.hrm_act_v1@HierarchicalReasoningModel_ACTV1
  puzzle_emb_ndim: ${.hidden_size}
  H_cycles: 1
  L_cycles: 2
  H_layers: 4
  L_layers: 4
  hidden_size: 64
  expansion: 4
  num_heads: 4
  pos_encodings: rope
  halt_max_steps: 8
  halt_exploration_prob: 0.1
`

// case.py writes a case of a checkpoint that hrm verify reads.
func TestCase(t *testing.T) {
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import torch, numpy, yaml").Run(); err != nil {
		t.Skip("no PyTorch with numpy and PyYAML: ", err)
	}
	clone, own, out := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "case")
	put := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(clone, "models", "hrm", "hrm_act_v1.py"), reference)
	put(filepath.Join(own, "all_config.yaml"), config)
	if said, err := exec.Command(python, "-c", checkpointOf, filepath.Join(own, "step_7")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	said, err := exec.Command(python, "case.py", "--reference", clone, "--checkpoint", own, "--segments", "3", "-o", out).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	f, err := checkpoint.Open(own, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := f.Model(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := golden.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	start := func(m *runtime.Model, _ golden.Trace) (runtime.Backend, error) { return cpu.New(m, cpu.Options{}) }
	r, err := c.VerifyModel(t.Context(), m, start)
	if err != nil || r.Err() != nil || r.Tokens == 0 || len(r.Results) != 15 {
		t.Errorf("%d tensors, %d tokens, %v, %v", len(r.Results), r.Tokens, r.Err(), err)
	}
	m.LLevel[0].O.F32[0] += 0.05
	if r, err := c.VerifyModel(t.Context(), m, start); err != nil || r.Err() == nil {
		t.Errorf("other weights agree: %v", err)
	}
	said, err = exec.Command(python, "case.py", "--reference", clone, "--checkpoint", own, "--segments", "9", "-o", out).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "starts a puzzle anew after 8") {
		t.Errorf("%v: %s", err, said)
	}
}
