//go:build unix

package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

const (
	question = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	answer   = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
)

// newBench builds the commands and measures every operation without a fault.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	build := exec.Command("go", "build", "-o", b.dir+"/", "../../cmd/hrm", "../../cmd/hrm-train")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b.hrm, b.train = filepath.Join(b.dir, "hrm"), filepath.Join(b.dir, "hrm-train")
	puzzles := zipped(t, csv(8))
	float32s, err := os.ReadFile("../../native/embedded/float32.hrm")
	if err != nil {
		t.Fatal(err)
	}
	tensors, header := b.checkpoint()
	b.ops = []*op{
		{name: "solve", input: puzzles, ending: ".csv.gz", stdout: true, args: b.of("solve", "--json", "IN")},
		{name: "eval", input: puzzles, ending: ".csv.gz", stdout: true, args: b.of("eval", "--json", "--data", "IN")},
		{name: "import", input: tensors, header: header, ending: ".safetensors", args: b.of("import", "IN", "--config", b.dir+"/config.yaml", "-o", "OUT")},
		{name: "quantize", input: float32s, ending: ".hrm", args: b.of("quantize", "IN", "-o", "OUT")},
		{name: "export", input: embedded.Model, ending: ".hrm", args: b.of("export", "--onnx", "IN", "-o", "OUT")},
		{name: "train run", input: zipped(t, csv(30)), ending: ".csv.gz", args: b.trains, result: trained},
	}
	for _, o := range b.ops {
		b.measure(o)
	}
	return b
}

// measure runs an operation, for its right result and its time.
func (b *bench) measure(o *op) {
	o.plain = func(result []byte) []byte { return times.ReplaceAll(result, nil) }
	dir := filepath.Join(b.dir, "right "+o.name)
	in, out := filepath.Join(dir, "input"+o.ending), filepath.Join(dir, "out")
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(in, o.input, 0o600); err != nil {
		b.t.Fatal(err)
	}
	began := time.Now()
	status, said, err := b.run(o, numFaults, nil, in, out)
	if err != nil || status != 0 {
		b.t.Fatalf("%s: status %d, %v\n%s", o.name, status, err, said)
	}
	o.takes = time.Since(began)
	if o.want, err = o.read(out); err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("%s takes %v and leaves %d bytes", o.name, o.takes.Round(time.Millisecond), len(o.want))
}

// times are the parts of a result that differ from one run to the next: times, and the
// names of files.
var times = regexp.MustCompile(`"(elapsed_ms|elapsed_s|puzzles_per_second)":[-+.e0-9]+|"where":"[^"]*"`)

// of returns the arguments of hrm, with the names of files for IN and OUT.
func (b *bench) of(args ...string) func(in, out string) (string, []string) {
	return func(in, out string) (string, []string) {
		named := strings.NewReplacer("IN", in, "OUT", out)
		list := make([]string, len(args))
		for i, a := range args {
			list[i] = named.Replace(a)
		}
		return b.hrm, list
	}
}

func (b *bench) trains(in, out string) (string, []string) {
	args := []string{"run", "--preset", "sudoku-cpu", "--device", "cpu", "--threads", "1", "--data", in, "--out", out, "--resume"}
	for _, set := range strings.Fields(`hidden_size=16 num_heads=2 L_layers=1 H_cycles=1 L_cycles=1 expansion=1 precision=f32
		global_batch_size=2 halt_max_steps=3 steps=60 lr_warmup_steps=5 checkpoint_interval=7 log_interval=5 eval_interval=1000`) {
		args = append(args, "--set", set)
	}
	return b.train, args
}

// trained returns the numbers of a run's checkpoint: weights, optimizer, carry.
func trained(dir string) ([]byte, error) {
	f, err := weights.ReadFile(filepath.Join(dir, "checkpoint.hrm"))
	if err != nil {
		return nil, err
	}
	var all []byte
	for _, t := range f.Tensors() {
		all = append(all, t.Bytes...)
	}
	return all, nil
}

// csv returns n puzzles, the one with one more cell given each time.
func csv(n int) string {
	var b strings.Builder
	b.WriteString("source,question,answer,rating\n")
	q := []byte(question)
	for i := range n {
		fmt.Fprintf(&b, "test,%s,%s,%d\n", q, answer, i)
		blank := bytes.IndexByte(q, '.')
		q[blank] = answer[blank]
	}
	return b.String()
}

func zipped(t *testing.T, text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkpoint returns the embedded model as a .safetensors file, and the length of its
// header, and writes the configuration. Nothing in that format covers its numbers.
func (b *bench) checkpoint() (data []byte, header int) {
	f, err := weights.Parse(embedded.Model)
	if err != nil {
		b.t.Fatal(err)
	}
	m, err := runtime.Load(f)
	if err != nil {
		b.t.Fatal(err)
	}
	path := filepath.Join(b.dir, "model.safetensors")
	if err := engine.WriteSafetensors(path, m); err != nil {
		b.t.Fatal(err)
	}
	config, err := json.Marshal(m.Config.Map())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "config.yaml"), config, 0o600); err != nil {
		b.t.Fatal(err)
	}
	if data, err = os.ReadFile(path); err != nil {
		b.t.Fatal(err)
	}
	return data, 8 + int(binary.LittleEndian.Uint64(data))
}
