package puzzle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
)

// allocated returns how many bytes the program has allocated so far.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// slack covers the buffers of a reader, spans that the runtime counts late,
// and what the fuzzing engine allocates meanwhile.
const slack = 2 << 20

// perByte is how many bytes the reading of one byte may allocate over time; a
// test input of ARC takes a canvas of 3,600 bytes and may be written in 20.
const perByte = 512

// fuzzReader reads in to its end, checks every puzzle, and returns the
// puzzles and whether there was an error.
func fuzzReader(t *testing.T, in []byte, task Task) (all []Puzzle, failed bool) {
	t.Helper()
	before := allocated()
	r, err := NewReader(bytes.NewReader(in), task)
	if err != nil {
		return nil, true
	}
	for calls := 0; ; calls++ {
		p, err := r.Next()
		var bad *Error
		switch {
		case err == io.EOF:
			if used := allocated() - before; used > perByte*uint64(len(in))+slack {
				t.Fatalf("%d bytes allocated for %d given", used, len(in))
			}
			return all, failed
		case errors.As(err, &bad):
			failed = true
		case err != nil:
			t.Fatalf("final error from memory: %v", err)
		default:
			checkPuzzle(t, r.Task(), p)
			all = append(all, p)
		}
		if calls > len(in) {
			t.Fatal("more puzzles than bytes")
		}
	}
}

func checkPuzzle(t *testing.T, task Task, p Puzzle) {
	t.Helper()
	task = p.Of(task)
	grids := [][]int32{p.Question}
	if p.Answer != nil {
		grids = append(grids, p.Answer)
		if err := task.Check(p.Question, p.Answer); err != nil {
			t.Fatalf("a wrong answer was accepted: %v", err)
		}
	}
	for _, g := range grids {
		again, err := task.Encode(task.Decode(g))
		if err != nil || task.Decode(again) != task.Decode(g) {
			t.Fatalf("%v becomes %v when written and read: %v", g, again, err)
		}
	}
	if painter, ok := task.(Painter); ok {
		painter.Paint(p.Question, grids[len(grids)-1])
	}
}

func isGzip(in []byte) bool { return bytes.HasPrefix(in, []byte{0x1f, 0x8b}) }

// isPlain reports text that is read as lines: no archive, no JSON, no other
// encoding, nothing that is known to be something else.
func isPlain(in []byte) bool {
	r, err := unpackWith(bytes.NewReader(in), &budget{}, 0)
	if err != nil {
		return false
	}
	text, _ := io.ReadAll(r.text)
	return bytes.Equal(bytes.TrimPrefix(in, []byte("\xef\xbb\xbf")), text) && (len(text) > 0 || len(in) == 0) && !isGzip(in) && !bytes.HasPrefix(in, []byte("PK")) && foreign(append(text[:min(len(text), sniffSize)], "\n\n11"...)) == nil &&
		!isJSON(string(text)) && !isCSV(string(text))
}

// fuzzText reads arbitrary text, and then the same with a sound puzzle behind
// it, which must be found whatever comes before.
func fuzzText(t *testing.T, in []byte, task Task, good string) {
	if !isPlain(in) {
		return
	}
	all, _ := fuzzReader(t, in, task)
	more, _ := fuzzReader(t, append(bytes.Clone(in), "\n\n"+good+"\n"...), task)
	if len(more) != len(all)+1 || task.Decode(more[len(all)].Question) != good {
		t.Fatalf("a sound puzzle behind the text was lost: %d puzzles, then %d", len(all), len(more))
	}
}

// Each fuzz test has been run for 200,000 executions:
// go test -fuzz FuzzSudoku -fuzztime 200000x

func FuzzSudoku(f *testing.F) {
	for _, s := range []string{easyQ, nineLines(easyQ), boxed(easyQ), threeChunks(easyQ), "# x\n\n123\n", easyQ[:80] + "x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) { fuzzText(t, in, Sudoku{}, easyQ) })
}

func FuzzSudokus(f *testing.F) {
	for _, s := range []string{"1...\n..2.\n.3..\n...4\n", "1.....3....2.4..", "A.|..\n..|B.\n--+--\n.C|..\n..|.D\n", "1,,,\n,,2,\n", "10 . 3\n", easyQ} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if !isPlain(in) {
			return
		}
		all, _ := fuzzReader(t, in, anySudoku)
		for i := range all {
			p := &all[i]
			task := p.Of(anySudoku)
			again, err := Parse(Sudokus{Side: p.Rows}, task.Decode(p.Question))
			if err != nil || !slices.Equal(again.Question, p.Question) || again.Rows != p.Rows {
				t.Fatalf("%s went out as %q and came in as %v, %v", in, task.Decode(p.Question), again.Question, err)
			}
		}
	})
}

func FuzzMaze(f *testing.F) {
	text := maze5.Render(mustEncode(f, maze5, smallMaze), nil)
	for _, s := range []string{smallMaze, text, text + "\n" + text, "S G\n", strings.ReplaceAll(text, " ", ".")} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) { fuzzText(t, in, maze5, smallMaze) })
}

func FuzzGrid(f *testing.F) {
	task := Grid{Rows: 4, Cols: 4, Alphabet: ".1234", Blank: ".", Rules: "sudoku"}
	for _, s := range []string{"1...\n.2..\n..3.\n...4", "1....2....3....4", "1..x\n", "1\n2\n\n1.2.\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) { fuzzText(t, in, task, "1....2....3....4") })
}

// FuzzGridSpec gives descriptions.
func FuzzGridSpec(f *testing.F) {
	f.Add(4, 4, ".1234", ".", "", "sudoku")
	f.Add(2, 9, "abc", "", " ", "")
	f.Fuzz(func(t *testing.T, rows, cols int, alphabet, blank, padding, rules string) {
		task, err := New("grid", map[string]any{"rows": rows, "cols": cols, "alphabet": alphabet, "blank": blank, "padding": padding, "rules": rules})
		if err != nil {
			if !errors.Is(err, ErrSpec) {
				t.Fatal(err)
			}
			return
		}
		g := task.(Grid)
		q := make([]int32, g.SeqLen())
		for i := range q {
			q[i] = 1 + int32(i)%int32(g.Vocab()-1)
		}
		checkPuzzle(t, g, Puzzle{Question: q})
		_ = g.Check(q, q)
	})
}

// FuzzCSV gives arbitrary records, between a header and a sound record, which
// must be found.
func FuzzCSV(f *testing.F) {
	f.Add("source,question,answer,rating", "made,"+easyQ+","+easyA+",5")
	f.Add("question", easyQ)
	f.Add("rating,puzzle,solutions,x", `1,`+easyQ+`,,"a, ""b"""`)
	f.Fuzz(func(t *testing.T, header, records string) {
		header = firstLine(header)
		h, ok := csvHeader(header)
		if !ok || isJSON(header) || isPlain([]byte(header)) != isPlain([]byte("a,question")) || foreign([]byte(header+records)) != nil {
			return
		}
		good := make([]string, len(h.names))
		good[h.at["question"]] = easyQ
		in := header + "\n" + records + "\n" + strings.Join(good, string(h.separator))
		all, _ := fuzzReader(t, []byte(in), Sudoku{})
		if len(all) == 0 || (Sudoku{}).Decode(all[len(all)-1].Question) != easyQ {
			t.Fatal("a sound record behind the others was lost")
		}
	})
}

// FuzzARC gives arbitrary JSON. What is read without any error must be JSON
// for encoding/json too.
func FuzzARC(f *testing.F) {
	for _, s := range []string{oneTask, `{"a": ` + oneTask + `, "n": [1.5e3, null, "\u00e9"]}`,
		`{"splits": {"x": {"a": ` + oneTask + `}}}`, `{"test": [{"input": [[1,2],[3]]}]}`} {
		f.Add([]byte(s))
	}
	f.Add([]byte("[" + oneTask + "," + oneTask + `, {"input": [[1]], "output": null}]`))
	f.Add([]byte(`{"a": [{"input": [[1]], "output": []}], "b": [[[1]], [[2]]]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		u, err := unpackWith(bytes.NewReader(in), &budget{}, 0)
		if err != nil || isGzip(in) || isZip(bufio.NewReader(bytes.NewReader(in))) {
			return
		}
		text, _ := io.ReadAll(u.text)
		if _, failed := fuzzReader(t, in, ARC{}); !failed && !allJSON(text) {
			t.Fatal("broken JSON was read without an error")
		}
	})
}

// allJSON reports whether in is JSON, or several values of it.
func allJSON(in []byte) bool {
	d := json.NewDecoder(bytes.NewReader(in))
	for {
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return err == io.EOF
		}
	}
}

// FuzzIdentifiers gives arbitrary lists of names.
func FuzzIdentifiers(f *testing.F) {
	f.Add([]byte(`["<blank>", "a", "a_t1_0213456789", "b|||t7|||0987654321"]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		if isGzip(in) {
			return
		}
		before := allocated()
		ids, err := ReadIdentifiers(bytes.NewReader(in))
		if used := allocated() - before; used > perByte*uint64(len(in))+slack {
			t.Fatalf("%d bytes allocated for %d given", used, len(in))
		}
		if err != nil {
			return
		}
		for i, name := range ids.Names {
			task, a, err := ParseAugmented(name)
			if err != nil || i == 0 || strings.Contains(name, "|||") || a == NoAugmentation {
				continue
			}
			if a.Name(task) != name {
				t.Fatalf("%q is read as %q with %v", name, task, a)
			}
		}
	})
}

// FuzzNPY gives an arbitrary file, and reads all rows of what is accepted.
func FuzzNPY(f *testing.F) {
	f.Add(npyFile("<i8", "2, 3", []int64{1, 2, 3, 4, 5, 6}))
	f.Add(npyFile("|u1", "3,", []uint8{1, 2, 3}))
	f.Add(npyFile("<i4", "0, 7", []int32{}))
	f.Fuzz(func(t *testing.T, in []byte) {
		before := allocated()
		a, err := openNPY(bytes.NewReader(in), int64(len(in)), "x.npy")
		if err == nil && a.shape[0] > 0 {
			row := make([]int32, a.shape[1])
			for i := range a.shape[0] {
				if err := a.row(i, row, 255); err != nil && !errors.Is(err, ErrFormat) {
					t.Fatalf("row %d: %v", i, err)
				}
				if a.shape[1] == 0 {
					break
				}
			}
			_, _ = a.column(255)
		}
		if used := allocated() - before; used > perByte*uint64(len(in))+slack {
			t.Fatalf("%d bytes allocated for %d given", used, len(in))
		}
	})
}

// FuzzMeta gives an arbitrary dataset.json.
func FuzzMeta(f *testing.F) {
	f.Add([]byte(sudokuMeta))
	f.Add([]byte(strings.Replace(sudokuMeta, `"ignore_label_id": 0`, `"ignore_label_id": null`, 1)))
	f.Fuzz(func(t *testing.T, in []byte) {
		var folder Folder
		set, err := folder.parseMeta(bufio.NewReader(bytes.NewReader(in)))
		if err == nil && (folder.SeqLen < 1 || folder.Vocab < 1 || strings.ContainsAny(set, "/") || !json.Valid(in)) {
			t.Fatalf("accepted %q with set %q", in, set)
		}
	})
}
