package puzzle

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// zipped returns an archive of files: name, text, name, text, ...
func zipped(files ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := w.Create(files[i])
		_, _ = io.WriteString(f, files[i+1])
	}
	_ = w.Close()
	return b.String()
}

func utf16Text(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestEncodings(t *testing.T) {
	text := "Sudoku № 1 \U0001f9e9\r\n" + nineLines(easyQ)
	for name, in := range map[string]string{
		"UTF-8":                 text,
		"UTF-16 little-endian":  utf16Text("\ufeff"+text, binary.LittleEndian),
		"UTF-16 big-endian":     utf16Text("\ufeff"+text, binary.BigEndian),
		"UTF-16 without a mark": utf16Text(text, binary.LittleEndian),
		"big-endian, no mark":   utf16Text(text, binary.BigEndian),
		"UTF-16 in gzip":        gz(utf16Text("\ufeff"+text, binary.LittleEndian)),
		"half a character":      utf16Text(text, binary.LittleEndian) + "1",
		"half a pair":           utf16Text(text, binary.LittleEndian) + "\x3e\xd8\n\x00",
		"Latin-1":               strings.ReplaceAll(text, "№", "n\xb0"),
		"CSV in UTF-16":         utf16Text("\ufeffid;Puzzle\n1;"+easyQ+"\n", binary.LittleEndian),
		"JSON in UTF-16":        utf16Text(`["`+easyQ+`"]`, binary.BigEndian),
	} {
		if got := readAll(t, in, Sudoku{}); len(got) != 1 || !strings.HasSuffix(got[0], ": "+easyQ) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := readAll(t, "1\x00\x00\x002\x00\x00\x00", Sudoku{}); len(got) != 1 || !strings.Contains(got[0], "UTF-32") {
		t.Errorf("UTF-32: %q", got)
	}
}

func TestArchives(t *testing.T) {
	csv := "id,Quizzes,Solutions\n1," + easyQ + "," + easyA + "\n"
	for name, c := range map[string]struct {
		in   string
		want int
	}{
		"one table":          {zipped("sudoku.csv", csv), 1},
		"one without a name": {zipped("puzzles", easyQ), 1},
		"several":            {zipped("a/one.txt", easyQ, "a/two.csv", csv, "README.txt", "about", "licence.txt", "free", "__MACOSX/a/._one.txt", "x", "a/.DS_Store", "y"), 2},
		"gzip in zip":        {zipped("p.csv.gz", gz(csv)), 1},
		"zip in gzip":        {gz(zipped("p.csv", csv)), 1},
		"zip in zip":         {zipped("inner.zip", zipped("p.csv", csv)), 1},
	} {
		if got := readAll(t, c.in, Sudoku{}); len(got) != c.want || !strings.HasSuffix(got[0], ": "+easyQ) {
			t.Errorf("%s: %q", name, got)
		}
		file := filepath.Join(t.TempDir(), "x.zip")
		if err := os.WriteFile(file, []byte(c.in), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(file, nil)
		if err != nil {
			t.Errorf("%s as a file: %v", name, err)
			continue
		}
		if p, err := r.Next(); err != nil || r.Task() != (Sudoku{}) || (Sudoku{}).Decode(p.Question) != easyQ {
			t.Errorf("%s as a file: %+v, %v", name, p, err)
		}
		r.Close()
	}
	whole := zipped("p.csv", csv)
	for name, c := range map[string][2]string{
		"cut short":            {whole[:len(whole)-30], "zip: "},
		"checkpoint":           {zipped("archive/data.pkl", "x", "archive/data/0", "y"), "a PyTorch checkpoint"},
		"a table of an office": {zipped("[Content_Types].xml", "<x/>", "xl/worksheets/sheet1.xml", easyQ), "save the table as CSV"},
		"nothing":              {zipped("a.png", "x", "b.png", "y"), "without a file of puzzles"},
		"in the archive":       {zipped("a.txt", "<!DOCTYPE html><p>"), "a.txt: invalid puzzle: it seems to be a web page"},
	} {
		if got := readAll(t, c[0], Sudoku{}); len(got) != 1 || !strings.Contains(got[0], c[1]) {
			t.Errorf("%s: %q, want %q", name, got, c[1])
		}
	}
}

// A file that is something else is named.
func TestForeignFiles(t *testing.T) {
	for in, want := range map[string]string{
		"<!DOCTYPE html>\n<html><body>" + easyQ:                              "a web page (HTML): download the file itself",
		"GGUF\x03\x00\x00\x00":                                               "a GGUF model",
		"\x08\x0a\x12\x07pytorch\x1a\x03":                                    "an ONNX model",
		"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n": "a Git LFS pointer (to a file of 9 bytes)",
		"\x89PNG\r\n\x1a\n0":                                                 "a PNG picture",
		"%PDF-1.7\n":                                                         "a PDF document",
		"\x28\xb5\x2f\xfd12345":                                              "a zstd archive: unpack it first",
		"PAR1\x15\x04":                                                       "a Parquet table",
		"\x01\x02\x00\x03\x04\x05":                                           "binary data",
	} {
		for _, task := range []Task{Sudoku{}, maze5, ARC{}, nil} {
			if got := readAll(t, in, task); len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%q: %q, want %q", in, got, want)
			}
		}
	}
	for in, want := range map[string]string{"hello, world\n": `text that begins with "hello, world"`, "<?xml version='1.0'?>": "XML"} {
		if got := readAll(t, in, nil); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
