//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// commandLine is a line of a document that a reader would run.
var commandLine = regexp.MustCompile(`(?m)^ *(?:\$ )?((?:zcat \S+ \| )?(?:go run \./cmd/)?hrm [^:\n].*)$`)

// documented returns the commands of the documents, and of the examples in the help.
func documented(t *testing.T) (lines []string) {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, deeper...)
	var text strings.Builder
	for _, file := range append(files, "../../README.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		joined := strings.ReplaceAll(string(data), "\\\n", "") // lines that go on
		for block := range strings.Lines(joined) {
			if strings.HasPrefix(block, "    ") || strings.HasPrefix(block, "\t") || strings.HasPrefix(block, "$ ") {
				text.WriteString(block)
			}
		}
	}
	return commandLines(text.String() + examples())
}

// examples are those of the help.
func examples() string {
	var text strings.Builder
	for _, c := range newRoot().Commands() {
		text.WriteString("\n" + c.Example + "\n")
	}
	return text.String()
}

func commandLines(text string) (lines []string) {
	for _, m := range commandLine.FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(m[1], "  #")
		lines = append(lines, strings.TrimSpace(strings.Replace(line, "go run ./cmd/hrm", "hrm", 1)))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// words splits a command up to the shell's signs.
func words(line string) []string {
	if i := strings.Index(line, "hrm "); i > 0 {
		line = line[i:]
	}
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, " > ")
	line = strings.TrimSuffix(line, " &")
	line, _, _ = strings.Cut(line, "&&")
	return strings.Fields(line)
}

// Every command that a document or the help shows has a subcommand and flags of
// these names.
func TestDocumentedCommandsParse(t *testing.T) {
	lines := documented(t)
	if len(lines) < 30 {
		t.Fatalf("%d commands found, want more", len(lines))
	}
	for _, line := range lines {
		root := newRoot()
		args := words(line)[1:]
		cmd, rest, err := root.Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// slow are the commands that serve, measure for long, or need what is not here.
var slow = regexp.MustCompile(`hrm (demo|serve|bench|verify|import|pull|models|completion|solve --device webgpu)|\.\.\.|ssh|identifiers|arc|HRM_|float32\.hrm|maze\.hrm|/m/|task\.json`)

// Those of the help that run quickly run, beside files of the names that they show.
// internal/docs runs those of the documents.
func TestExamplesRun(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a dozen commands")
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("only Go is here: ", err)
	}
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "hrm")); err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile(modelFile(t))
	if err != nil {
		t.Fatal(err)
	}
	table := "question,answer\n" + strings.Repeat(easy+","+easyAnswer+"\n", 3)
	for name, text := range map[string]string{
		"page.html": "<!DOCTYPE html>", "puzzles.txt": easy + "\n", "hard.txt": easy + "\n", "model.hrm": string(model), "sudoku.hrm": string(model), "hrm-sudoku": string(model),
		"puzzles.csv.gz": gzipped(t, table), "valid.csv.gz": gzipped(t, table), "test.csv.gz": gzipped(t, table),
		"train.csv.gz": gzipped(t, table), "ordinary.csv.gz": gzipped(t, table),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, line := range commandLines(examples()) {
		if slow.MatchString(line) {
			continue
		}
		ran++
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, "sh", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HRM_COMMAND=1", "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		cancel()
		// A model with random weights solves nothing: status 1 is an answer too. What is
		// shown to be refused is.
		if code := cmd.ProcessState.ExitCode(); (code == 2) != strings.Contains(line, "page.html") || code < 0 || code > 2 {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	if ran < 12 {
		t.Errorf("%d commands ran, want more", ran)
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
