package checkpoint

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
)

// Options that contradict the checkpoint, its configuration or each other are refused,
// and a number of the configuration that the tensors contradict is one line.
func TestContradictions(t *testing.T) {
	c := smallConfig()
	dir := writeFolder(t, map[string][]byte{"checkpoint": torchFile(t, "", smallTensors(c))})
	path := filepath.Join(dir, "checkpoint")
	arch := func(change map[string]any) map[string]any {
		m := c.Map()
		for k, v := range change {
			m[k] = v
		}
		return m
	}
	for name, x := range map[string]struct {
		arch map[string]any
		o    Options
		is   error
		want string
	}{
		"a task of another vocabulary": {nil, Options{Task: "arc"}, ErrOptions, "--task arc has a vocabulary of 12, and the tensors are for one of"},
		"a number of tokens":           {nil, Options{SeqLen: c.SeqLen + 1}, ErrOptions, "and the configuration says seq_len"},
		"a size of the task": {nil, Options{Task: "grid", TaskSpec: map[string]any{"alphabet": "0123456789A"[:c.VocabSize-1], "rows": 2, "cols": 2}}, ErrOptions,
			"--task grid of 2 x 2 has 4 tokens, and the model is for"},
		"width":      {map[string]any{"hidden_size": 2 * c.Hidden}, Options{}, runtime.ErrTensors, "hidden_size is 16, but the tensors are for 8 (embed_tokens.embedding_weight is"},
		"vocabulary": {map[string]any{"vocab_size": c.VocabSize + 1}, Options{}, runtime.ErrTensors, "vocab_size is"},
		"layers":     {map[string]any{"L_layers": 9}, Options{}, runtime.ErrTensors, "L_layers is 9, but there are tensors of 2"},
		"expansion":  {map[string]any{"expansion": 60.}, Options{}, runtime.ErrTensors, "makes the SwiGLU"},
		"table":      {map[string]any{"num_puzzle_identifiers": c.NumPuzzles + 1}, Options{}, runtime.ErrTensors, "num_puzzle_identifiers is"},
	} {
		x.o.Config = arch(x.arch)
		f, err := Open(path, x.o)
		if err == nil {
			f.Close()
		}
		if !errors.Is(err, x.is) || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
}
