//go:build unix

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A fault is done to a command, and the command is done without it: what was
// finished before is there, what is said to be done is right, and nothing is left
// that a later command does not clear away.

// fault is one thing that goes wrong.
type fault int

const (
	killed      fault = iota // SIGKILL at some time
	interrupted              // SIGINT at some time
	full                     // no file may grow beyond some size
	truncated                // an input ends early
	flipped                  // a bit of an input is another
	numFaults
)

func (f fault) String() string {
	return [...]string{"killed", "interrupted", "disk full", "truncated input", "flipped bit"}[f]
}

// How many faults: HRM_FAULTS, or enough to see that the test works.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("HRM_FAULTS")); err == nil {
		return n
	}
	if os.Getenv("HRM_LONG") != "" {
		return 200
	}
	return 30
}

func seed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("HRM_SEED"), 10, 64); err == nil {
		return n
	}
	return 1
}

// No finished work is lost, and no command that ends with status 0 has a missing or
// a wrong result.
func TestRandomFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	b := newBench(t)
	var mu sync.Mutex
	count := map[string]int{}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 4 { // they wait for disks for the most part
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < rounds(); i = int(next.Add(1)) - 1 {
				rng := rand.New(rand.NewPCG(seed(), uint64(i)))
				op, f := b.ops[i%len(b.ops)], fault(rng.IntN(int(numFaults)))
				ended, err := b.try(op, f, rng)
				if err != nil {
					t.Errorf("fault %d (seed %d): %s, %s: %v", i, seed(), op.name, f, err)
				}
				mu.Lock()
				count[fmt.Sprintf("%s, %s: %s", op.name, f, ended)]++
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	for _, what := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%3d %s", count[what], what)
	}
}

// bench is where commands are run.
type bench struct {
	t          *testing.T
	dir        string
	hrm, train string // binaries
	ops        []*op
}

// op is a command, and what is right of what it leaves.
type op struct {
	name   string
	args   func(in, out string) (binary string, args []string)
	input  []byte // of the file that it reads
	ending string // of that file's name
	header int    // bits are flipped in this many bytes only, where nothing covers the rest; 0: all
	stdout bool   // the result is what it prints
	takes  time.Duration
	want   []byte                     // the right result
	plain  func(result []byte) []byte // leaves out what differs from time to time
	result func(dir string) ([]byte, error)
}

// try does a fault to a command and reports what is wrong afterwards. ended says how
// the command did.
func (b *bench) try(o *op, f fault, rng *rand.Rand) (ended string, err error) {
	if _, err := exec.LookPath("sh"); f == full && err != nil {
		return "no shell to limit it", nil
	}
	dir, err := os.MkdirTemp(b.dir, "fault")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "input"+o.ending), filepath.Join(dir, "out")
	if err := os.WriteFile(in, damage(o, f, rng), 0o600); err != nil {
		return "", err
	}
	before := []byte("finished before")
	if !o.isFolder() {
		if err := os.WriteFile(out, before, 0o600); err != nil {
			return "", err
		}
	}
	status, said, err := b.run(o, f, rng, in, out)
	if err != nil {
		return "", err
	}
	ended = "status " + strconv.Itoa(status)
	if err := b.judge(o, f, status, out, before); err != nil {
		return ended, fmt.Errorf("%w\n%s", err, said)
	}
	// Without the fault everything is as if it had never been.
	if err := os.WriteFile(in, o.input, 0o600); err != nil {
		return ended, err
	}
	if status, said, err := b.run(o, numFaults, rng, in, out); err != nil || status != 0 {
		return ended, fmt.Errorf("afterwards: status %d, %v\n%s", status, err, said)
	}
	if err := b.judge(o, numFaults, 0, out, before); err != nil {
		return ended, fmt.Errorf("afterwards: %w", err)
	}
	return ended, b.clean(o, dir)
}

func (o *op) isFolder() bool { return o.result != nil }

// damage returns the input, with the fault when it is one of inputs.
func damage(o *op, f fault, rng *rand.Rand) []byte {
	data := bytes.Clone(o.input)
	switch f {
	case truncated:
		return data[:rng.IntN(len(data))]
	case flipped:
		n := len(data)
		if o.header > 0 {
			n = o.header
		}
		data[rng.IntN(n)] ^= 1 << rng.IntN(8)
	}
	return data
}

// run runs the command under a fault, and returns its status, -1 when it was killed.
func (b *bench) run(o *op, f fault, rng *rand.Rand, in, out string) (status int, said string, err error) {
	binary, args := o.args(in, out)
	cmd := exec.Command(binary, args...)
	if f == full {
		// In units of 512 bytes or 1024, as the shell likes. Without the trap a
		// signal would end the process, which no full disk sends.
		limit := rng.IntN(max(len(o.want)/512, 8))
		cmd = exec.Command("sh", append([]string{"-c", fmt.Sprintf(`trap "" XFSZ; ulimit -f %d; exec "$@"`, limit), "sh", binary}, args...)...)
	}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if o.stdout {
		file, err := os.Create(out)
		if err != nil {
			return 0, "", err
		}
		defer file.Close()
		cmd.Stdout = file
	}
	if err := cmd.Start(); err != nil {
		return 0, "", err
	}
	if f == killed || f == interrupted {
		time.Sleep(time.Duration(rng.Int64N(int64(o.takes + o.takes/5))))
		signal := map[fault]os.Signal{killed: os.Kill, interrupted: os.Interrupt}[f]
		_ = cmd.Process.Signal(signal)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, "", err
	}
	return cmd.ProcessState.ExitCode(), errOut.String(), nil
}

// judge compares what is there with what was said of it.
func (b *bench) judge(o *op, f fault, status int, out string, before []byte) error {
	got, err := o.read(out)
	switch {
	case status == 0:
		if err != nil {
			return fmt.Errorf("status 0 without a result: %w", err)
		}
		if !bytes.Equal(o.plain(got), o.plain(o.want)) {
			return fmt.Errorf("status 0 with a wrong result of %d bytes, want %d", len(got), len(o.want))
		}
		return nil
	case o.isFolder():
		return nil // what is in it is judged when it is resumed
	case o.stdout && f == flipped:
		return nil // what was read before the damage was found may be wrong, and the status says so
	case o.stdout:
		return o.begins(got)
	case err != nil:
		return fmt.Errorf("what was finished before is gone: %w", err)
	case !bytes.Equal(got, before) && !bytes.Equal(o.plain(got), o.plain(o.want)):
		return fmt.Errorf("status %d, and neither what was finished before nor the result, but %d bytes", status, len(got))
	}
	if status != -1 && status != 130 && f != full && f != truncated && f != flipped {
		return fmt.Errorf("status %d", status)
	}
	return nil
}

// begins tells whether every whole line that a command printed is one of the right
// result, or says that it is none.
func (o *op) begins(got []byte) error {
	want := strings.Split(string(o.plain(o.want)), "\n")
	whole := got[:bytes.LastIndexByte(got, '\n')+1]
	for line := range strings.Lines(string(o.plain(whole))) {
		found := false
		for _, w := range want {
			found = found || w == strings.TrimSuffix(line, "\n")
		}
		told := strings.Contains(line, `"error"`) || strings.Contains(line, `"interrupted":true`) || strings.Contains(line, `"unreadable":1`)
		if !found && !told {
			return fmt.Errorf("printed a wrong line: %s", line)
		}
	}
	return nil
}

func (o *op) read(out string) ([]byte, error) {
	if o.result != nil {
		return o.result(out)
	}
	return os.ReadFile(out)
}

// clean reports files that nobody asked for.
func (b *bench) clean(o *op, dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != "out" && !strings.HasPrefix(e.Name(), "input") {
			return fmt.Errorf("left %s", e.Name())
		}
	}
	return err
}
