package onnx

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// fields is a decoded message: the values of each field, in their order.
type fields map[protowire.Number][]field

type field struct {
	number uint64
	bytes  []byte
}

func decode(t *testing.T, b []byte) fields {
	t.Helper()
	f := fields{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		var v field
		switch typ {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(b)
			v.number = uint64(bits)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(b)
		default:
			t.Fatalf("field %d has wire type %d, which no field here has", num, typ)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		f[num], b = append(f[num], v), b[n:]
	}
	return f
}

func (f fields) text(num protowire.Number) string {
	if len(f[num]) == 0 {
		return ""
	}
	return string(f[num][0].bytes)
}

func (f fields) texts(num protowire.Number) (all []string) {
	for _, v := range f[num] {
		all = append(all, string(v.bytes))
	}
	return all
}

// tensor is a decoded initializer.
type tensor struct {
	kind uint64
	dims []int
	raw  []byte
}

// decoded is a model file.
type decoded struct {
	model, graph fields
	constants    map[string]tensor
	ops          map[string]int // nodes of each kind
}

// export writes a model and checks what every ONNX graph must be: constants of
// the size of their shape, values that are made once and before they are used,
// no constant that nothing uses.
func export(t *testing.T, m *runtime.Model, o Options) *decoded {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := WriteFile(t.Context(), path, m, o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &decoded{model: decode(t, data), constants: map[string]tensor{}, ops: map[string]int{}}
	d.graph = decode(t, d.model[7][0].bytes)
	made, used := map[string]bool{}, map[string]bool{}
	define := func(name string) {
		if made[name] {
			t.Errorf("%q is defined twice", name)
		}
		made[name] = true
	}
	for _, v := range d.graph[inputField] {
		define(decode(t, v.bytes).text(1))
	}
	for _, v := range d.graph[initializerField] {
		f := decode(t, v.bytes)
		c := tensor{kind: f[2][0].number, raw: f[rawDataField][0].bytes}
		n := map[uint64]int{float32Type: 4, int8Type: 1, int32Type: 4, int64Type: 8}[c.kind]
		for _, dim := range f[1] {
			c.dims = append(c.dims, int(dim.number))
			n *= int(dim.number)
		}
		if len(c.raw) != n {
			t.Errorf("%s %v has %d bytes, want %d", f.text(8), c.dims, len(c.raw), n)
		}
		define(f.text(8))
		d.constants[f.text(8)] = c
	}
	for _, v := range d.graph[nodeField] {
		f := decode(t, v.bytes)
		d.ops[f.text(4)]++
		for _, name := range f.texts(1) {
			used[name] = true
			if !made[name] {
				t.Errorf("%s uses %q before it is made", f.text(3), name)
			}
		}
		for _, name := range f.texts(2) {
			define(name)
		}
	}
	for _, v := range d.graph[outputField] {
		if name := decode(t, v.bytes).text(1); !made[name] {
			t.Errorf("nothing makes the output %q", name)
		}
	}
	for name := range d.constants {
		if !used[name] {
			t.Errorf("nothing uses the constant %q", name)
		}
	}
	return d
}

func (d *decoded) names(t *testing.T, field protowire.Number) (names []string) {
	for _, v := range d.graph[field] {
		names = append(names, decode(t, v.bytes).text(1))
	}
	slices.Sort(names)
	return names
}

// layersOf counts the layers of all passes.
func layersOf(c *runtime.Config) (n int) {
	for _, pass := range c.Passes() {
		n += c.Layers(pass.Level)
	}
	return n
}

func TestStructure(t *testing.T) {
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c)
			d := export(t, m, Options{})
			want := []string{"puzzle_id", "reset", "tokens", "zH", "zL"}
			if c.PuzzleEmbDim == 0 {
				want = want[1:]
			}
			if got := d.names(t, inputField); !slices.Equal(got, want) {
				t.Errorf("inputs %v, want %v", got, want)
			}
			want = []string{"logits", "q_continue", "q_halt", "zH_next", "zL_next"}
			if got := d.names(t, outputField); !slices.Equal(got, want) {
				t.Errorf("outputs %v, want %v", got, want)
			}
			layers := layersOf(&c)
			products, attentions, rounded := 7*layers, layers, 4*layers // q, k, v, o, gate, up, down of 4 inputs
			if c.Has(runtime.PositionSwiGLU) {
				products, attentions = 6*layers, 0
			}
			if got := d.ops["MatMul"]; got != products+2 { // and the two heads
				t.Errorf("%d matrix products, want %d", got, products+2)
			}
			if d.ops["Attention"] != attentions || d.ops["RMSNormalization"] != 2*layers {
				t.Errorf("nodes are %v, want %d Attention and %d RMSNormalization", d.ops, attentions, 2*layers)
			}
			compareWeights(t, d, m)
			e := export(t, m, Options{Int8: true})
			if e.ops["MatMulInteger"] != products || e.ops["DynamicQuantizeLinear"] != rounded || e.ops["MatMul"] != 2 {
				t.Errorf("int8: nodes are %v, want %d MatMulInteger of %d DynamicQuantizeLinear", e.ops, products, rounded)
			}
		})
	}
}

// An older opset has none of the operators that came after it, and says so.
func TestOlderOpsets(t *testing.T) {
	old := strings.Fields("Add Cast Concat Div DynamicQuantizeLinear Gather Identity MatMul MatMulInteger Mul Neg Pad ReduceLogSumExp ReduceMean Reshape Sigmoid Slice Softmax Sqrt Squeeze Sub Transpose Unsqueeze Where")
	for name, c := range configs() {
		m := newModel(t, c)
		for opset, ir := range map[int]uint64{13: 7, 14: 7, 15: 8, 17: 8, 18: 8, 20: 9, 22: 10, 23: 11, 0: 11} {
			d := export(t, m, Options{Opset: opset, Int8: opset == 17})
			if opset == 0 {
				opset = NewestOpset
			}
			if got := d.model[1][0].number; got != ir {
				t.Errorf("%s, opset %d: IR version %d, want %d", name, opset, got, ir)
			}
			if got := decode(t, d.model[8][0].bytes)[2][0].number; got != uint64(opset) {
				t.Errorf("%s: opset %d, want %d", name, got, opset)
			}
			for kind := range d.ops {
				if opset < NewestOpset && !slices.Contains(old, kind) {
					t.Errorf("%s, opset %d: there is a %s", name, opset, kind)
				}
			}
		}
	}
	for _, opset := range []int{-1, 1, 12, 24} {
		path := filepath.Join(t.TempDir(), "m.onnx")
		err := WriteFile(t.Context(), path, newModel(t, configs()["hrm"]), Options{Opset: opset})
		if !errors.Is(err, ErrOpset) || !strings.Contains(err.Error(), "want 13 to 23") {
			t.Errorf("opset %d: %v", opset, err)
		}
	}
}

func TestKindWithoutOperators(t *testing.T) {
	c := configs()["trm"]
	c.Mixing, c.HaltPool, c.Positions, c.PuzzleEmbDim, c.PuzzleEmbLen, c.SeqLen = runtime.CandidateMixing, runtime.SoftMin, runtime.NoPos, 0, 0, 81
	path := filepath.Join(t.TempDir(), "m.onnx")
	err := WriteFile(t.Context(), path, newModel(t, c), Options{})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "means over candidates") {
		t.Errorf("got %v, want ErrUnsupported and the kind", err)
	}
}

// compareWeights checks matrices number by number: a MatMul has the weight on
// its right, so it is transposed; up is the lower half of gate_up.
func compareWeights(t *testing.T, d *decoded, m *runtime.Model) {
	t.Helper()
	up := m.LLevel[0].GateUp
	up.Rows, up.F32 = up.Rows/2, up.F32[len(up.F32)/2:]
	for name, w := range map[string]*quantize.Matrix{
		"L_level.0.mlp.up": &up, "L_level.0.mlp.down": &m.LLevel[0].Down, "lm_head": &m.LMHead,
	} {
		c := d.constants[name]
		if !slices.Equal(c.dims, []int{w.Cols, w.Rows}) {
			t.Errorf("%s is %v, want [%d %d]", name, c.dims, w.Cols, w.Rows)
			continue
		}
		for i := range w.Rows {
			for j := range w.Cols {
				got := math.Float32frombits(binary.LittleEndian.Uint32(c.raw[4*(j*w.Rows+i):]))
				if want := w.F32[i*w.Cols+j]; got != want {
					t.Fatalf("%s: output %d, input %d is %v, want %v", name, i, j, got, want)
				}
			}
		}
	}
}

// A model that is int8 already keeps its numbers, in either precision.
func TestInt8ModelKeepsItsWeights(t *testing.T) {
	m, _, err := newModel(t, configs()["hrm"]).Convert(quantize.I8)
	if err != nil {
		t.Fatal(err)
	}
	w := m.LLevel[1].O
	q, f := export(t, m, Options{Int8: true}), export(t, m, Options{})
	ints, floats := q.constants["L_level.1.o"], f.constants["L_level.1.o"]
	scales := q.constants["L_level.1.o.scale"]
	for i := range w.Rows {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(scales.raw[4*i:])); got != w.Scale[i] {
			t.Fatalf("scale %d is %v, want %v", i, got, w.Scale[i])
		}
		for j := range w.Cols {
			at := j*w.Rows + i
			if got := int8(ints.raw[at]); got != w.I8[i*w.Cols+j] {
				t.Fatalf("int8 %d, %d is %d, want %d", i, j, got, w.I8[i*w.Cols+j])
			}
			want := w.Scale[i] * float32(w.I8[i*w.Cols+j])
			if got := math.Float32frombits(binary.LittleEndian.Uint32(floats.raw[4*at:])); got != want {
				t.Fatalf("float32 %d, %d is %v, want %v", i, j, got, want)
			}
		}
	}
}

func TestMetadata(t *testing.T) {
	m := newModel(t, configs()["trm"])
	m.Task, m.Meta = "sudoku", map[string]string{"licence": "Apache-2.0", "note": "broken \xff text"}
	d := export(t, m, Options{})
	got := map[string]string{}
	for _, v := range d.model[14] {
		f := decode(t, v.bytes)
		got[f.text(1)] = f.text(2)
	}
	if text := d.model.text(6); !strings.Contains(text, "until q_halt > 0,") {
		t.Errorf("description is %q", text)
	}
	m.Config.HaltRule = runtime.HaltOverContinue
	if text := export(t, m, Options{}).model.text(6); !strings.Contains(text, "until q_halt > q_continue,") {
		t.Errorf("description is %q", text)
	}
	if got["task"] != "sudoku" || got["meta.licence"] != "Apache-2.0" || got["meta.note"] != "broken ? text" || len(got["config"]) < 100 {
		t.Errorf("metadata is %q", got)
	}
}

// A table of a million rows is refused before anything is written or read, and
// can be left out.
func TestTooLarge(t *testing.T) {
	c := configs()["hrm"]
	c.NumPuzzles, c.PuzzleEmbDim, c.PuzzleEmbLen = 20_000_000, 32, 1
	small := c
	small.NumPuzzles = 1
	m := newModel(t, small)
	m.Config = c
	m.PuzzleEmb = quantize.Matrix{Rows: c.NumPuzzles, Cols: 32, F32: nil} // its data would be 2.56 GB
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := WriteFile(t.Context(), path, m, Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written all the same")
	}
	d := export(t, m, Options{PuzzleInput: true})
	if got := d.names(t, inputField); !slices.Contains(got, "puzzle_embedding") || slices.Contains(got, "puzzle_id") {
		t.Errorf("inputs %v", got)
	}
}

// An export that is interrupted leaves the file of that name alone.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.onnx")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WriteFile(ctx, path, newModel(t, configs()["hrm"]), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "old" {
		t.Errorf("the file holds %q", data)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files, want 1", len(entries))
	}
}
