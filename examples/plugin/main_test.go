package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The module without SIMD kernels needs nothing but Go to be built.
func TestPlugin(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module for WebAssembly, and compiles it")
	}
	path := filepath.Join(t.TempDir(), "hrm-plugin.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-o", path, "github.com/hrmgo/hrm/wasm/plugin")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(module)
	answer, err := solve(context.Background(), module, hex.EncodeToString(hash[:]))
	if want := "534678912672195348198342567859761423426853791713924856961537284287419635345286179 true"; err != nil || answer != want {
		t.Errorf("got %q, %v, want %q", answer, err, want)
	}
}
