// Package toolchain builds the WebAssembly modules: it compiles a main package
// with Go and links the SIMD kernels into it with Binaryen.
package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is one .wasm file.
type Module struct {
	Name    string // of the file, without .wasm
	Package string // main package below the module's root
	GOOS    string // js or wasip1
	Tags    string // build tags, comma-separated
	Reactor bool   // it exports functions instead of running main
}

// Modules lists what a release has.
var Modules = []Module{
	{Name: "hrm-js", Package: "./wasm/browser", GOOS: "js"},
	{Name: "hrm-js-webgpu", Package: "./wasm/browser", GOOS: "js", Tags: "webgpu"},
	{Name: "hrm-plugin", Package: "./wasm/plugin", GOOS: "wasip1", Reactor: true},
	{Name: "hrm-extism", Package: "./wasm/extism", GOOS: "wasip1", Reactor: true},
	{Name: "hrm-wasi", Package: "./wasm/wasi", GOOS: "wasip1"},
}

// Root returns the folder of this Go module.
func Root() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/hrmgo/hrm").Output()
	if err != nil {
		return "", fmt.Errorf("toolchain: go list -m: %w: run this inside the module github.com/hrmgo/hrm", said(err))
	}
	return strings.TrimSpace(string(out)), nil
}

// said adds what a command wrote to standard error.
func said(err error) error {
	if exit, ok := err.(*exec.ExitError); ok && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// plain lists what is compiled without inlining: packages that read, write, report and
// schedule, where a call costs nothing that is noticed, and inlined copies cost each
// module 7 % (brotli); 4 of them are those of Go's own runtime.
var plain = []string{
	"bufio", "bytes", "compress/...", "context", "crypto/...", "encoding/...", "fmt", "hash/...", "internal/...", "io/...", "os", "path/...", "reflect", "runtime",
	"slices", "sort", "strconv", "strings", "sync/...", "syscall/...", "time", "unicode/...",
	"github.com/hrmgo/hrm/internal/...", "github.com/hrmgo/hrm/quantize", "github.com/hrmgo/hrm/runtime", "github.com/hrmgo/hrm/runtime/arc",
	"github.com/hrmgo/hrm/runtime/puzzle/...", "github.com/hrmgo/hrm/runtime/weights", "github.com/hrmgo/hrm/solver", "github.com/vmihailenco/...",
}

// Compile builds a module of plain Go into out. Extra tags are comma-separated.
func (m *Module) Compile(ctx context.Context, root, out, tags string) error {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-tags", m.Tags + "," + tags, "-o", out}
	for _, p := range plain {
		args = append(args, "-gcflags="+p+"=-l")
	}
	if m.Reactor {
		args = append(args, "-buildmode=c-shared")
	}
	return run(ctx, root, []string{"GOOS=" + m.GOOS, "GOARCH=wasm", "CGO_ENABLED=0"}, "go", append(args, m.Package)...)
}

// run runs a command in a folder. The error holds what it said.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("toolchain: %s %s: %w\n%s", filepath.Base(name), args[0], err, bytes.TrimSpace(out))
	}
	return nil
}
