package native

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native/cache"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

func save(t *testing.T) string {
	t.Helper()
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 5, SeqLen: 7, Hidden: 16, Heads: 2, Expansion: 1,
		LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.NoPos,
		HaltMaxSteps: 3, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.hrm")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenReadsTheModel(t *testing.T) {
	path := save(t)
	m, file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var sum float32
	for _, x := range m.LLevel[0].Down.F32 {
		sum += x * x
	}
	if m.Config.SeqLen != 7 || sum == 0 {
		t.Errorf("config %+v, sum of squares %v", m.Config, sum)
	}
	if err := errors.Join(file.Close(), file.Close()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// hrm replaces files and never writes into them, so an open model outlives
// its replacement.
func TestOpenSurvivesReplacement(t *testing.T) {
	path := save(t)
	m, file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before := m.LLevel[0].Down.F32[3]
	if err := os.Rename(save(t), path); err != nil {
		t.Skip(err) // a system that keeps open files in place
	}
	if m.LLevel[0].Down.F32[3] != before {
		t.Error("the open model changed")
	}
}

func TestOpenErrors(t *testing.T) {
	if _, _, err := Open(filepath.Join(t.TempDir(), "none.hrm")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty.hrm")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(empty); err == nil {
		t.Error("an empty file is no error")
	}
	path := save(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(path); !errors.Is(err, weights.ErrHash) {
		t.Errorf("damaged: %v", err)
	}
	if f, file, err := OpenFile(path); err != nil || f.VerifyHash() == nil {
		t.Errorf("OpenFile looked at the hash: %v", err)
	} else {
		file.Close()
	}
}

// A training run's folder stands for its best model, another folder for none.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	if _, err := Find(dir); err == nil || !strings.Contains(err.Error(), "is a folder, want a .hrm file") {
		t.Errorf("empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, checkpointFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(dir); err == nil || !strings.Contains(err.Error(), "hrm-train export "+dir) {
		t.Errorf("run without an evaluation: %v", err)
	}
	best := filepath.Join(dir, bestFile)
	if err := os.Rename(save(t), best); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, dir + "/", best} {
		if got, err := Find(path); err != nil || got.Path != best {
			t.Errorf("%s: %s, %v", path, got, err)
		}
		if _, file, err := Open(path); err != nil {
			t.Errorf("%s: %v", path, err)
		} else {
			file.Close()
		}
	}
	if got, err := Find(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %s, %v", got, err)
	}
}

// A name stands for an embedded model or one in the cache, where no file has it.
func TestFindByName(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	t.Chdir(t.TempDir())
	path, err := cache.Path("mine")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(save(t), path); err != nil {
		t.Fatal(err)
	}
	if got, err := Find("mine"); err != nil || got.Path != path {
		t.Errorf("a model in the cache: %v, %v", got, err)
	}
	m, file, err := Open("sudoku")
	if err != nil || m.Task != "sudoku" {
		t.Fatal(m, err)
	}
	file.Close()
	if place, err := Find("sudoku"); err != nil || place.Path != "" || place.String() != "sudoku" {
		t.Errorf("an embedded model: %v, %v", place, err)
	}
	if _, _, err := Open("sudokuu"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "there are sudoku, maze, sudoku-sizes, mine; hrm pull fetches others") {
		t.Errorf("no such name: %v", err)
	}
	if err := os.Mkdir("sudoku", 0o777); err != nil {
		t.Fatal(err)
	}
	if place, err := Find("sudoku"); err != nil || place.Path != "" {
		t.Errorf("beside a folder that is no run: %v, %v", place, err)
	}
	if err := os.Rename(path, "mine"); err != nil {
		t.Fatal(err)
	}
	if got, err := Find("mine"); err != nil || got.Path != "mine" {
		t.Errorf("a file of that name: %v, %v", got, err)
	}
}
