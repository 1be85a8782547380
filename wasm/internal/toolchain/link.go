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

// FindMerge returns wasm-merge of the folder wasm/build, where npm installs it,
// and the program that runs it.
func FindMerge(root string) (*Merge, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("toolchain: node is %w: it runs wasm-merge, which links the SIMD kernels; install Node.js 20 or newer (Debian: apt-get install nodejs npm)", ErrNoTool)
	}
	m := &Merge{node, filepath.Join(folder(root), "node_modules", "binaryen", "bin", "wasm-merge")}
	if _, err := os.Stat(m.script); err != nil {
		return nil, fmt.Errorf("toolchain: wasm-merge is %w in %s: go run ./wasm/build installs it", ErrNoTool, folder(root))
	}
	return m, nil
}

// Install installs wasm-merge with npm.
func Install(ctx context.Context, root string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("toolchain: npm is %w: install it (Debian: apt-get install npm), or put the npm package binaryen into %s", ErrNoTool, filepath.Join(folder(root), "node_modules"))
	}
	if err := run(ctx, folder(root), nil, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		return fmt.Errorf("%w\nIt installs the npm package binaryen, for which the npm registry must be reached", err)
	}
	return nil
}

// folder holds the package.json of what building needs.
func folder(root string) string { return filepath.Join(root, "wasm", "build") }

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
