package toolchain

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// tools returns the root of the module and Binaryen, or skips.
func tools(t testing.TB) (string, *Binaryen) {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	binaryen, err := FindBinaryen(root)
	if err != nil {
		t.Skip(err)
	}
	return root, binaryen
}

// command runs a WASI command in wazero, with folders of this machine.
func command(ctx context.Context, module []byte, stdin string, args []string, folders ...string) (string, error) {
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		return "", err
	}
	var out strings.Builder
	files := wazero.NewFSConfig()
	for _, dir := range folders {
		files = files.WithReadOnlyDirMount(dir, dir)
	}
	_, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithFSConfig(files).WithSysNanotime().WithSysWalltime().
		WithArgs(append([]string{"command"}, args...)...).WithStdin(strings.NewReader(stdin)).WithStdout(&out).WithStderr(&out))
	return out.String(), err
}

// testKernels compiles the tests of package kernels for GOOS and links them.
func testKernels(t *testing.T, goos string, relaxed bool) string {
	root, binaryen := tools(t)
	dir := t.TempDir()
	plain, linked := filepath.Join(dir, "plain.wasm"), filepath.Join(dir, "linked.wasm")
	if err := run(t.Context(), root, []string{"GOOS=" + goos, "GOARCH=wasm"}, "go", "test", "-c", "-tags", Tag, "-o", plain, "./kernels"); err != nil {
		t.Fatal(err)
	}
	m := Module{GOOS: goos, Relaxed: relaxed}
	if err := m.Link(t.Context(), binaryen, plain, linked); err != nil {
		t.Fatal(err)
	}
	return linked
}

// kernelTests are the tests of what a model is run with.
const kernelTests = "SIMD|MatMul|Rows|Panels|Add|SwiGLU|Softmax|Exp|Scale|Rope|NaN|Use|Quant|F16|Panics"

// The tests of package kernels pass with the SIMD kernels: those run every
// implementation and put guards around everything that a kernel writes.
func TestKernelsInWazero(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for a minute")
	}
	module, err := os.ReadFile(testKernels(t, "wasip1", false))
	if err != nil {
		t.Fatal(err)
	}
	out, err := command(t.Context(), module, "", []string{"-test.short", "-test.v", "-test.run", kernelTests})
	passed(t, out, err)
}

// passed fails unless all tests passed, those of the SIMD kernels among them.
func passed(t *testing.T, out string, err error) {
	t.Helper()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(out), "PASS") || !strings.Contains(out, "PASS: TestSoftmax/simd128") {
		t.Errorf("%v\n%s", err, out[max(0, len(out)-4000):])
	}
}

// The same in V8, where the relaxed kernels run too.
func TestKernelsInNode(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for a minute")
	}
	root, _ := tools(t)
	for name, relaxed := range map[string]bool{"simd128": false, "relaxed": true} {
		t.Run(name, func(t *testing.T) {
			args := nodeArgs(t, relaxed)
			module := testKernels(t, "js", relaxed)
			cmd := exec.CommandContext(t.Context(), "node", append(args, module, "-test.short", "-test.v", "-test.run", kernelTests)...)
			cmd.Dir = filepath.Join(root, "kernels")
			out, err := cmd.CombinedOutput()
			passed(t, string(out), err)
		})
	}
}

// nodeArgs returns the arguments before a module of GOOS=js, or skips where node
// has no relaxed SIMD.
func nodeArgs(t *testing.T, relaxed bool) []string {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--stack-size=8192"}
	if relaxed {
		const probe = "process.exit(WebAssembly.validate(new Uint8Array([0,97,115,109,1,0,0,0,1,5,1,96,0,1,123,3,2,1,0,10,15,1,13,0,65,1,253,15,65,2,253,15,253,128,2,11]))?0:3)"
		const flag = "--experimental-wasm-relaxed-simd"
		switch {
		case exec.Command("node", "-e", probe).Run() == nil:
		case exec.Command("node", flag, "-e", probe).Run() == nil:
			args = append(args, flag)
		default:
			t.Skip("this node has no relaxed SIMD: version 21 has")
		}
	}
	return append(args, filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec_node.js"))
}
