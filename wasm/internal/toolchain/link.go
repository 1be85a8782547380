package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hrmgo/hrm/wasm/simd"
)

// ErrNoTool is wrapped by the error about a program that is not installed.
var ErrNoTool = errors.New("not installed")

// Tag is the build tag of Go code that calls the kernels: without Link it does
// not start.
const Tag = "simd"

// Merge is how to run Binaryen's wasm-merge.
type Merge struct{ node, script string }

// FindMerge returns wasm-merge of the folder wasm/build, and installs it there
// with npm when it is missing, of which it tells say.
func FindMerge(ctx context.Context, root string, say func(string)) (*Merge, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("toolchain: node is %w: it runs wasm-merge, which links the SIMD kernels; install Node.js 20 or newer (Debian: apt-get install nodejs npm)", ErrNoTool)
	}
	dir := filepath.Join(root, "wasm", "build")
	m := &Merge{node, filepath.Join(dir, "node_modules", "binaryen", "bin", "wasm-merge")}
	if _, err := os.Stat(m.script); err == nil {
		return m, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, fmt.Errorf("toolchain: wasm-merge and npm are %w: install npm (Debian: apt-get install npm), or put the npm package binaryen into %s", ErrNoTool, filepath.Join(dir, "node_modules"))
	}
	say("npm ci: installing binaryen for wasm-merge")
	if err := run(ctx, dir, nil, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		return nil, fmt.Errorf("%w\nIt installs the npm package binaryen, for which the npm registry must be reached", err)
	}
	return m, nil
}

// features of the modules, by name: with --all-features wazero cannot parse the
// result.
var features = []string{
	"--enable-simd", "--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext",
	"--enable-mutable-globals", "--enable-reference-types",
}

// Link writes the module of Go at in, with its kernels, to out.
func (m *Module) Link(ctx context.Context, merge *Merge, in, out string) error {
	dir, err := os.MkdirTemp("", "hrm-link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	kernels := filepath.Join(dir, "kernels.wasm")
	if err := os.WriteFile(kernels, simd.Kernels(m.GOOS, m.Relaxed), 0o666); err != nil {
		return err
	}
	args := append([]string{merge.script, in, "go", kernels, "simd", "-o", out}, features...)
	if m.Relaxed {
		args = append(args, "--enable-relaxed-simd")
	}
	return run(ctx, dir, nil, merge.node, args...)
}

// Build writes the linked module to out.
func (m *Module) Build(ctx context.Context, root string, merge *Merge, out string) error {
	dir, err := os.MkdirTemp("", "hrm-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	plain := filepath.Join(dir, m.Name+".wasm")
	if err := m.Compile(ctx, root, plain, Tag); err != nil {
		return err
	}
	return m.Link(ctx, merge, plain, out)
}
