package puzzle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// npyFile returns a NumPy file.
func npyFile(descr, shape string, numbers any) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
	var b bytes.Buffer
	b.WriteString(npyMagic + "\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	_ = binary.Write(&b, binary.LittleEndian, numbers)
	return b.Bytes()
}

const sudokuMeta = `{"pad_id": 0, "ignore_label_id": 0, "blank_identifier_id": 0, "vocab_size": 11, "seq_len": 81,
"num_puzzle_identifiers": 3, "total_groups": 2, "mean_puzzle_examples": 1.5, "sets": ["all"]}`

// sudokuFolder is a data set of three examples in two puzzles, each a group.
func sudokuFolder(t testing.TB) map[string][]byte {
	q, a := mustEncode(t, Sudoku{}, easyQ), mustEncode(t, Sudoku{}, easyA)
	var inputs []int64
	var labels []uint8
	for range 3 {
		for i := range q {
			inputs = append(inputs, int64(q[i]))
			labels = append(labels, uint8(a[i]))
		}
	}
	return map[string][]byte{
		"dataset.json":                []byte(sudokuMeta),
		"all__inputs.npy":             npyFile("<i8", "3, 81", inputs),
		"all__labels.npy":             npyFile("|u1", "3, 81", labels),
		"all__puzzle_identifiers.npy": npyFile("<i4", "2,", []int32{2, 1}),
		"all__puzzle_indices.npy":     npyFile("<i4", "3,", []int32{0, 2, 3}),
		"all__group_indices.npy":      npyFile("<i4", "3,", []int32{0, 1, 2}),
	}
}

func writeFolder(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	writeFolder(t, filepath.Join(dir, "test"), sudokuFolder(t))
	r, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if r.Task() != (Sudoku{}) {
		t.Errorf("task %v", r.Task())
	}
	for i, id := range []int32{2, 2, 1} {
		p, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if p.ID != id || p.Where != fmt.Sprintf("example %d", i) || (Sudoku{}).Decode(p.Question) != easyQ ||
			(Sudoku{}).Decode(p.Answer) != easyA {
			t.Errorf("example %d: %+v", i, p)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("got %v, want io.EOF", err)
	}
	if _, err := Open(dir, Maze{Rows: 30, Cols: 30}); !errors.Is(err, ErrFormat) {
		t.Errorf("a folder of sudokus opened for mazes: %v", err)
	}
}

func TestFolderGoesOnBehindBadExample(t *testing.T) {
	dir, files := t.TempDir(), sudokuFolder(t)
	labels := files["all__labels.npy"]
	labels[len(labels)-81-5] = 11
	writeFolder(t, dir, files)
	r, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var got []string
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		var bad *Error
		if errors.As(err, &bad) {
			got = append(got, bad.Error())
		} else {
			got = append(got, p.Where)
		}
	}
	compare(t, got, []string{"example 0",
		"example 1: invalid puzzle: all__labels.npy: row 1, column 76 is 11, want 0 to 10", "example 2"})
}

func TestFolderErrors(t *testing.T) {
	meta := func(old, replacement string) []byte {
		return []byte(strings.Replace(sudokuMeta, old, replacement, 1))
	}
	whole := sudokuFolder(t)
	cases := []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"no labels", "all__labels.npy", nil, "all__labels.npy"},
		{"not JSON", "dataset.json", []byte("x"), "dataset.json: line 1, column 1: found 'x'"},
		{"seq_len", "dataset.json", meta(`"seq_len": 81`, `"seq_len": 80`), "shape [3 81], want [3 80]"},
		{"no seq_len", "dataset.json", meta(`"seq_len": 81,`, ""), "seq_len is 0"},
		{"vocabulary", "dataset.json", meta("11", "1000"), "vocab_size is 1000"},
		{"identifiers", "dataset.json", meta(": 3", ": 2"), "is 2, want 0 to 1"},
		{"pad", "dataset.json", meta(`"pad_id": 0`, `"pad_id": 1`), "pad_id is 1"},
		{"ignored", "dataset.json", meta(`"ignore_label_id": 0`, `"ignore_label_id": 7`), "ignore_label_id is 7"},
		{"sets", "dataset.json", meta(`["all"]`, `["../x"]`), "want one name"},
		{"twice", "dataset.json", meta(`"total_groups"`, `"seq_len"`), `key "seq_len" occurs twice`},
		{"magic", "all__inputs.npy", []byte("NUMPY is not here"), "want a NumPy file"},
		{"short", "all__inputs.npy", []byte("x"), "no NumPy file"},
		{"cut", "all__inputs.npy", whole["all__inputs.npy"][:500], "bytes of numbers, want 3 x 81"},
		{"tail", "all__inputs.npy", append(bytes.Clone(whole["all__inputs.npy"]), 0), "bytes of numbers"},
		{"type", "all__inputs.npy", npyFile("<f4", "3, 81", make([]float32, 243)), `type "<f4"`},
		{"big endian", "all__inputs.npy", npyFile(">i4", "3, 81", make([]int32, 243)), `type ">i4"`},
		{"dimensions", "all__inputs.npy", npyFile("|u1", "3, 9, 9", make([]uint8, 243)), "one or two dimensions"},
		{"huge", "all__inputs.npy", npyFile("<i8", "4294967296, 4294967296", []int64{}), "value out of range"},
		{"wraps", "all__inputs.npy", npyFile("<i8", "2147483647, 2147483647", []int64{}), "0 bytes of numbers"},
		{"negative", "all__inputs.npy", npyFile("|u1", "-3, 81", make([]uint8, 243)), "invalid syntax"},
		{"rows", "all__labels.npy", npyFile("|u1", "2, 81", make([]uint8, 162)), "shape [2 81], want [3 81]"},
		{"Fortran", "all__inputs.npy", bytes.Replace(whole["all__inputs.npy"], []byte("False, 'shape': (3, 81), }"), []byte("True, 'shape': (3, 81), } "), 1), `fortran_order is "True"`},
		{"version", "all__inputs.npy", bytes.Replace(whole["all__inputs.npy"], []byte("Y\x01"), []byte("Y\x09"), 1), "version 9"},
		{"falling", "all__puzzle_indices.npy", npyFile("<i4", "3,", []int32{0, 3, 3}), "want them to rise"},
		{"end", "all__puzzle_indices.npy", npyFile("<i4", "3,", []int32{0, 1, 2}), "from 0 to 2, want 0 to 3"},
		{"count", "all__puzzle_indices.npy", npyFile("<i4", "2,", []int32{0, 3}), "2 numbers, want 3"},
		{"empty groups", "all__group_indices.npy", npyFile("<i4", "0,", []int32{}), "no numbers"},
		{"matrix", "all__group_indices.npy", npyFile("<i4", "1, 3", []int32{0, 1, 2}), "want one dimension"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir, files := t.TempDir(), sudokuFolder(t)
			if files[c.file] = c.data; c.data == nil {
				delete(files, c.file)
			}
			writeFolder(t, dir, files)
			_, err := OpenFolder(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Other programs leave out what can be known without: every example is then a
// puzzle of its own.
func TestFolderWithoutIndices(t *testing.T) {
	for name, c := range map[string]struct {
		missing []string
		meta    string
		ids     []int32
		rows    int
	}{
		"no indices":  {[]string{"all__puzzle_indices.npy", "all__group_indices.npy"}, sudokuMeta, []int32{2, 1, 0}, 3},
		"no groups":   {[]string{"all__group_indices.npy"}, sudokuMeta, []int32{2, 2, 1}, 3},
		"inputs only": {[]string{"all__puzzle_indices.npy", "all__group_indices.npy", "all__puzzle_identifiers.npy"}, `{"seq_len": 81, "vocab_size": 11}`, []int32{0, 0, 0}, 1},
		"short meta":  {[]string{"all__puzzle_indices.npy", "all__group_indices.npy"}, `{"seq_len": 81, "vocab_size": 11, "num_examples": 3}`, []int32{2, 1, 0}, 3},
	} {
		dir, files := t.TempDir(), sudokuFolder(t)
		files["dataset.json"] = []byte(c.meta)
		if name != "no groups" {
			files["all__puzzle_identifiers.npy"] = npyFile("<i4", "3,", []int32{2, 1, 0})
		}
		for _, file := range c.missing {
			delete(files, file)
		}
		writeFolder(t, dir, files)
		f, err := OpenFolder(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, id := range c.ids {
			if p, err := f.Puzzle(i); err != nil || p.ID != id || p.Answer == nil {
				t.Errorf("%s: example %d: %+v, %v", name, i, p, err)
			}
		}
		if f.NumPuzzles != c.rows {
			t.Errorf("%s: %d rows, want %d", name, f.NumPuzzles, c.rows)
		}
		_ = f.Close()
	}
	dir, files := t.TempDir(), sudokuFolder(t)
	delete(files, "all__puzzle_indices.npy")
	writeFolder(t, dir, files)
	if _, err := OpenFolder(dir); err == nil || !strings.Contains(err.Error(), "2 puzzles of 3 examples, want the array puzzle_indices") {
		t.Errorf("%v", err)
	}
}
