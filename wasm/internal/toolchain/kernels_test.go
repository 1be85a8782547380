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
func testKernels(t *testing.T, goos string) string {
	root, binaryen := tools(t)
	dir := t.TempDir()
	plain, linked := filepath.Join(dir, "plain.wasm"), filepath.Join(dir, "linked.wasm")
	if err := run(t.Context(), root, []string{"GOOS=" + goos, "GOARCH=wasm"}, "go", "test", "-c", "-tags", Tag, "-o", plain, "./kernels"); err != nil {
		t.Fatal(err)
	}
	m := Module{GOOS: goos}
	if err := m.Link(t.Context(), binaryen, plain, linked); err != nil {
		t.Fatal(err)
	}
	return linked
}

// kernelTests are the tests of what a model is run with.
const kernelTests = "^Test.*(SIMD|Conv|MatMul|Rows|Panels|Add|SwiGLU|Softmax|Exp|Scale|Rope|NaN|Use|Quant|F16|Panics)"

// The tests of package kernels pass with the SIMD kernels: those run every
// implementation and put guards around everything that a kernel writes.
func TestKernelsInWazero(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for a minute")
	}
	module, err := os.ReadFile(testKernels(t, "wasip1"))
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
	module := testKernels(t, "js")
	for name, relaxed := range map[string]bool{"simd128": false, "relaxed": true} {
		t.Run(name, func(t *testing.T) {
			args := nodeArgs(t, relaxed)
			cmd := exec.CommandContext(t.Context(), "node", append(args, module, "-test.short", "-test.v", "-test.run", kernelTests)...)
			cmd.Dir = filepath.Join(root, "kernels")
			out, err := cmd.CombinedOutput()
			passed(t, string(out), err)
		})
	}
}

// nodeArgs returns the arguments before a module of GOOS=js, or skips where node
// cannot use the relaxed kernels.
func nodeArgs(t *testing.T, relaxed bool) []string {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--stack-size=8192"}
	if relaxed {
		args = append(args, useRelaxed(t)...)
	}
	return append(args, filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec_node.js"))
}

// useRelaxed returns the arguments with which node gives a module the relaxed kernels.
func useRelaxed(t *testing.T) []string {
	script, err := filepath.Abs(filepath.Join("testdata", "relaxed.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--import", script}
	const flag = "--experimental-wasm-relaxed-simd"
	for _, args := range [][]string{args, append(args, flag)} {
		if exec.Command("node", append(args, "-e", "")...).Run() == nil {
			return args
		}
	}
	t.Skip("this node has no relaxed SIMD, or its sums are not exact: version 24 has, on a processor with VNNI or SDOT")
	return nil
}
