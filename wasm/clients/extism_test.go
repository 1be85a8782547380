package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	extism "github.com/extism/go-sdk"

	"github.com/hrmgo/hrm/wasm/internal/toolchain"
)

const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

// built is hrm-extism.wasm, linked where Binaryen is installed.
var built string

// build builds a module into a file.
func build(ctx context.Context, name, out string) error {
	root, err := toolchain.Root()
	if err != nil {
		return err
	}
	for _, m := range toolchain.Modules {
		if m.Name != name {
			continue
		}
		if binaryen, err := toolchain.FindBinaryen(root); err == nil {
			return m.Build(ctx, root, binaryen, out)
		}
		return m.Compile(ctx, root, out, "")
	}
	return fmt.Errorf("no module %s", name)
}

func TestMain(m *testing.M) {
	answerDoor()
	if os.Getenv(doorsVar) != "" { // everything is built
		built = filepath.Join("..", "dist", "hrm-extism.wasm")
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "hrm-extism-")
	if err == nil {
		built = filepath.Join(dir, "hrm-extism.wasm")
		err = build(context.Background(), "hrm-extism", built)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// Example is the whole of a program that uses the plugin through Extism.
func Example() {
	ctx := context.Background()
	manifest := extism.Manifest{
		Wasm:   []extism.Wasm{extism.WasmFile{Path: built}}, // hrm-extism.wasm
		Config: map[string]string{"restarts": "7"},
	}
	plugin, err := extism.NewPlugin(ctx, manifest, extism.PluginConfig{EnableWasi: true}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer plugin.Close(ctx)
	puzzles := "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	_, out, err := plugin.Call("solve", []byte(puzzles))
	if err != nil {
		fmt.Println(err)
		return
	}
	var line struct {
		Answer string
		Valid  bool
	}
	if err := json.Unmarshal(out, &line); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(line.Answer, line.Valid)
	// Output: 534678912672195348198342567859761423426853791713924856961537284287419635345286179 true
}

func start(t *testing.T, config map[string]string) *extism.Plugin {
	t.Helper()
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: built}}, Config: config}
	plugin, err := extism.NewPlugin(t.Context(), manifest, extism.PluginConfig{EnableWasi: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { plugin.Close(context.Background()) })
	return plugin
}

func TestGoSDK(t *testing.T) {
	plugin := start(t, nil)
	_, out, err := plugin.Call("info", nil)
	if err != nil || !strings.Contains(string(out), `"task":"sudoku"`) {
		t.Errorf("info: %s, %v", out, err)
	}
	_, out, err = plugin.Call("solve", []byte(easy+"\n53..\n"+easy+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 3 || strings.Count(string(out), `"valid":true`) != 2 || !strings.Contains(lines[1], `"error"`) {
		t.Errorf("three puzzles of which one is bad: %s", out)
	}
	if _, _, err := plugin.Call("open", []byte("PK\x03\x04")); err == nil || !strings.Contains(err.Error(), "a zip archive") {
		t.Errorf("a zip as a model: %v", err)
	}
	model, err := os.ReadFile(filepath.Join("..", "..", "native", "embedded", "default.hrm"))
	if err != nil {
		t.Fatal(err)
	}
	if _, out, err := plugin.Call("open", model); err != nil || !strings.Contains(string(out), `"seq_len":81`) {
		t.Errorf("open: %s, %v", out, err)
	}
	if _, out, err := plugin.Call("solve", []byte(easy)); err != nil || !strings.Contains(string(out), `"valid":true`) {
		t.Errorf("solve with that model: %s, %v", out, err)
	}
	if _, _, err := start(t, map[string]string{"restarts": "many"}).Call("solve", []byte(easy)); err == nil || !strings.Contains(err.Error(), `restarts is "many"`) {
		t.Errorf("a bad configuration: %v", err)
	}
}

// The same plugin in the npm package @extism/extism.
func TestNodeSDK(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node: on Debian, apt-get install nodejs npm")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skip("no node_modules: run npm ci in wasm/clients")
	}
	out, err := exec.CommandContext(t.Context(), "node", "--no-warnings", "extism.mjs", built, easy).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"valid":true`) {
		t.Errorf("%v: %s", err, out)
	}
}

// wazero's own command pipes the WASI command.
func TestWazeroCommand(t *testing.T) {
	wasi := filepath.Join(t.TempDir(), "hrm-wasi.wasm")
	if err := build(t.Context(), "hrm-wasi", wasi); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "github.com/tetratelabs/wazero/cmd/wazero", "run", wasi)
	cmd.Stdin = strings.NewReader(easy + "\n" + easy + "\n")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), `"valid":true`) != 2 {
		t.Errorf("%v: %s", err, out)
	}
}
