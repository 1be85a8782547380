//go:build unix

// Package docs_test runs what the documents tell a reader to type.
package docs_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hrmgo/hrm/internal/markdown"
)

// elsewhere are the commands that do not run here, and why.
var elsewhere = []struct {
	pattern, why string
}{
	{`^npm |^git |^docker |^go install .*@|^go -C scale install|^hrm pull |^hrm models remove`, "needs a network, or what it brought"},
	{`HRM-checkpoint|/tmp/full`, "needs published weights; cmd/hrm imports and verifies checkpoints made like them"},
	{`^python3 bench/pytorch`, "needs PyTorch; the case that it writes is tested in cmd/hrm"},
	{`^go test|^HRM_PUZZLES=|^go run \./wasm/build|^node wasm/npm/bench|^go run \./bench|^cd wasm/npm|^go build -tags webgpu`, "is a stage of .ci/run, or needs what one builds"},
	{`^wazero |\| ssh `, "needs another program or machine"},
	{`^curl `, "needs the service of the line before, which native/service answers"},
	{` \.\.\.( |$)`, "is a form, not a command"},
	{`^puzzle=|^hrm-train: `, "is no command"},
}

// refused are the commands that a document shows to be refused.
var refused = regexp.MustCompile(`page\.html|weigth_decay`)

// command is a line of code of a document that names a program.
var command = regexp.MustCompile(`^(?:\$ )?((?:hrm|hrm-train|zcat|go|node|npm|git|curl|python3|docker|wazero|cd|[A-Z_]+=\S+) .*)$`)

// section is the commands below one heading, which may need what those before it made.
type section struct {
	name     string
	commands []string
}

func sections(document, text string) (all []section) {
	all = append(all, section{name: document})
	fenced := false
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case !fenced && strings.HasPrefix(line, "#"):
			all = append(all, section{name: document + " " + strings.Trim(line, "# ")})
		case !fenced && strings.HasPrefix(line, "    "):
			if m := command.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				typed, _, _ := strings.Cut(m[1], "  #")
				last := &all[len(all)-1]
				last.commands = append(last.commands, strings.TrimSpace(typed))
			}
		}
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.commands) == 0 })
}

// TestCommandsRun runs every command of the documents, section by section, beside files
// of the names that they show. Trainings and measurements are made small.
func TestCommandsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a hundred commands")
	}
	for _, name := range []string{"sh", "cp", "zcat"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("only Go is here: ", err)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./cmd/hrm", "./cmd/hrm-train")
	if build.Dir = root; build.Run() != nil {
		t.Fatal("go build fails: see the tests of cmd/hrm")
	}
	names, err := markdown.Documents(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	files := fixtures(t, root)
	ran, left := 0, 0
	for _, name := range names {
		if name != "README.md" && name != "examples/README.md" && !strings.HasPrefix(name, "docs/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sections(name, string(text)) {
			r := &reader{root: root, bin: bin, dir: t.TempDir(), files: files}
			for _, typed := range s.commands {
				if why := kept(typed); why != "" {
					t.Logf("not run: %s: %s: it %s", s.name, typed, why)
					left++
					continue
				}
				if ran++; !t.Run(s.name, func(t *testing.T) { r.run(t, typed) }) {
					break
				}
			}
		}
	}
	if t.Logf("%d commands ran, %d are for elsewhere", ran, left); ran < 60 {
		t.Errorf("%d commands ran, want more: are documents read as they are written?", ran)
	}
}

func kept(typed string) string {
	for _, e := range elsewhere {
		if regexp.MustCompile(e.pattern).MatchString(typed) {
			return e.why
		}
	}
	return ""
}

// reader types commands in a folder.
type reader struct {
	root, bin, dir string
	files          map[string][]byte
}

func (r *reader) run(t *testing.T, typed string) {
	for needs, makes := range earlier {
		if strings.Contains(typed, needs) {
			r.run(t, makes)
		}
	}
	line := small(typed)
	r.prepare(t, line)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	if strings.ContainsAny(line, "|&") {
		cmd.Args[2] = line
	}
	cmd.Dir = r.dir
	if strings.HasPrefix(line, "go run ./") || strings.Contains(line, "runtime/golden") || strings.Contains(line, "--dir wasm/npm") {
		cmd.Dir = r.root
	}
	if strings.HasPrefix(line, "node ") {
		if _, err := exec.LookPath("node"); err != nil {
			t.Skip("node is not installed")
		}
		line = strings.Replace(line, "wasm/npm", filepath.Join(r.root, "wasm/npm"), 1)
		cmd.Args[2] = line
	}
	cmd.Env = append(os.Environ(), "PATH="+r.bin+":"+os.Getenv("PATH"), "HOME="+r.dir, "XDG_CACHE_HOME="+r.dir, "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"))
	var out []byte
	var err error
	if serves.MatchString(line) {
		out, err = interrupted(cmd)
	} else {
		out, err = cmd.CombinedOutput()
	}
	// Status 1 is an answer: not every puzzle was solved.
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 2 || (code == 2) != refused.MatchString(line) || (code == 1 && !asks.MatchString(line)) {
		t.Errorf("%s\nrun as %s\n%v\n%s", typed, line, err, out)
	}
}

var (
	serves = regexp.MustCompile(`^hrm (serve|demo)\b`)
	asks   = regexp.MustCompile(`hrm (solve|eval)|learn|hrm-train arc|jq`)
)

func goEnv(t *testing.T, name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// interrupted runs a command that serves until it says where, or ends by itself.
func interrupted(cmd *exec.Cmd) ([]byte, error) {
	var said bytes.Buffer
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	if err = cmd.Start(); err != nil {
		return nil, err
	}
	in.Close()
	stopped := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if !stopped && strings.Contains(lines.Text(), "http") {
			stopped = true
			_ = cmd.Process.Signal(syscall.SIGINT)
		}
	}
	return said.Bytes(), cmd.Wait()
}

// small is a command that does the same in a second or two: a training of some steps
// of a few puzzles, on the processor, a measurement of one.
func small(line string) string {
	line = regexp.MustCompile(`^go run \./cmd/hrm `).ReplaceAllString(line, "hrm ")
	line = strings.TrimSuffix(line, " &")
	line = regexp.MustCompile(`--for \S+`).ReplaceAllString(line, "--for 1s")
	line = regexp.MustCompile(`--generate \d+`).ReplaceAllString(line, "--generate 3")
	line = regexp.MustCompile(`--rating \d+`).ReplaceAllString(line, "--rating 1")
	line = regexp.MustCompile(`--steps \d+`).ReplaceAllString(line, "--steps 2")
	line = regexp.MustCompile(`--votes \d+`).ReplaceAllString(line, "--votes 2")
	line = regexp.MustCompile(`--demonstrations \d+`).ReplaceAllString(line, "--demonstrations 3")
	line = regexp.MustCompile(`--lanes \S+`).ReplaceAllString(line, "--lanes 1")
	line = regexp.MustCompile(`--address \S+`).ReplaceAllString(line, "--address localhost:0")
	line = regexp.MustCompile(`(hidden_size|intermediate_size|puzzle_emb_ndim)=\d+`).ReplaceAllString(line, "$1=32")
	line = regexp.MustCompile(`num_heads=\d+`).ReplaceAllString(line, "num_heads=1")
	line = strings.ReplaceAll(line, "--device webgpu", "--device cpu")
	line = strings.ReplaceAll(line, "../shared/golden", "runtime/golden/testdata")
	if strings.Contains(line, "maze") {
		line = strings.ReplaceAll(line, "valid.csv.gz", "mazes.csv.gz")
	}
	switch {
	case strings.HasPrefix(line, "hrm-train run"), strings.HasPrefix(line, "hrm-train arc"):
		if !strings.Contains(line, "--steps") {
			line += " --steps 2"
		}
		if !strings.Contains(line, "--resume") {
			line += " --set global_batch_size=4"
		}
		if strings.HasPrefix(line, "hrm-train arc") && !strings.Contains(line, "--votes") {
			line += " --votes 2"
		}
		if command, copies, and := strings.Cut(line, " && "); and {
			flags := copies[strings.Index(copies, " --"):]
			line = command + flags + " && " + strings.TrimSuffix(copies, flags)
		}
	case strings.HasPrefix(line, "hrm-train learn"):
		line += " --steps 2 --votes 2"
	case strings.HasPrefix(line, "hrm-train bench"):
		line += " --steps 1 --set global_batch_size=2"
	case strings.HasPrefix(line, "hrm bench"):
		line += " --seconds 0.01 --device cpu"
		if !strings.Contains(line, "--lanes") {
			line += " --lanes 1"
		}
	case serves.MatchString(line) && !strings.Contains(line, "--address") && !strings.Contains(line, "--export"):
		line += " --address localhost:0"
	}
	return line
}

// prepare makes the files that a command reads, unless one before has made them.
func (r *reader) prepare(t *testing.T, line string) {
	for name := range r.files {
		made := regexp.MustCompile(`(?:-o|--out|>) ` + regexp.QuoteMeta(strings.SplitN(name, "/", 2)[0]) + `(?:$|[\s/])`)
		path := filepath.Join(r.dir, name)
		if _, err := os.Stat(path); err == nil || !strings.Contains(line, strings.SplitN(name, "/", 2)[0]) || made.MatchString(line) && !strings.Contains(line, "--resume") {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, r.files[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// earlier are the commands that make what a section takes from another one.
var earlier = map[string]string{
	"--from run":        "hrm-train arc --tasks mini-arc/ --out run",
	"compare run1 run2": "hrm-train run --preset sudoku-cpu --data train.csv.gz --out run1 && cp -r run1 run2",
}

const (
	easy   = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	solved = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
)

// fixtures are files of the names that documents show.
func fixtures(t *testing.T, root string) map[string][]byte {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	files := map[string][]byte{
		"puzzles.txt": []byte(easy + "\n"), "hard.txt": []byte(easy + "\n"), "page.html": []byte("<!DOCTYPE html>"),
		"maze.txt": []byte("S.#..\n..#..\n.....\n##.##\n....G\n"), "tokens.txt": []byte("reader 0123456789abcdef0123456789abcdef\n"),
		"small.csv": []byte("question,answer\n2.4.43..1..43..2,2143432112343412\n1.3.34..2..34..1,1234341221434321\n"),
		"model.hrm": read("native/embedded/float32.hrm"), "float32.hrm": read("native/embedded/float32.hrm"), "native/embedded/float32.hrm": read("native/embedded/float32.hrm"),
		"sudoku.hrm": read("native/embedded/float32.hrm"), "hrm-sudoku": read("native/embedded/float32.hrm"), "maze.hrm": read("native/embedded/maze.hrm"), "arc.hrm": read("native/embedded/arc.hrm"),
	}
	for _, name := range []string{"train/start/sudoku-candidates.hrm", "train/arc/mini-arc.hrm"} {
		files[name] = read(name)
	}
	for i, name := range []string{"train", "ordinary", "hard", "gen-hard", "valid", "test", "puzzles"} {
		// Each its own, which a data set is held to: the same grid under other digits.
		swap := strings.NewReplacer("1", fmt.Sprint(1+i), fmt.Sprint(1+i), "1")
		files[name+".csv.gz"] = zipped("question,answer\n" + swap.Replace(easy) + "," + swap.Replace(solved) + "\n")
	}
	task := func(a, b int) string {
		return fmt.Sprintf(`{"train":[{"input":[[%d,0],[0,0]],"output":[[0,%[1]d],[0,0]]},{"input":[[0,0],[%[2]d,0]],"output":[[0,0],[0,%[2]d]]}],"test":[{"input":[[%[2]d,%[2]d],[0,0]],"output":[[%[2]d,%[2]d],[0,0]]}]}`, a, b)
	}
	files["task.json"], files["my-task.json"], files["mini-arc/a.json"], files["mini-arc.json.gz"] = []byte(`{"name":"mirror",`+task(1, 3)[1:]), []byte(task(1, 3)), []byte(task(5, 6)), zipped(`{"0c0c0c0c":`+task(6, 7)+`}`)
	for _, split := range []string{"training", "evaluation", "test"} {
		// A test set of names that the model of rules knows.
		ids := map[string][]string{"training": {"0a0a0a0a", "0b0b0b0b"}}[split]
		if ids == nil {
			ids = []string{"mirror", "fall"}
		}
		files["arc-agi_"+split+"_challenges.json"] = fmt.Appendf(nil, `{%q:%s,%q:%s}`, ids[0], task(1, 3), ids[1], task(3, 6))
	}
	files["mazes.csv.gz"] = zipped("question,answer\nS.#....#.......##.##....G,S.#..o.#..ooo..##o##..ooG\n")
	files["tls.crt"], files["tls.key"] = certificate(t)
	return files
}

// certificate is one for puzzles.example.com, signed by itself.
func certificate(t *testing.T) (cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"puzzles.example.com"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text)) // into memory: it cannot fail
	_ = z.Close()
	return b.Bytes()
}
