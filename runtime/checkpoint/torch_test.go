package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// readFixture lists the tensors of a file that torch wrote, see
// testdata/torch/make.py.
func readFixture(t *testing.T, name string) (map[string]*Tensor, error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "torch", name))
	if err != nil {
		t.Fatal(err)
	}
	c, err := readTensors(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	tensors := map[string]*Tensor{}
	for i := range c.tensors {
		tensors[c.tensors[i].Key] = &c.tensors[i]
	}
	return tensors, nil
}

func values(t *testing.T, x *Tensor) []float32 {
	t.Helper()
	if x == nil {
		t.Error("a tensor is missing")
		return nil
	}
	r, err := x.Float32()
	if err != nil {
		t.Errorf("%s: %v", x.Key, err)
		return nil
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("%s: %v", x.Key, err)
	}
	list := make([]float32, len(b)/4)
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return list
}

func TestTorchFiles(t *testing.T) {
	for file, want := range map[string]map[string][]float32{
		"parameter.pt": {"a": {0, 1, 2, 3, 4, 5}, "b": {2.5}},
		"strided.pt":   {"t": {0, 3, 1, 4, 2, 5}, "row": {3, 4, 5}, "col": {1, 4}, "step": {0, 2, 3, 5}},
		"epoch.pt":     {"a": {0, 1, 2, 3, 4, 5}},
		"dtypes.pt":    {"f64": {0, 1, 2, 3, 4, 5}, "bf16": {0, 1, 2, 3, 4, 5}, "f16": {0, 1, 2, 3, 4, 5}, "f32": {0, 1, 2, 3, 4, 5}},
		"protocol4.pt": {"a": {0, 1, 2, 3, 4, 5}},
	} {
		tensors, err := readFixture(t, file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for key, w := range want {
			if got := values(t, tensors[key]); !reflect.DeepEqual(got, w) {
				t.Errorf("%s: %s is %v, want %v", file, key, got, w)
			}
		}
	}
}

func TestTorchFilesOfOtherTypes(t *testing.T) {
	tensors, err := readFixture(t, "dtypes.pt")
	if err != nil {
		t.Fatal(err)
	}
	for key, dtype := range map[string]string{"i64": "int64", "i8": "int8", "bool": "bool"} {
		x := tensors[key]
		if x == nil || x.DType != dtype {
			t.Errorf("%s is %v", key, x)
			continue
		}
		if _, err := x.Float32(); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), dtype) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestTorchFilesRefused(t *testing.T) {
	for file, c := range map[string]struct {
		err  error
		want string
	}{
		"legacy.pt": {ErrFormat, "before 1.6"},
		"module.pt": {ErrPickle, `"torch.nn.modules.linear.Linear" is not allowed: it holds a whole module`},
	} {
		if _, err := readFixture(t, file); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %v: %s", file, err, c.err, c.want)
		}
	}
}

// malformedPickles are what the pickle reader must refuse, each for its one
// reason.
var malformedPickles = []struct {
	name   string
	pickle []byte
	err    error
	want   string
}{
	{"empty", nil, ErrTruncated, "wants 1 bytes at 0"},
	{"no stop", []byte{0x80, 2}, ErrTruncated, "wants 1 bytes at 2"},
	{"nothing on the stack", []byte{0x80, 2, '.'}, ErrPickle, "0 values at the end"},
	{"two values", []byte("NN."), ErrPickle, "2 values at the end"},
	{"bytes after the end", []byte("N.N"), ErrPickle, "1 bytes after the end"},
	{"protocol 1", []byte{0x80, 1}, ErrPickle, "protocol 1"},
	{"protocol 6", []byte{0x80, 6}, ErrPickle, "protocol 6"},
	{"os.system", new(pickler).global("os.system").op('(').str("true").op('t', 'R', '.').Bytes(), ErrPickle, `"os.system" is not allowed`},
	{"builtins.eval", new(pickler).str("builtins").str("eval").op(0x93, '.').Bytes(), ErrPickle, `"builtins.eval" is not allowed`},
	{"posix.system by line", []byte("cposix\nsystem\n."), ErrPickle, `"posix.system" is not allowed`},
	{"torch.load", new(pickler).global("torch.load").Bytes(), ErrPickle, `"torch.load" is not allowed`},
	{"a name without an end", []byte("ctorch"), ErrPickle, "name without an end"},
	{"opcode INST", []byte("(ios\nsystem\n."), ErrPickle, "opcode 0x69 is not allowed"},
	{"opcode OBJ", []byte("(o."), ErrPickle, "opcode 0x6f is not allowed"},
	{"object of a tuple", []byte{')', ')', 0x81, '.'}, ErrPickle, "a new object of a tuple is not allowed"},
	{"object of a function", new(pickler).global("torch._utils._rebuild_tensor_v2").op(')', 0x81, '.').Bytes(), ErrPickle, "is not allowed"},
	{"object of another class", new(pickler).global("subprocess.Popen").op(')', 0x81, '.').Bytes(), ErrPickle, `"subprocess.Popen" is not allowed: nothing in a checkpoint is run`},
	{"TorchScript", new(pickler).global("__torch__.models.Net").Bytes(), ErrPickle, "TorchScript"},
	{"opcode EXT1", []byte{0x82, 1, '.'}, ErrPickle, "opcode 0x82 is not allowed"},
	{"opcode PERSID", []byte("P1\n."), ErrPickle, "opcode 0x50 is not allowed"},
	{"opcode DUP", []byte("N2."), ErrPickle, "opcode 0x32 is not allowed"},
	{"pop of an empty stack", []byte("R"), ErrPickle, "stack is empty"},
	{"pop of a mark", []byte("(s"), ErrPickle, "a mark where a value is needed"},
	{"no mark", []byte("Nt"), ErrPickle, "no mark on the stack"},
	{"empty memo", []byte{'h', 7}, ErrPickle, "memo 7 is empty"},
	{"string of 4 GiB", []byte{'X', 0xff, 0xff, 0xff, 0xff}, ErrTruncated, "wants 4294967295 bytes"},
	{"string of 2^64 bytes", []byte{0x8d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ErrTruncated, "wants 18446744073709551615 bytes"},
	{"integer of 4 GiB", []byte{0x8b, 0xff, 0xff, 0xff, 0xff}, ErrTruncated, "wants 4294967295 bytes"},
	{"bytes of 2^64", []byte{0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ErrTruncated, "wants 18446744073709551615 bytes"},
	{"append to a dict", []byte("}Na"), ErrPickle, "append to a dictionary"},
	{"item of a list", []byte("]NNs"), ErrPickle, "set an item of a list"},
	{"key without a value", []byte("}(Nu"), ErrPickle, "a key without a value"},
	{"key twice", new(pickler).op('}').str("a").op('N', 's').str("a").op('N', 's').Bytes(), ErrPickle, `key "a" is there twice`},
	{"call of a number", []byte("K\x01)R"), ErrPickle, "call of an integer"},
	{"call without a tuple", new(pickler).emptyDict().op('N', 'R').Bytes(), ErrPickle, "arguments are None"},
	{"call of a storage", new(pickler).global("torch.FloatStorage").op(')', 'R').Bytes(), ErrPickle, "torch.FloatStorage with these 0 arguments"},
	{"OrderedDict of something", new(pickler).global("collections.OrderedDict").op('N', 0x85, 'R').Bytes(), ErrPickle, "with these 1 arguments"},
	{"parameter of nothing", new(pickler).global("torch._utils._rebuild_parameter").op('N', 'N', 'N', 0x87, 'R').Bytes(), ErrPickle, "with these 3 arguments"},
	{"tensor of five", new(pickler).global("torch._utils._rebuild_tensor_v2").ints(1, 2, 3, 4, 5).op('R').Bytes(), ErrPickle, "with these 5 arguments"},
	{"tensor of numbers", new(pickler).global("torch._utils._rebuild_tensor_v2").ints(1, 2, 3, 4, 5, 6).op('R').Bytes(), ErrPickle, "malformed tensor"},
	{"persistent id is a number", []byte("K\x01Q"), ErrPickle, "persistent id is no storage"},
	{"persistent id of another kind", new(pickler).op('(').str("module").op('N', 'N', 'N', 'N', 't', 'Q').Bytes(), ErrPickle, "persistent id is no storage"},
	{"storage of -1", new(pickler).storage("torch.FloatStorage", "0", -1).Bytes(), ErrPickle, "malformed storage"},
	{"storage of a dict", new(pickler).storage("collections.OrderedDict", "0", 1).Bytes(), ErrPickle, "malformed storage"},
	{"state of a list", []byte("]}b"), ErrPickle, "state of a list"},
	{"strides are fewer", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, []int64{2, 2}, []int64{1}).Bytes(), ErrPickle, "2 dimensions and 1 strides"},
	{"nine dimensions", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, make([]int64, 9), make([]int64, 9)).Bytes(), ErrPickle, "malformed tensor"},
	{"dimension -1", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, []int64{-1}, []int64{1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"negative stride", new(pickler).tensor("torch.FloatStorage", "0", 4, 3, []int64{4}, []int64{-1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"negative offset", new(pickler).tensor("torch.FloatStorage", "0", 4, -1, []int64{2}, []int64{1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"offset beyond", new(pickler).tensor("torch.FloatStorage", "0", 4, 3, []int64{2}, []int64{1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"too many numbers", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, []int64{5}, []int64{1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"stride beyond", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, []int64{2, 2}, []int64{3, 1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"product wraps", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, []int64{1 << 32, 1 << 32}, []int64{0, 0}).Bytes(), ErrPickle, "does not fit a storage of 4"},
	{"stride wraps", new(pickler).tensor("torch.FloatStorage", "0", 4, 0, []int64{3, 2}, []int64{math.MaxInt64, 1}).Bytes(), ErrPickle, "does not fit a storage of 4"},
}

func TestMalformedPickles(t *testing.T) {
	for _, c := range malformedPickles {
		if _, err := unpickle(c.pickle); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %v: %s", c.name, err, c.err, c.want)
		}
	}
}

// A tuple that holds the one before twice, forty times over, is 2^40 values to
// whoever walks it. Nobody may.
func TestPickleBomb(t *testing.T) {
	p := new(pickler).op(0x80, 2, ')', 'q', 0)
	for range 40 {
		p.op('h', 0, 'h', 0, 0x86, 'q', 0)
	}
	p.op(')', 'R')
	if _, err := unpickle(p.Bytes()); !errors.Is(err, ErrPickle) || len(err.Error()) > 200 {
		t.Error(err)
	}
}

func oneTensor(numel int64, shape, stride []int64) []byte {
	return new(pickler).begin().str("a").tensor("torch.FloatStorage", "0", numel, 0, shape, stride).end()
}

func TestMalformedZips(t *testing.T) {
	four := floatBytes(1, 2, 3, 4)
	pickle := oneTensor(4, []int64{4}, []int64{1})
	data := record{name: "x/data/0", data: four}
	pkl := record{name: "x/data.pkl", data: pickle}
	several := new(pickler).begin()
	for i := range 100 {
		several.str(fmt.Sprint(i)).tensor("torch.FloatStorage", "0", 1<<10, 0, []int64{1 << 10}, []int64{1})
	}
	cases := map[string]struct {
		file []byte
		err  error
		want string
	}{
		"no pickle":                   {zipOf(t, data), ErrFormat, "no data.pkl"},
		"two pickles":                 {zipOf(t, pkl, data, record{name: "y/data.pkl", data: pickle}), ErrFormat, "several data.pkl"},
		"entry twice":                 {zipOf(t, pkl, data, data), ErrFormat, `"x/data/0" is there twice`},
		"no storage":                  {zipOf(t, pkl), ErrFormat, `no "x/data/0"`},
		"storage elsewhere":           {zipOf(t, pkl, record{name: "y/data/0", data: four}), ErrFormat, `no "x/data/0"`},
		"storage too short":           {zipOf(t, pkl, record{name: "x/data/0", data: four[:12]}), ErrTruncated, "12 bytes, want 4 numbers of 4"},
		"storage too long":            {zipOf(t, pkl, record{name: "x/data/0", data: floatBytes(1, 2, 3, 4, 5)}), ErrTruncated, "20 bytes, want 4 numbers"},
		"compressed storage":          {zipOf(t, pkl, record{"x/data/0", four, zip.Deflate}), ErrFormat, "is compressed"},
		"compressed pickle":           {zipOf(t, record{"x/data.pkl", pickle, zip.Deflate}, data), ErrFormat, "is compressed"},
		"big-endian":                  {zipOf(t, pkl, data, record{name: "x/byteorder", data: []byte("big")}), ErrFormat, `byte order is "big"`},
		"byte order too long":         {zipOf(t, pkl, data, record{name: "x/byteorder", data: make([]byte, 17)}), ErrTooLarge, "17 bytes, want at most 16"},
		"pickle of a list":            {zipOf(t, record{name: "x/data.pkl", data: []byte("].")}), ErrPickle, "it holds a list: in Python save the weights"},
		"more tensors than bytes":     {zipOf(t, record{name: "x/data.pkl", data: several.end()}, record{name: "x/data/0", data: make([]byte, 4<<10)}), ErrTruncated, "larger than the file"},
		"a broadcast of one number":   {zipOf(t, record{name: "x/data.pkl", data: oneTensor(4, []int64{1 << 20}, []int64{0})}, data), ErrTruncated, "larger than the file"},
		"a zip without its directory": {zipOf(t, pkl, data)[:200], ErrTruncated, "get the file again"},
	}
	for name, c := range cases {
		list, err := readTensors(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil {
			f := &File{}
			err = errOr(f.take(list, ""), func() error { return f.find(list.size) })
		}
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %v: %s", name, err, c.err, c.want)
		}
	}
}

func TestDamagedPickle(t *testing.T) {
	file := zipOf(t, record{name: "x/data.pkl", data: oneTensor(4, []int64{4}, []int64{1})}, record{name: "x/data/0", data: make([]byte, 16)})
	file[bytes.Index(file, []byte("_metadata"))]++
	if _, err := readTensors(bytes.NewReader(file), int64(len(file))); !errors.Is(err, ErrChecksum) {
		t.Error(err)
	}
}
