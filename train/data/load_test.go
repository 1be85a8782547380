package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

func writeNPY(t *testing.T, path, descr, shape string, numbers any) {
	t.Helper()
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	_ = binary.Write(&b, binary.LittleEndian, numbers)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeFolder writes three examples in two groups: a puzzle with one augmented
// form, and a puzzle alone.
func writeFolder(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	meta := `{"pad_id": 0, "ignore_label_id": 0, "vocab_size": 11, "seq_len": 81, "num_puzzle_identifiers": 1, "sets": ["all"]}`
	if err := os.WriteFile(filepath.Join(dir, "dataset.json"), []byte(meta), 0o644); err != nil {
		t.Fatal(err)
	}
	var inputs, labels []uint8
	for i := range 3 {
		q := mustTokens(someA[:i] + "." + someA[i+1:])
		for k, a := range mustTokens(someA) {
			inputs, labels = append(inputs, uint8(q[k])), append(labels, uint8(a))
		}
	}
	file := func(name string) string { return filepath.Join(dir, "all__"+name+".npy") }
	writeNPY(t, file("inputs"), "|u1", "3, 81", inputs)
	writeNPY(t, file("labels"), "|u1", "3, 81", labels)
	writeNPY(t, file("puzzle_identifiers"), "<i4", "3,", []int32{0, 0, 0})
	writeNPY(t, file("puzzle_indices"), "<i4", "4,", []int32{0, 1, 2, 3})
	writeNPY(t, file("group_indices"), "<i4", "3,", []int32{0, 2, 3})
}

func TestLoadFolder(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, filepath.Join(dir, "train"))
	s, err := Load(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Task != puzzle.Task(puzzle.Sudoku{}) || s.Len() != 3 || s.Groups() != 2 || s.ID(2) != 0 || s.NumPuzzles != 1 {
		t.Errorf("%d examples in %d groups of %v", s.Len(), s.Groups(), s.Task)
	}
	input, label := make([]int32, 81), make([]int32, 81)
	rng, seen := rand.New(rand.NewPCG(1, 1)), map[string]int{}
	for n := range 200 {
		s.Draw(rng, n%2, true, input, label)
		seen[puzzle.Sudoku{}.Decode(input)]++
	}
	if len(seen) != 3 || seen[someA[:2]+"."+someA[3:]] != 100 {
		t.Errorf("draws of two groups: %v", seen)
	}
	if _, err := Load(context.Background(), dir, puzzle.Maze{Rows: 30, Cols: 30}); !errors.Is(err, ErrData) {
		t.Errorf("a folder of sudokus loaded as mazes: %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(context.Background(), filepath.Join(dir, "missing"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(context.Background(), dir, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder without data set: %v", err)
	}
	file := filepath.Join(dir, "bad.csv")
	if err := os.WriteFile(file, []byte(someCSV(2)+"x,y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Load(context.Background(), file, nil)
	if err == nil || !strings.Contains(err.Error(), "bad.csv: line 4: 2 fields, want 4") || !errors.Is(err, puzzle.ErrFormat) {
		t.Errorf("a bad record: %v", err)
	}
}
