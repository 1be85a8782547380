package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hrmgo/hrm/wasm/internal/toolchain"
	"github.com/hrmgo/hrm/wasm/simd"
)

// pack puts what the npm package needs of Go into wasm/npm/dist and makes its
// tarball.
func (b *builder) pack(ctx context.Context) error {
	npm := filepath.Join(b.root, "wasm", "npm")
	dist := filepath.Join(npm, "dist")
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
	for name, folder := range from {
		to := dist
		if name == "LICENSE" {
			to = npm
		}
		if err := install(filepath.Join(to, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dist, "hrm-relaxed.wasm"), simd.Relaxed, 0o666); err != nil || b.unlinked {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", b.dir)
	cmd.Dir = npm
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
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(to+".gz", small.Bytes(), 0o666)
}
