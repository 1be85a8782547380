package checkpoint

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// positions returns the tensor that has a row for each position, and how many tokens a
// puzzle has by it; 0 where there is none.
func (f *File) positions(c *runtime.Config) (name string, tokens int) {
	for _, name := range []string{"embed_pos.embedding_weight", "L_level.layers.0.mlp_t.down_proj.weight"} {
		if t, ok := f.Tensor(name); ok && len(t.Shape) == 2 && t.Shape[0] > c.Prefix() {
			return name, t.Shape[0] - c.Prefix()
		}
	}
	return "", 0
}

// agree reports a number of tokens that the tensors contradict, and a task that the
// number of tokens or the vocabulary contradicts.
func (f *File) agree(c *runtime.Config, o Options) error {
	if name, n := f.positions(c); n > 0 && n != c.SeqLen {
		what := "the configuration's seq_len"
		if o.SeqLen > 0 {
			what = "--seq-len"
		}
		return fmt.Errorf("%w: %s is %d, and the tensor %s is for %d tokens", ErrOptions, what, c.SeqLen, name, n)
	}
	if t := published(c.VocabSize); o.Task == "" && t != nil && t.SeqLen() != c.SeqLen {
		if o.SeqLen > 0 {
			return fmt.Errorf("%w: --seq-len is %d, but a vocabulary of %d is that of %s, with %d tokens: if the model is for something else, say what with --task", ErrOptions, c.SeqLen, c.VocabSize, t.Name(), t.SeqLen())
		}
		f.note("no task is known that has %d tokens of a vocabulary of %d (%s has %d tokens): the model can be run when --task says what it solves", c.SeqLen, c.VocabSize, t.Name(), t.SeqLen())
	}
	if o.Task == "" {
		return nil
	}
	t, err := puzzle.New(o.Task, o.TaskSpec)
	if err != nil {
		return fmt.Errorf("%w: --task %s: %w", ErrOptions, o.Task, err)
	}
	if t.Vocab() != c.VocabSize {
		return fmt.Errorf("%w: --task %s has a vocabulary of %d, and the tensors are for one of %d%s", ErrOptions, o.Task, t.Vocab(), c.VocabSize, meant(c.VocabSize))
	}
	_, sized := o.TaskSpec["rows"]
	if sized && t.SeqLen() != c.SeqLen {
		rows, cols := t.Size()
		return fmt.Errorf("%w: --task %s of %d x %d has %d tokens, and the model is for %d", ErrOptions, o.Task, rows, cols, t.SeqLen(), c.SeqLen)
	}
	if _, err := puzzle.ForModel(o.Task, o.TaskSpec, c.SeqLen, c.Cols, c.VocabSize); err != nil {
		return fmt.Errorf("%w: --task %s has %d tokens, and the model is for %d", ErrOptions, o.Task, t.SeqLen(), c.SeqLen)
	}
	return nil
}

// meant says which published task has a vocabulary.
func meant(vocab int) string {
	if t := published(vocab); t != nil {
		return ", as " + t.Name() + " has"
	}
	return ""
}

// cause reports in one line a number of the configuration that alone makes many tensors
// not fit.
func (f *File) cause(c *runtime.Config) error {
	differs := func(field string, want, has int, tensor string, t Tensor) error {
		return fmt.Errorf("%w: %s is %d, but the tensors are for %d (%s is %v)", runtime.ErrTensors, field, want, has, tensor, t.Shape)
	}
	const embed, table = "embed_tokens.embedding_weight", "puzzle_emb.weights"
	if t, ok := f.Tensor(embed); ok && len(t.Shape) == 2 {
		switch {
		case t.Shape[1] != c.Hidden:
			return differs("hidden_size", c.Hidden, t.Shape[1], embed, t)
		case t.Shape[0] != c.VocabSize:
			return differs("vocab_size", c.VocabSize, t.Shape[0], embed, t)
		}
	}
	if t, ok := f.Tensor(table); ok && len(t.Shape) == 2 && c.PuzzleEmbDim > 0 {
		switch {
		case t.Shape[1] != c.PuzzleEmbDim:
			return differs("puzzle_emb_ndim", c.PuzzleEmbDim, t.Shape[1], table, t)
		case t.Shape[0] != c.NumPuzzles:
			return differs("num_puzzle_identifiers", c.NumPuzzles, t.Shape[0], table, t)
		}
	}
	for _, l := range c.Networks() {
		name := runtime.LayerName(l, 0) + "mlp.down_proj.weight"
		if t, ok := f.Tensor(name); ok && len(t.Shape) == 2 && t.Shape[0] == c.Hidden && t.Shape[1] != c.Inter() {
			return fmt.Errorf("%w: expansion %v makes the SwiGLU %d wide, but the tensors are for %d (%s is %v)", runtime.ErrTensors, c.Expansion, c.Inter(), t.Shape[1], name, t.Shape)
		}
		if has := f.layers(l); has > 0 && has != c.Layers(l) {
			return fmt.Errorf("%w: %v_layers is %d, but there are tensors of %d", runtime.ErrTensors, l, c.Layers(l), has)
		}
	}
	return nil
}

// layers counts the layers of a level that have a tensor, from the first on.
func (f *File) layers(l runtime.Level) int {
	there := map[int]bool{}
	for name := range f.index {
		if rest, ok := strings.CutPrefix(name, l.String()+"_level.layers."); ok {
			number, _, _ := strings.Cut(rest, ".")
			if i, err := strconv.Atoi(number); err == nil {
				there[i] = true
			}
		}
	}
	n := 0
	for there[n] {
		n++
	}
	return n
}
