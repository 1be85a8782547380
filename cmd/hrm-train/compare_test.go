package main

import (
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hrmgo/hrm/train/config"
)

// writeRun writes what compare reads of a run.
func writeRun(t *testing.T, dir, lr, metrics string) string {
	t.Helper()
	c, err := config.Preset("sudoku-cpu")
	if err == nil {
		err = c.Set("lr", lr)
	}
	text, errYAML := c.YAML()
	if err != nil || errYAML != nil {
		t.Fatal(err, errYAML)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{configFile: string(text), metricsFile: metrics} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	a := writeRun(t, filepath.Join(dir, "a", "run"), "0.25", `{"kind":"train","step":10,"seconds":60,"loss":2,"puzzles":4,"samples_per_second":1234.5}
{"kind":"eval","step":10,"seconds":61,"set":"hard","loss":1.25,"accuracy":0.9,"exact_accuracy":0.5,"puzzles":8}
{"kind":"eval","step":20,"seconds":121,"set":"hard","loss":1.5,"accuracy":0.8,"exact_accuracy":0.25,"puzzles":8}
{"kind":"eval","step":20,"seconds":121,"set":"easy","loss":0.5,"accuracy":1,"exact_accuracy":1,"puzzles":8}
`)
	b := writeRun(t, filepath.Join(dir, "b", "run"), "0.5", `{"kind":"train","step":5,"seconds":3,"loss":3}`+"\n")
	logs := filepath.Join(dir, "logs")
	status, out, errOut := hrmTrain(t, "compare", a, filepath.Join(b, metricsFile), "--tensorboard", logs)
	if status != statusOK {
		t.Fatal(errOut)
	}
	for _, want := range []string{"a/run  hard      20     2m1s  1.500  80.0 %   25.0 %   50.0 %   10\n", "a/run  easy ", "b/run  training  5      3s    3.000  -", "\nKEY  a/run  b/run\nlr   0.25   0.5\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	var files []string
	_ = filepath.WalkDir(logs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			folder, _ := filepath.Rel(logs, filepath.Dir(path))
			files = append(files, filepath.ToSlash(folder))
		}
		return err
	})
	slices.Sort(files)
	if got := strings.Join(files, " "); got != "a/run a/run/easy a/run/hard b/run" {
		t.Errorf("event files in %s", got)
	}
	status, out, errOut = hrmTrain(t, "compare", a, b, "--csv", "-")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if status != statusOK || err != nil || len(rows) != 6 || rows[5][0] != "b/run" {
		t.Errorf("status %d, %v, %q %s", status, err, rows, errOut)
	}
	for args, want := range map[string]string{"none": "no such file", a + "/" + configFile: "no"} {
		if status, _, errOut := hrmTrain(t, "compare", args); status != statusUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: status %d, %s", args, status, errOut)
		}
	}
}

func TestFolderNames(t *testing.T) {
	for _, c := range []struct{ paths, want string }{
		{"/x/a /x/b", "a b"}, {"/x/a/run /x/b/run", "a/run b/run"}, {"/x/a /x/a", "x/a x/a"}, {"/x/a/", "a"},
	} {
		if got := strings.Join(folderNames(strings.Fields(c.paths)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.paths, got, c.want)
		}
	}
}
