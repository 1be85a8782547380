package checkpoint

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// item is a pair of a dictionary: a string or other opcodes, and a
// weights.Tensor, another dictionary or opcodes.
type item struct {
	key   any
	value any
}

// torchTree is what torch.save writes of nested dictionaries.
func torchTree(t testing.TB, root []item) []byte {
	t.Helper()
	p := new(pickler).op(0x80, 2)
	records := []record{{name: "x/data.pkl"}}
	var put func(v any)
	put = func(v any) {
		switch v := v.(type) {
		case string:
			p.str(v)
		case []byte:
			p.op(v...)
		case weights.Tensor:
			shape, stride, numel := rowMajor(v.Shape)
			key := string(rune('a'+len(records)/26)) + string(rune('a'+len(records)%26))
			p.tensor("torch.FloatStorage", key, numel, 0, shape, stride)
			records = append(records, record{name: "x/data/" + key, data: v.Bytes})
		case []item:
			p.op('}')
			for _, i := range v {
				put(i.key)
				put(i.value)
				p.op('s')
			}
		}
	}
	put(root)
	records[0].data = p.op('.').Bytes()
	return zipOf(t, records...)
}

// under lists tensors with a prefix in front of their names.
func under(prefix string, tensors []weights.Tensor) (list []item) {
	for _, x := range tensors {
		list = append(list, item{prefix + x.Name, x})
	}
	return list
}

// negated has the same tensors with other numbers.
func negated(tensors []weights.Tensor) []weights.Tensor {
	list := slices.Clone(tensors)
	for i := range list {
		w, _ := list[i].Float32s()
		w = slices.Clone(w)
		for j := range w {
			w[j] = -w[j]
		}
		list[i] = weights.Of(list[i].Name, weights.F32, w, list[i].Shape...)
	}
	return list
}

// parameters leaves out the buffers, as an average of parameters does.
func parameters(tensors []weights.Tensor) []weights.Tensor {
	return slices.DeleteFunc(slices.Clone(tensors), func(t weights.Tensor) bool {
		return slices.Contains([]string{"H_init", "L_init", "puzzle_emb.weights"}, t.Name)
	})
}

// ops are opcodes of values that scripts save beside weights.
var (
	number    = new(pickler).int(3).Bytes()
	namespace = new(pickler).global("argparse.Namespace").op(')', 0x81, '}').str("lr").op('N', 's', 'b').Bytes()
	scalar    = new(pickler).global("numpy.core.multiarray.scalar").global("numpy.dtype").str("f8").op(0x89, 0x88, 0x87, 'R').op('C', 8, 0, 0, 0, 0, 0, 0, 0, 0).op(0x86, 'R').Bytes()
)

// openBytes opens a checkpoint of that name beside smallYAML.
func openBytes(t *testing.T, name string, data []byte, o Options) (*File, error) {
	t.Helper()
	f, err := Open(filepath.Join(writeFolder(t, map[string][]byte{name: data, "all_config.yaml": []byte(smallYAML)}), name), o)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

// In whatever a script wraps the weights, they are found, and the rest is
// skipped and named.
func TestWrappedWeights(t *testing.T) {
	sd := smallTensors(smallConfig())
	moments := []item{{number, []item{{"step", number}, {"exp_avg", sd[0]}, {"exp_avg_sq", sd[0]}}}}
	for name, c := range map[string]struct {
		root []item
		want string // in the notes
	}{
		"Lightning": {[]item{{"epoch", number}, {"pytorch-lightning_version", "2.1"}, {"state_dict", under("model.inner.", sd)},
			{"optimizer_states", new(pickler).op(']', '}').str("state").op('}', 's', 'a').Bytes()}, {"hyper_parameters", namespace}},
			`those of "state_dict"; ignored: epoch, pytorch-lightning_version, optimizer_states, hyper_parameters`},
		"with an optimizer by number": {[]item{{"net", under("module.model.inner.", sd)}, {"optimizer", []item{{"state", moments}}}}, `those of "net"; ignored: optimizer`},
		"with an optimizer by name": {[]item{{"optimizer", []item{{"exp_avg", under("model.inner.", negated(sd))}, {"exp_avg_sq", under("model.inner.", sd)}}},
			{"model_state", under("_orig_mod.model.inner.", sd)}}, `those of "model_state"; ignored: optimizer`},
		"two deep":                {[]item{{"state", []item{{"weights", under("", sd)}, {"seed", scalar}}}}, `those of "state.weights"`},
		"wrapped in each block":   {under("model._orig_mod.inner.", withWord(sd, "_checkpoint_wrapped_module")), ""},
		"beside keys of no name":  {append(under("model.inner.", sd), item{number, sd[0]}, item{[]byte{'N'}, "x"}), ""},
		"a level in a dictionary": {[]item{{"model", nested(sd)}}, ""},
	} {
		f, err := openBytes(t, "step_3", torchTree(t, c.root), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, c.want) || c.want == "" && strings.Contains(notes, "weights are") {
			t.Errorf("%s: notes are %q, want %q", name, notes, c.want)
		}
		m, err := f.Model(context.Background())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkModel(t, name, m, sd)
	}
}

// Words tell an average and an optimizer's state; parts of words do not.
func TestWordsOfSets(t *testing.T) {
	for name, want := range map[string]string{
		"ema_model": "average", "model.EMA": "average", "swa_state_dict": "average", "ema.shadow": "average", "averaged-model": "average", "ema0.999": "average",
		"optimizer.exp_avg": "optimizer", "optim_state": "optimizer", "adam.moment1": "optimizer", "grads": "optimizer", "state.exp_avg_sq": "optimizer",
		"model": "", "experiment.weights": "", "schema": "", "swap": "", "best_model": "", "graduate": "", "cinema": "",
	} {
		got := ""
		switch s := (&set{prefix: name}); {
		case isOptimizer(s.display()):
			got = "optimizer"
		case s.isAverage():
			got = "average"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// withWord puts a word in front of the last but one of each name.
func withWord(tensors []weights.Tensor, word string) []weights.Tensor {
	list := slices.Clone(tensors)
	for i := range list {
		words := strings.Split(list[i].Name, ".")
		if n := len(words); n > 2 {
			words = slices.Insert(words, n-2, word)
		}
		list[i].Name = strings.Join(words, ".")
	}
	return list
}

// nested has a dictionary for each first word of a name.
func nested(tensors []weights.Tensor) []item {
	var list []item
	at := map[string]int{}
	for _, x := range tensors {
		first, rest, deeper := strings.Cut(x.Name, ".")
		if !deeper {
			list = append(list, item{first, x})
			continue
		}
		i, ok := at[first]
		if !ok {
			i = len(list)
			at[first], list = i, append(list, item{first, []item(nil)})
		}
		list[i].value = append(list[i].value.([]item), item{rest, x})
	}
	return list
}

// Of a model and its average the average is taken, unless the other is named;
// what an average leaves out comes from the model.
func TestAverages(t *testing.T) {
	sd := smallTensors(smallConfig())
	average := negated(sd)
	mixed := slices.Clone(average)
	for i := range mixed {
		if !slices.ContainsFunc(parameters(sd), func(p weights.Tensor) bool { return p.Name == mixed[i].Name }) {
			mixed[i] = sd[i]
		}
	}
	both := append(under("online_model.model.inner.", sd), under("ema_model.model.inner.", average)...)
	partial := []item{{"model", under("model.inner.", sd)}, {"ema", []item{{"shadow", under("model.inner.", parameters(average))}}}}
	three := append(slices.Clone(both), under("swa.model.inner.", sd)...)
	for _, c := range []struct {
		name string
		root []item
		take string
		want []weights.Tensor
		note string
	}{
		{"by prefix", both, "", average, `the average "ema_model" was taken`},
		{"the other by prefix", both, "online_model", sd, `those of "online_model"`},
		{"by dictionary", partial, "", mixed, `"ema.shadow" leaves out what training does not change, which came from "model": H_init, L_init, puzzle_emb.weights`},
		{"the other by dictionary", partial, "model", sd, ""},
		{"the average by name", partial, "ema.shadow", mixed, `came from "model"`},
		{"the average alone", []item{{"ema_state_dict", under("", sd)}, {"step", number}}, "", sd, `those of "ema_state_dict"; ignored: step`},
		{"one of three", three, "swa", sd, `those of "swa"`},
	} {
		f, err := openBytes(t, "x.pt", torchTree(t, c.root), Options{Weights: c.take})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, c.note) {
			t.Errorf("%s: notes are %q, want %q", c.name, notes, c.note)
		}
		m, err := f.Model(context.Background())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checkModel(t, c.name, m, c.want)
	}
	for take, want := range map[string]string{
		"":     `several sets of weights, choose one by its name (--weights): "online_model", "ema_model", "swa"`,
		"best": `no weights called "best"; there are "online_model", "ema_model", "swa"`,
	} {
		if _, err := openBytes(t, "x.pt", torchTree(t, three), Options{Weights: take}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("three, take %q: %v, want %q", take, err, want)
		}
	}
}

// What follows from the weights or counts is ignored and named; what may
// compute something is not.
func TestBuffers(t *testing.T) {
	sd := smallTensors(smallConfig())
	buffer := func(name string) weights.Tensor { return weights.Of(name, weights.F32, make([]float32, 6), 2, 3) }
	count := func(name string) weights.Tensor { return weights.Of(name, weights.I32, make([]int32, 4), 4) }
	for _, c := range []struct {
		extra weights.Tensor
		drop  bool
	}{
		{buffer("rotary_emb.cos_cached"), true},
		{buffer("L_level.layers.0.self_attn.rotary_emb.inv_freq"), true},
		{buffer("freqs_cis"), true},
		{buffer("puzzle_emb.local_weights"), true},
		{count("puzzle_emb.local_ids"), true},
		{count("num_batches_tracked"), true},
		{weights.Of("pad", weights.F32, []float32{}, 0), true},
		{buffer("L_level.layers.0.mlp.conv.weight"), false},
		{buffer("value_head.weight"), false},
		{buffer("q_head.scale"), false},
	} {
		extra := c.extra
		extra.Name = "model.inner." + extra.Name
		file := safeFile(t, append(withPrefix("model.inner.", sd), extra))
		f, err := openBytes(t, "m.safetensors", file, Options{})
		switch {
		case c.drop && err != nil:
			t.Errorf("%s: %v", c.extra.Name, err)
		case c.drop && !strings.Contains(strings.Join(f.Notes, "\n"), "ignored tensors that are computed, counters or empty: "+c.extra.Name):
			t.Errorf("%s: notes are %q", c.extra.Name, f.Notes)
		case !c.drop && (!errors.Is(err, runtime.ErrTensors) || !strings.Contains(err.Error(), "extra:\n\t"+c.extra.Name)):
			t.Errorf("%s: %v", c.extra.Name, err)
		}
	}
}

func withPrefix(prefix string, tensors []weights.Tensor) []weights.Tensor {
	list := slices.Clone(tensors)
	for i := range list {
		list[i].Name = prefix + list[i].Name
	}
	return list
}

// A file of another model's weights lists what is missing and what is there,
// and asks no question about its puzzles first.
func TestAnotherModelsWeights(t *testing.T) {
	other := []weights.Tensor{
		weights.Of("net.0.weight", weights.F32, make([]float32, 6), 2, 3),
		weights.Of("net.0.bias", weights.F32, make([]float32, 2), 2),
	}
	for name, data := range map[string][]byte{
		"state dict":  torchTree(t, under("", other)),
		"wrapped":     torchTree(t, []item{{"optimizer", under("exp_avg.", append(other, other[0]))[:2]}, {"model", under("", other)}}),
		"safetensors": safeFile(t, other),
	} {
		_, err := openBytes(t, "x", data, Options{})
		if !errors.Is(err, runtime.ErrTensors) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range []string{"missing:\n\tH_init [8]", "extra:\n\tnet.0.bias [2]\n\tnet.0.weight [2 3]"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in %v", name, want, err)
			}
		}
	}
}

// A file without weights says what it holds and what to save.
func TestNoWeights(t *testing.T) {
	tensor := weights.Of("x", weights.F32, []float32{1}, 1)
	list := new(pickler).op(']').Bytes()
	array := new(pickler).global("numpy._core.multiarray._reconstruct").global("numpy.ndarray").op('K', 0, 0x85, 'C', 1, 'b', 0x87, 'R', 'N', 'b').Bytes()
	for name, c := range map[string]struct {
		root []item
		want string
	}{
		"settings":  {[]item{{"epoch", number}, {"args", namespace}}, "it holds no tensors (at its top: epoch, args)"},
		"nothing":   {nil, "it holds no tensors"},
		"a list":    {[]item{{"params", list}}, "it holds no tensors (at its top: params)"},
		"by number": {[]item{{number, tensor}}, "it holds no tensors"},
		"numpy":     {[]item{{"H_init", array}, {"L_init", array}}, "it holds 2 NumPy arrays and no tensors"},
	} {
		if _, err := openBytes(t, "x", torchTree(t, c.root), Options{}); !errors.Is(err, ErrPickle) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), ": in Python save") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	p := new(pickler).op(0x80, 2, '}').str("shadow_params").op(']').tensor("torch.FloatStorage", "0", 1, 0, []int64{1}, []int64{1}).op('a', 's', '.')
	data := zipOf(t, record{name: "x/data.pkl", data: p.Bytes()}, record{name: "x/data/0", data: floatBytes(1)})
	if _, err := openBytes(t, "x", data, Options{}); !errors.Is(err, ErrPickle) || !strings.Contains(err.Error(), "tensors without names, in shadow_params") {
		t.Errorf("a list of tensors: %v", err)
	}
}

// What torch and numpy wrote of a whole training script is skipped but for the
// weights.
func TestTrainingFile(t *testing.T) {
	data, err := os.ReadFile("testdata/torch/training.pt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = openBytes(t, "training.pt", data, Options{})
	if !errors.Is(err, runtime.ErrTensors) || !strings.Contains(err.Error(), "extra:\n\tbias [2]\n\tweight [2 3]") {
		t.Error(err)
	}
}
