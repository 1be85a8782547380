package clients

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/wasm/host"
	"github.com/hrmgo/hrm/wasm/internal/toolchain"
)

// told is what every door says of a puzzle.
type told struct {
	Answer        string `json:"answer"`
	Valid         bool   `json:"valid"`
	Segments      int    `json:"segments"`
	Attempts      int    `json:"attempts"`
	TotalSegments int    `json:"total_segments"`
	FirstValid    bool   `json:"first_pass_valid"`
	FirstSegments int    `json:"first_pass_segments"`
	Error         string `json:"error"` // why there is no answer
}

// doorsVar asks for TestDoors.
const doorsVar = "HRM_DOORS"

// doorVar makes the test's own program a door: a Go program that asks the library.
const doorVar = "HRM_DOOR"

// TestDoors asks every door 50 puzzles: ordinary and hard ones, of which some take
// guesses, and such that have no answer or several. Doors with the same kernels, those
// of this machine or those of WebAssembly, say the same to the last segment. The two
// round differently, and what takes long goes on changing with every rounding: between
// them answers and verdicts are the same, and of puzzles that settle at once all is.
func TestDoors(t *testing.T) {
	if os.Getenv(doorsVar) == "" {
		t.Skip("takes minutes, and what go run ./wasm/build and npm ci make: HRM_DOORS=1")
	}
	text, err := os.ReadFile(filepath.Join("testdata", "doors.txt"))
	if err != nil {
		t.Fatal(err)
	}
	puzzles := strings.Fields(string(text))
	if len(puzzles) != 50 {
		t.Fatalf("%d puzzles, want 50", len(puzzles))
	}
	exe := buildHRM(t)
	native := group(t, puzzles, []door{
		{"Go", library},
		{"command", func(t *testing.T, p []string) []told { return command(t, exe, p) }},
		{"HTTP", func(t *testing.T, p []string) []told { return overHTTP(t, exe, p) }},
	})
	sandbox := group(t, puzzles, []door{
		{"wazero host", inHost},
		{"Extism", inExtism},
		{"WASI", inWASI},
		{"node", func(t *testing.T, p []string) []told { return inScript(t, "node", p) }},
		{"Chromium", func(t *testing.T, p []string) []told { return inScript(t, "chromium", p) }},
	})
	count(t, native)
	count(t, sandbox)
	alike := 0
	for i := range min(len(native), len(sandbox)) {
		n, s := &native[i], &sandbox[i]
		if *n == *s {
			alike++
		}
		if max(n.TotalSegments, s.TotalSegments) > settled || max(n.Attempts, s.Attempts) > 1 {
			*n, *s = told{Answer: n.Answer, Valid: n.Valid}, told{Answer: s.Answer, Valid: s.Valid}
		}
	}
	t.Logf("this machine's kernels and those of WebAssembly say the same of %d puzzles to the last segment", alike)
	compare(t, puzzles, native, sandbox)
}

// settled is the segments of a puzzle that settles at once, without a guess.
const settled = 2

// door answers puzzles.
type door struct {
	name string
	ask  func(t *testing.T, puzzles []string) []told
}

// group compares all of some doors with the first, and returns what that says.
func group(t *testing.T, puzzles []string, doors []door) (want []told) {
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			got := d.ask(t, puzzles)
			if want == nil {
				want = got
			}
			compare(t, puzzles, got, want)
		})
	}
	return want
}

// count checks that the puzzles are of all kinds.
func count(t *testing.T, all []told) {
	var refused, first, guessed int
	for _, r := range all {
		switch {
		case r.Error != "":
			refused++
		case r.FirstValid:
			first++
		case r.Valid && r.Attempts > 1:
			guessed++
		}
	}
	t.Logf("%d refused, %d solved in the first pass, %d by guesses, %d not", refused, first, guessed, len(all)-refused-first-guessed)
	if refused < 6 || first < 20 || guessed < 2 {
		t.Errorf("too few of a kind")
	}
}

func compare(t *testing.T, puzzles []string, got, want []told) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d results, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("puzzle %d, %s:\n%+v, want\n%+v", i+1, puzzles[i], got[i], want[i])
		}
	}
}

func buildHRM(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "hrm")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "./cmd/hrm")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return exe
}

// module returns a file that go run ./wasm/build made.
func module(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "dist", name))
	if err != nil {
		t.Fatalf("%v: run go run ./wasm/build in the repository", err)
	}
	return data
}

// lines reads lines of JSON.
func lines(t *testing.T, text []byte) (all []told) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		var r told
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// output runs a program, whose status may be 1: not every puzzle was solved.
func output(t *testing.T, cmd *exec.Cmd, stdin string, env ...string) []byte {
	t.Helper()
	var errOut bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stderr = append(os.Environ(), env...), strings.NewReader(stdin), &errOut
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%v: %s", err, &errOut)
	}
	return out
}

func library(t *testing.T, puzzles []string) []told {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	return lines(t, output(t, cmd, strings.Join(puzzles, "\n"), doorVar+"=go"))
}

// askLibrary is the Go program: it solves the lines of standard input.
func askLibrary() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	s, err := hrm.Open("sudoku")
	if err != nil {
		return err
	}
	defer s.Close()
	out := json.NewEncoder(os.Stdout)
	for a, err := range s.With(hrm.Options{TimeLimit: -1}).SolveAll(context.Background(), slices.Values(strings.Fields(string(text)))) {
		r := told{a.Text, a.Valid, a.Segments, a.Attempts, a.TotalSegments, a.FirstValid, a.First.Segments, ""}
		if err != nil {
			r = told{Error: err.Error()}
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func command(t *testing.T, exe string, puzzles []string) []told {
	return lines(t, output(t, exec.CommandContext(t.Context(), exe, "solve", "--json", "--time-limit", "0"), strings.Join(puzzles, "\n")))
}

func overHTTP(t *testing.T, exe string, puzzles []string) []told {
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, exe, "serve", "--address", "127.0.0.1:0", "--timeout", "1h", "--time-limit", "0")
	errOut, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { stop(); _ = cmd.Wait() }()
	var address string
	buffer := make([]byte, 1<<10)
	for address == "" {
		n, err := errOut.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		_, address, _ = strings.Cut(strings.TrimSpace(string(buffer[:n])), " at ")
	}
	body, err := json.Marshal(map[string]any{"puzzles": puzzles})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(address+"/solve", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var reply struct {
		Results []told
		Error   string
	}
	if err := json.NewDecoder(r.Body).Decode(&reply); err != nil || reply.Error != "" {
		t.Fatal(err, reply.Error)
	}
	return reply.Results
}

func inHost(t *testing.T, puzzles []string) (all []told) {
	plugin := module(t, "hrm-plugin.wasm")
	sum := sha256.Sum256(plugin)
	h, err := host.Open(t.Context(), host.Options{Module: plugin, SHA256: hex.EncodeToString(sum[:])})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	texts := make([]host.Puzzle, len(puzzles))
	for i := range puzzles {
		texts[i].Text = puzzles[i]
	}
	results, err := h.Solve(t.Context(), texts, host.SolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		x := told{r.Answer, r.Valid(), r.Segments, r.Attempts, r.TotalSegments, r.FirstValid, r.FirstSegments, ""}
		if r.Error != nil {
			x = told{Error: r.Error.Message}
		}
		all = append(all, x)
	}
	return all
}

func inExtism(t *testing.T, puzzles []string) []told {
	_, out, err := start(t, nil).Call("solve", []byte(strings.Join(puzzles, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return lines(t, out)
}

func inWASI(t *testing.T, puzzles []string) []told {
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	defer r.Close(context.Background())
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var out, errOut bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs("hrm-wasi").WithStdin(strings.NewReader(strings.Join(puzzles, "\n"))).WithStdout(&out).WithStderr(&errOut)
	_, err := r.InstantiateWithConfig(ctx, module(t, "hrm-wasi.wasm"), config)
	var exit *sys.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) {
		t.Fatalf("%v: %s", err, &errOut)
	}
	return lines(t, out.Bytes())
}

// inScript asks the npm package, in node or Chromium.
func inScript(t *testing.T, where string, puzzles []string) []told {
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatalf("%v: on Debian, apt-get install nodejs npm", err)
	}
	root, err := toolchain.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(root, "wasm", "npm", "test", "doors.mjs"), where)
	return lines(t, output(t, cmd, strings.Join(puzzles, "\n")))
}

// answerDoor ends the program where it is a door.
func answerDoor() {
	if os.Getenv(doorVar) == "" {
		return
	}
	if err := askLibrary(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}
