// Command build makes everything of WebAssembly into wasm/dist: the modules for
// the browser, for Go programs, for Extism and for WASI hosts, each with its
// SIMD kernels linked in, and the npm package.
//
//	go run ./wasm/build                     everything
//	go run ./wasm/build hrm-js hrm-wasi     some modules
//	go run ./wasm/build -unlinked           plain Go, slower, without node
//
// It needs Go, and Node.js with npm for the link step.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/hrmgo/hrm/wasm/internal/toolchain"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// builder is one run of the command.
type builder struct {
	out      io.Writer
	root     string
	dir      string // where the modules go
	unlinked bool
	binaryen *toolchain.Binaryen
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(errOut)
	b := &builder{out: out}
	flags.BoolVar(&b.unlinked, "unlinked", false, "plain Go without the SIMD kernels, which needs no node")
	flags.StringVar(&b.dir, "o", "", "the folder for the modules (default wasm/dist)")
	flags.Usage = func() {
		fmt.Fprintln(errOut, "usage: go run ./wasm/build [-unlinked] [-o folder] [module...]")
		flags.PrintDefaults()
		fmt.Fprintln(errOut, "modules:")
		for _, m := range toolchain.Modules {
			fmt.Fprintf(errOut, "  %s\n", m.Name)
		}
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	modules, err := pick(flags.Args())
	if err == nil {
		err = b.build(ctx, modules)
	}
	if err == nil && len(flags.Args()) == 0 {
		err = b.pack(ctx)
	}
	if err != nil {
		fmt.Fprintln(errOut, "build:", err)
		return 1
	}
	return 0
}

// pick returns the named modules, or all.
func pick(names []string) ([]toolchain.Module, error) {
	if len(names) == 0 {
		return toolchain.Modules, nil
	}
	var some []toolchain.Module
	for _, name := range names {
		i := slices.IndexFunc(toolchain.Modules, func(m toolchain.Module) bool { return m.Name == name })
		if i < 0 {
			var all []string
			for _, m := range toolchain.Modules {
				all = append(all, m.Name)
			}
			return nil, fmt.Errorf("unknown module %q, want some of %v", name, all)
		}
		some = append(some, toolchain.Modules[i])
	}
	return some, nil
}

func (b *builder) build(ctx context.Context, modules []toolchain.Module) (err error) {
	if b.root, err = toolchain.Root(); err != nil {
		return err
	}
	if b.dir == "" {
		b.dir = filepath.Join(b.root, "wasm", "dist")
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	if err = os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	if !b.unlinked {
		if b.binaryen, err = b.findBinaryen(ctx); err != nil {
			return fmt.Errorf("%w\nWithout it, go run ./wasm/build -unlinked makes modules that are slower", err)
		}
	}
	for _, m := range modules {
		if err := b.one(ctx, &m); err != nil {
			return err
		}
	}
	return nil
}

// findBinaryen returns Binaryen, and installs it when it or esbuild is missing.
func (b *builder) findBinaryen(ctx context.Context) (*toolchain.Binaryen, error) {
	m, err := toolchain.FindBinaryen(b.root)
	if _, missing := os.Stat(filepath.Join(b.root, "wasm", "build", "node_modules", "esbuild")); err == nil && missing == nil {
		return m, nil
	}
	fmt.Fprintln(b.out, "npm ci: installing Binaryen, which links the kernels, and esbuild, which bundles the npm package")
	if err := toolchain.Install(ctx, b.root); err != nil {
		return nil, err
	}
	return toolchain.FindBinaryen(b.root)
}

// one builds a module and tells its size.
func (b *builder) one(ctx context.Context, m *toolchain.Module) error {
	out, start := filepath.Join(b.dir, m.Name+".wasm"), time.Now()
	var err error
	switch {
	case b.unlinked:
		err = m.Compile(ctx, b.root, out, "")
	default:
		err = m.Build(ctx, b.root, b.binaryen, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%-20s %8d bytes  %v\n", m.Name+".wasm", info.Size(), time.Since(start).Round(100*time.Millisecond))
	return nil
}
