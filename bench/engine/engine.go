// Package engine talks to other programs that run segments of a model, so that
// tests and benchmarks can set them beside this module. Each is a process that
// answers commands, one JSON object a line: bench/peers/node/engine.mjs says
// which.
package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/cpu"

	"github.com/hrmgo/hrm/runtime/weights"
)

// ErrMissing is wrapped by the error about a program that is not installed; it
// says how to install it.
var ErrMissing = errors.New("not installed")

// grace is how long a process may take to end by itself.
const grace = 2 * time.Second

// Engine is a running process. It is used by one goroutine at a time.
type Engine struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Model is what an engine loads.
type Model struct {
	Path    string `json:"model"`
	Threads int    `json:"threads"`
	States  [2]int `json:"states"` // P, D
}

// Steps is what Step returns.
type Steps struct {
	Seconds   []float64 `json:"seconds"` // of each segment
	QHalt     []float32 `json:"q_halt"`  // of each lane, after the last
	QContinue []float32 `json:"q_continue"`
}

// State is what Read returns: [lanes, P, D] and [lanes, S, vocabulary].
type State struct {
	ZH, ZL, Logits []float32
}

// Start starts a process, which ends with ctx at the latest.
func Start(ctx context.Context, env []string, name string, args ...string) (*Engine, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = grace
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return &Engine{cmd, in, bufio.NewReaderSize(out, 1<<20)}, nil
}

// Process returns the id of the process.
func (e *Engine) Process() int { return e.cmd.Process.Pid }

// Load loads a model and returns the version of the program.
func (e *Engine) Load(m Model) (version string, err error) {
	var answer struct{ Version string }
	err = e.call(&answer, struct {
		Op string `json:"op"`
		Model
	}{"load", m})
	return answer.Version, err
}

// Start puts puzzles into as many lanes. puzzles are rows of the puzzle table,
// or nil for row 0.
func (e *Engine) Start(tokens [][]int32, puzzles []int32) error {
	return e.call(&struct{}{}, map[string]any{"op": "start", "tokens": tokens, "puzzles": puzzles})
}

// Step runs segments on all lanes.
func (e *Engine) Step(segments int) (s Steps, err error) {
	err = e.call(&s, map[string]any{"op": "step", "segments": segments})
	return s, err
}

// Read returns what the last segment left.
func (e *Engine) Read() (State, error) {
	var raw struct{ ZH, ZL, Logits []byte }
	if err := e.call(&raw, map[string]any{"op": "read"}); err != nil {
		return State{}, err
	}
	return State{floats(raw.ZH), floats(raw.ZL), floats(raw.Logits)}, nil
}

func floats(b []byte) []float32 {
	v, _ := weights.View[float32](weights.Tensor{Spec: weights.Spec{DType: weights.F32}, Bytes: b})
	return v
}

// call sends a command and waits for its answer.
func (e *Engine) call(answer any, command any) error {
	line, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := e.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	if line, err = e.out.ReadBytes('\n'); err != nil {
		return fmt.Errorf("engine: %s ended without an answer: %w", filepath.Base(e.cmd.Path), err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal(line, &failed); err != nil {
		return fmt.Errorf("engine: answer %.80q: %w", line, err)
	}
	if failed.Error != "" {
		return fmt.Errorf("engine: %s", failed.Error)
	}
	return json.Unmarshal(line, answer)
}

// Close ends the process.
func (e *Engine) Close() error {
	e.in.Close()
	stop := time.AfterFunc(grace, func() { e.cmd.Process.Kill() })
	defer stop.Stop()
	return e.cmd.Wait()
}

// Root returns the folder of the module that the working directory lies in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "bench", "peers")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("engine: run this inside the module's folder: no bench/peers here or above")
		}
	}
}

// StartONNX starts ONNX Runtime. Without node or its package the error wraps
// ErrMissing.
func StartONNX(ctx context.Context) (*Engine, error) { return startNode(ctx, "onnxruntime-node") }

// StartONNXWeb starts ONNX Runtime as WebAssembly, of 2024, as a page would.
// Without node or its package the error wraps ErrMissing.
func StartONNXWeb(ctx context.Context) (*Engine, error) { return startNode(ctx, "onnxruntime-web") }

func startNode(ctx context.Context, name string) (*Engine, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, "bench", "peers", "node")
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("node is %w: apt-get install nodejs npm", ErrMissing)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", name)); err != nil {
		return nil, fmt.Errorf("%s is %w: npm ci --ignore-scripts --prefix bench/peers/node", name, ErrMissing)
	}
	return Start(ctx, nil, node, filepath.Join(dir, "engine.mjs"), name)
}

// blasEnv tells OpenBLAS which kernels to use, unless the user does: Debian's
// (0.3.21) takes newer processors for a Prescott, and is then four times as slow.
func blasEnv() []string {
	const name = "OPENBLAS_CORETYPE"
	switch {
	case os.Getenv(name) != "":
		return nil
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL:
		return []string{name + "=SKYLAKEX"}
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return []string{name + "=HASWELL"}
	}
	return nil
}

// StartPyTorch starts PyTorch in a Python that has it. Without one the error
// wraps ErrMissing.
func StartPyTorch(ctx context.Context) (*Engine, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(ctx, python, "-c", "import importlib.util, sys; sys.exit(not importlib.util.find_spec('torch'))").Run() == nil {
			return Start(ctx, blasEnv(), python, filepath.Join(root, "bench", "pytorch", "engine.py"))
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("torch is %w: apt-get install python3-torch libopenblas0-openmp", ErrMissing)
}
