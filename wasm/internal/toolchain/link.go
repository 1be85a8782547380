package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/hrmgo/hrm/wasm/simd"
)

// ErrNoTool is wrapped by the error about a program that is not installed.
var ErrNoTool = errors.New("not installed")

// Tag is the build tag of Go code that calls the kernels: without Link it does
// not start.
const Tag = "simd"

// Binaryen is how to run the programs of Binaryen.
type Binaryen struct{ node, bin string }

// FindBinaryen returns Binaryen of the folder wasm/build, where npm installs it,
// and the program that runs it.
func FindBinaryen(root string) (*Binaryen, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("toolchain: node is %w: it runs Binaryen, which links the SIMD kernels; install Node.js 20 or newer (Debian: apt-get install nodejs npm)", ErrNoTool)
	}
	b := &Binaryen{node, filepath.Join(folder(root), "node_modules", "binaryen", "bin")}
	if _, err := os.Stat(b.bin); err != nil {
		return nil, fmt.Errorf("toolchain: Binaryen is %w in %s: go run ./wasm/build installs it", ErrNoTool, folder(root))
	}
	return b, nil
}

// Install installs Binaryen with npm.
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

// smaller lists the passes after merging, which writes Go's locals anew, each
// its own: sharing them again makes a module 8 % smaller (brotli).
var smaller = []string{"--coalesce-locals", "--reorder-locals", "--vacuum"}

// Link writes the module of Go at in, with its kernels, to out.
func (m *Module) Link(ctx context.Context, b *Binaryen, in, out string) error {
	dir, err := os.MkdirTemp("", "hrm-link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	kernels, merged := filepath.Join(dir, "kernels.wasm"), filepath.Join(dir, "merged.wasm")
	if err := os.WriteFile(kernels, simd.Kernels(m.GOOS), 0o666); err != nil {
		return err
	}
	if err := b.run(ctx, dir, "wasm-merge", in, "go", kernels, "simd", "-o", merged); err != nil {
		return err
	}
	optimized := filepath.Join(dir, "optimized.wasm")
	if err := b.run(ctx, dir, "wasm-opt", append([]string{merged, "-o", optimized}, smaller...)...); err != nil {
		return err
	}
	module, err := os.ReadFile(optimized)
	if err != nil {
		return err
	}
	if module, err = joinSegments(module); err != nil {
		return err
	}
	return os.WriteFile(out, module, 0o666)
}

func (b *Binaryen) run(ctx context.Context, dir, program string, args ...string) error {
	return run(ctx, dir, nil, b.node, slices.Concat([]string{filepath.Join(b.bin, program)}, args, features)...)
}

// Build writes the linked module to out.
func (m *Module) Build(ctx context.Context, root string, b *Binaryen, out string) error {
	dir, err := os.MkdirTemp("", "hrm-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	plain := filepath.Join(dir, m.Name+".wasm")
	if err := m.Compile(ctx, root, plain, Tag); err != nil {
		return err
	}
	return m.Link(ctx, b, plain, out)
}
