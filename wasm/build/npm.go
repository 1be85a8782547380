package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/wasm/internal/toolchain"
	"github.com/hrmgo/hrm/wasm/npm"
	"github.com/hrmgo/hrm/wasm/simd"
)

// pack puts what the npm package needs of Go into wasm/npm/dist and makes its
// tarball.
func (b *builder) pack(ctx context.Context) error {
	folder := filepath.Join(b.root, "wasm", "npm")
	dist := filepath.Join(folder, "dist")
	if err := os.MkdirAll(dist, 0o777); err != nil {
		return err
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	from := map[string]string{
		"wasm_exec.js": filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm"),
		"LICENSE":      b.root,
	}
	for _, m := range toolchain.Modules {
		if m.GOOS == "js" {
			from[m.Name+".wasm"] = b.dir
		}
	}
	for _, m := range embedded.Page() {
		if err := os.WriteFile(filepath.Join(dist, m.Name+".hrm"), m.File, 0o666); err != nil {
			return err
		}
	}
	for name, source := range from {
		to := dist
		if name == "LICENSE" {
			to = folder
		}
		if err := install(filepath.Join(to, name), filepath.Join(source, name)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dist, "hrm-relaxed.wasm"), simd.Relaxed, 0o666); err != nil || b.unlinked {
		return err
	}
	bundle := exec.CommandContext(ctx, "node", filepath.Join(b.root, "wasm", "build", "bundle.mjs"))
	if out, err := bundle.CombinedOutput(); err != nil {
		return fmt.Errorf("bundle.mjs: %w: %s", err, out)
	}
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", b.dir)
	cmd.Dir = folder
	tarball, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("npm pack: %w: npm is part of Node.js (Debian: apt-get install npm)", err)
	}
	fmt.Fprint(b.out, string(tarball))
	return nil
}

// install copies a file, and a module compressed too, for hrm demo to embed.
func install(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, 0o666); err != nil || filepath.Ext(to) != ".wasm" {
		return err
	}
	return os.WriteFile(to+npm.Compressed, npm.Compress(data), 0o666)
}
