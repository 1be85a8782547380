//go:build unix

package native

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

// saveTable writes a model with a puzzle table that is large enough to be mapped.
func saveTable(t *testing.T, path string) {
	t.Helper()
	const rows, dim = 60_000, 40
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 11, SeqLen: 81, NumPuzzles: 1, PuzzleEmbDim: dim, PuzzleEmbLen: 1, Hidden: 64, Heads: 2,
		Expansion: 4, LLayers: 1, HCycles: 1, LCycles: 1, Positions: runtime.Rope, HaltMaxSteps: 1, NormEps: 1e-5, RopeTheta: 10000,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	table := make([]float32, rows*dim)
	for i := range table {
		table[i] = 1
	}
	m.Config.NumPuzzles, m.PuzzleEmb = rows, quantize.NewF32(table, rows, dim)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
}

// faults are what others do to a file that is in use.
var faults = map[string]func(path string) error{
	"truncated": func(path string) error { return os.Truncate(path, 4096) },
	"emptied":   func(path string) error { return os.Truncate(path, 0) },
	"overwritten": func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(make([]byte, 1<<20), 4<<20)
		return errors.Join(err, f.Close())
	},
	"copied over": func(path string) error { return os.WriteFile(path, make([]byte, 12<<20), 0o600) },
}

// A mapped model whose file is written into gives an error that says what to do,
// and neither garbage nor the end of the process.
func TestOpenModelIsWrittenInto(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "table.hrm")
			saveTable(t, path)
			m, file, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			b, err := cpu.New(m, cpu.Options{Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			in := []runtime.Input{{Tokens: make([]int32, 81), PuzzleID: 59_999}}
			if r, err := runtime.Solve(context.Background(), b, in, runtime.Options{}); err != nil || r[0].Err != nil {
				t.Fatal(err, r[0].Err)
			}
			time.Sleep(20 * time.Millisecond) // the clock of the file system has ticks
			if err := fault(path); err != nil {
				t.Fatal(err)
			}
			m.Drop()
			if r, err := runtime.Solve(context.Background(), b, in, runtime.Options{}); err != nil || !errors.Is(r[0].Err, ErrChanged) {
				t.Errorf("solving: %v, %v", err, r[0].Err)
			}
			if _, err := cpu.New(m, cpu.Options{}); !errors.Is(err, ErrChanged) {
				t.Errorf("packing: %v", err)
			}
			if err := m.Save(path + ".new"); !errors.Is(err, ErrChanged) {
				t.Errorf("saving: %v", err)
			}
		})
	}
}

// A small model is read: what happens to the file then changes nothing.
func TestOpenModelOwnsWhatItNeeds(t *testing.T) {
	path := save(t)
	m, file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	b, err := cpu.New(m, cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if r, err := runtime.Solve(context.Background(), b, []runtime.Input{{Tokens: make([]int32, 7)}}, runtime.Options{}); err != nil || r[0].Err != nil {
		t.Error(err, r[0].Err)
	}
}

// Only faults in the file become errors.
func TestGuardLetsOtherPanicsPass(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.hrm")
	saveTable(t, path)
	_, file, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	defer func() {
		if recover() == nil {
			t.Error("the panic is gone")
		}
	}()
	_ = Guard(file, func() error { var p *int; *p = 1; return nil })
}

// A whole process lives on while its model is cut short again and again.
func TestGuardedReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.hrm")
	saveTable(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(rand.N(30 * time.Millisecond)):
			}
			if err := errors.Join(os.Truncate(path, 1<<20), os.WriteFile(path, whole, 0o600)); err != nil {
				done <- err
				return
			}
		}
	}()
	opened, refused := 0, 0
	for range 50 {
		m, file, err := Open(path)
		if err != nil {
			refused++
			continue
		}
		opened++
		if err := m.Save(filepath.Join(t.TempDir(), "copy.hrm")); err != nil {
			refused++
		}
		file.Close()
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d opened, %d refused", opened, refused)
	if refused == 0 {
		t.Error("nothing was refused")
	}
}
