package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
)

// checkpointFolder is a .safetensors file of a small TRM, whose numbers spoil
// may change, and its configuration with more lines in its arch block.
func checkpointFolder(t *testing.T, more string, spoil func(name string, data []byte)) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: 8, PuzzleEmbLen: 1, Hidden: 8, Heads: 2,
		Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 1e4,
	}, 5)
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]any{}
	var data []byte
	for _, x := range m.Tensors() {
		begin := len(data)
		data = append(data, x.Bytes...)
		if spoil != nil {
			spoil(x.Name, data[begin:])
		}
		header["model.inner."+x.Name] = map[string]any{"dtype": "F32", "shape": x.Shape, "data_offsets": []int{begin, len(data)}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	file = append(append(file, text...), data...)
	dir := t.TempDir()
	yaml := "arch: {name: recursive_reasoning.trm@TinyRecursiveReasoningModel_ACTV1, H_cycles: 1, L_cycles: 1, L_layers: 1, hidden_size: 8, num_heads: 2,\n" +
		"  expansion: 1, puzzle_emb_ndim: \"${.hidden_size}\", puzzle_emb_len: 1, halt_max_steps: 4" + more + "}\nlr: 1e-4\n"
	for name, content := range map[string][]byte{"model.safetensors": file, "config.yaml": []byte(yaml)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What import chose, and what may be wrong with it, is said beside the result,
// and none of it where there is nothing to say.
func TestImportSaysWhatIsDoubtful(t *testing.T) {
	for _, c := range []struct{ more, want string }{
		{"", ""},
		{", causal: true", "hrm: warning: causal is true"},
		{", window: 9, dropout: 0.1", "were ignored: dropout, window"},
	} {
		out := filepath.Join(t.TempDir(), "m.hrm")
		status, text, errOut := hrm(t, "", "import", checkpointFolder(t, c.more, nil), "-o", out)
		if status != statusOK || !strings.HasPrefix(text, out+": trm sudoku") || !strings.Contains(errOut, c.want) || c.want == "" && errOut != "" {
			t.Errorf("%q: status %d, %q, %q, want %q", c.more, status, text, errOut, c.want)
		}
	}
}

func TestImportMisuse(t *testing.T) {
	dir := checkpointFolder(t, "", nil)
	out := filepath.Join(dir, "m.hrm")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{dir, "-o", out, "--task", "sudok"}, `--task: unknown kind of puzzle "sudok": want sudoku, maze, arc`},
		{[]string{dir, "-o", out, "--seq-len", "-3"}, "--seq-len is -3, want 1 or more"},
		{[]string{dir, "-o", out, "--weights", "ema"}, `no weights called "ema"`},
		{[]string{dir, "-o", out, "--config", "nowhere.yaml"}, "nowhere.yaml"},
		{[]string{dir}, `"out"`},
	} {
		status, text, errOut := hrm(t, "", append([]string{"import"}, c.args...)...)
		if status != statusUsage || text != "" || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d, %q, %q, want %q", c.args, status, text, errOut, c.want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
}

// The rule that a TRM was trained with decides when it halts: q_halt is -5 and
// q_continue -6 in all of them.
func TestImportedRuleDecides(t *testing.T) {
	biases := func(name string, data []byte) {
		if name == "q_head.bias" {
			binary.LittleEndian.PutUint32(data[4:], math.Float32bits(-6))
		}
	}
	for more, want := range map[string]string{
		"":                         `"segments":4,"halted":false`,
		", no_ACT_continue: True":  `"segments":4,"halted":false`,
		", no_ACT_continue: False": `"segments":1,"halted":true`,
	} {
		out := filepath.Join(t.TempDir(), "m.hrm")
		status, _, errOut := hrm(t, "", "import", checkpointFolder(t, more, biases), "-o", out)
		if status != statusOK {
			t.Fatalf("%q: status %d, %q", more, status, errOut)
		}
		_, text, errOut := hrm(t, "", "solve", "--model", out, "--restarts", "0", "--check=false", "--anyway", "--json", strings.Repeat(".", 80)+"1")
		if !strings.Contains(text, want) {
			t.Errorf("%q: %q, %q, want %s", more, text, errOut, want)
		}
	}
}

// Weights that are not finite are named by import, and by whatever opens a
// model that has them.
func TestNotFiniteIsNamed(t *testing.T) {
	spoil := func(name string, data []byte) {
		if strings.HasSuffix(name, "o_proj.weight") {
			binary.LittleEndian.PutUint32(data[8:], math.Float32bits(float32(math.NaN())))
		}
	}
	const want = "L_level.layers.0.self_attn.o_proj.weight: 1 of its 64 numbers are NaN or infinite, the first is number 3"
	dir := checkpointFolder(t, "", spoil)
	out := filepath.Join(dir, "m.hrm")
	if status, text, errOut := hrm(t, "", "import", dir, "-o", out); status != statusUsage || text != "" || !strings.Contains(errOut, want) {
		t.Errorf("import: status %d, %q, %q", status, text, errOut)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("import wrote a file")
	}
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, Hidden: 8, Heads: 2,
		Expansion: 1, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 4, NormEps: 1e-5, RopeTheta: 1e4,
	}, 5)
	if err != nil {
		t.Fatal(err)
	}
	m.LLevel[0].O.F32[2] = float32(math.Inf(1))
	if err := m.Save(out); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"solve", "--model", out, strings.Repeat(".", 80) + "1"},
		{"serve", "--model", out, "--address", "127.0.0.1:0"},
		{"export", out, "-o", filepath.Join(dir, "m.onnx")},
		{"quantize", out, "--to", "fp16", "-o", filepath.Join(dir, "h.hrm")},
	} {
		if status, text, errOut := hrm(t, "", args...); status != statusUsage || text != "" || !strings.Contains(errOut, want) {
			t.Errorf("%s: status %d, %q, %q", args[0], status, text, errOut)
		}
	}
	if status, text, _ := hrm(t, "", "inspect", out); status != statusFailed || !strings.Contains(text, "problem") || !strings.Contains(text, want) {
		t.Errorf("inspect: status %d, %q", status, text)
	}
}

// Whatever is given as a model or as a checkpoint is named, with what to do,
// and no message shows a type of Go's.
func TestOtherFilesAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ content, solve, imported string }{
		"pointer":  {"version https://git-lfs.github.com/spec/v1\noid sha256:1f\nsize 4096\n", "Git LFS pointer (to a file of 4096 bytes): download the real file", "Git LFS pointer"},
		"page":     {"<!DOCTYPE html>\n<html><head><title>Just a moment...</title>", "web page (HTML): download the file itself", "web page (HTML): download the file itself"},
		"gguf":     {"GGUF\x03\x00\x00\x00\x24\x01", "GGUF model", "GGUF model"},
		"empty":    {"", "empty file", "empty file: get it again"},
		"onnx":     {"\x08\x09\x12\x07pytorch", "ONNX model: hrm export writes ONNX, and reads none", "ONNX model"},
		"torch":    {"PK\x03\x04\x00\x00\x08\x08", "zip archive: if torch.save wrote it, hrm import makes a .hrm file of it", "cut short"},
		"model":    {"\x92\x88\xa6format\xa3hrm\xa7version\x01", "cut short, get it again", "a .hrm model: it needs no import, give it to --model"},
		"sentence": {"hello", "it is text; hrm import makes a .hrm file", `it is text that begins "hello"; want what torch.save writes`},
	} {
		path := writeFile(t, name, c.content)
		status, _, errOut := hrm(t, "", "solve", "--model", path, strings.Repeat(".", 80)+"1")
		if status != statusUsage || !strings.Contains(errOut, c.solve) {
			t.Errorf("solve --model %s: status %d, %q, want %q", name, status, errOut, c.solve)
		}
		status, _, more := hrm(t, "", "import", path, "-o", path+".hrm")
		if status != statusUsage || !strings.Contains(more, c.imported) {
			t.Errorf("import %s: status %d, %q, want %q", name, status, more, c.imported)
		}
		for _, word := range []string{"int64", "<nil>", "interface", "map[", "*checkpoint", "[]"} {
			if strings.Contains(errOut+more, word) {
				t.Errorf("%s: %q in %q", name, word, errOut+more)
			}
		}
	}
	if status, _, errOut := hrm(t, "", "solve", "--model", t.TempDir(), fmt.Sprint(1)); status != statusUsage || !strings.Contains(errOut, "is a folder, want a .hrm file") {
		t.Errorf("a folder: status %d, %q", status, errOut)
	}
}

// A task that no file describes is described on the command line.
func TestImportTaskSpec(t *testing.T) {
	folder, out := checkpointFolder(t, "", nil), filepath.Join(t.TempDir(), "m.hrm")
	spec := []string{"--task", "grid", "--task-spec", "alphabet=.123456789,blank=.,rules=sudoku"}
	if status, text, errOut := hrm(t, "", append([]string{"import", folder, "-o", out}, spec...)...); status != statusOK {
		t.Fatal(text, errOut)
	}
	status, text, errOut := hrm(t, easy, "solve", "-m", out, "--restarts", "0", "--json")
	if status != statusFailed || !strings.Contains(text, `"reason"`) {
		t.Errorf("status %d, %s%s", status, text, errOut)
	}
	for _, bad := range [][]string{spec[2:], {"--task", "grid", "--task-spec", "alphabet=aa"}, {"--task", "sudoku", "--task-spec", "alphabet=ab"}} {
		if status, _, errOut := hrm(t, "", append([]string{"import", folder, "-o", out}, bad...)...); status != statusUsage || !strings.Contains(errOut, "--task") {
			t.Errorf("%v: status %d, %s", bad, status, errOut)
		}
	}
}

// The names of the puzzle table's rows are kept in the model.
func TestImportIdentifiers(t *testing.T) {
	dir, out := checkpointFolder(t, "", nil), filepath.Join(t.TempDir(), "m.hrm")
	long := strings.Repeat("x", 4000)
	names := writeFile(t, "identifiers.json", `["`+long+`"]`)
	if code, _, errOut := hrm(t, "", "import", dir, "-o", out, "--identifiers", names); code != statusOK {
		t.Fatal(errOut)
	}
	m, file, err := native.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := m.Puzzles(); err != nil || len(got) != 1 || got[0] != long {
		t.Errorf("%d names, %v", len(got), err)
	}
	if code, text, errOut := hrm(t, "", "inspect", out); code != statusOK || len(text) > 1<<14 || !strings.Contains(text, "--json lists all") {
		t.Errorf("%d, %d characters, %s", code, len(text), errOut)
	}
	many := writeFile(t, "many.json", `["a", "b"]`)
	if code, _, errOut := hrm(t, "", "import", dir, "-o", out, "--identifiers", many); code != statusUsage || !strings.Contains(errOut, "2 names and the model 1 rows") {
		t.Errorf("too many names: %d, %s", code, errOut)
	}
}

// Import refuses what contradicts itself, and says so when it knows no task.
func TestImportContradictions(t *testing.T) {
	dir := checkpointFolder(t, "", nil)
	out := filepath.Join(t.TempDir(), "m.hrm")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--task", "maze"}, "--task maze has a vocabulary of 6, and the tensors are for one of 11, as sudoku has"},
		{[]string{"--task", "sudoku", "--seq-len", "900"}, "--task sudoku has 81 tokens, and the model is for 900"},
		{[]string{"--seq-len", "100"}, "a vocabulary of 11 is that of sudoku, with 81 tokens: if the model is for something else, say what with --task"},
		{[]string{"--task", "grid", "--task-spec", "alphabet=ab"}, "--task grid has a vocabulary of 3"},
	} {
		status, text, errOut := hrm(t, "", append([]string{"import", dir, "-o", out}, c.args...)...)
		if status != statusUsage || text != "" || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d, %q, %q, want %q", c.args, status, text, errOut, c.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%q: a file was written", c.args)
		}
	}
	strange := checkpointFolder(t, ", seq_len: 900", nil)
	if status, text, errOut := hrm(t, "", "import", strange, "-o", out); status != statusOK || !strings.Contains(text, "for no task that is known") || !strings.Contains(errOut, "no task is known that has 900 tokens of a vocabulary of 11 (sudoku has 81 tokens)") {
		t.Errorf("status %d, %q, %q", status, text, errOut)
	}
}
