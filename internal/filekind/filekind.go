// Package filekind tells what a file seems to be that is not what it should
// be, so that an error can name it and say what to do.
package filekind

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Head is how many of a file's first bytes Of looks at.
const Head = 1024

// Kind is what a file seems to be. The zero value is unknown.
type Kind struct {
	Name   string // "a Git LFS pointer", with its article
	Advice string // what to do, or "" where the reader knows better
}

// Names that readers compare with.
const (
	Torch       = "a PyTorch checkpoint"
	Pickle      = "a Python pickle"
	Safetensors = "a .safetensors file"
	HRM         = "a .hrm model"
	ONNX        = "an ONNX model"
	Zip         = "a zip archive"
	JSON        = "JSON"
	Text        = "text"
	WebPage     = "a web page (HTML)"
	Pointer     = "a Git LFS pointer" // and what follows
	ServerError = "a server's error message (XML)"
)

// String is the name and what to do.
func (k Kind) String() string {
	if k.Advice == "" {
		return k.Name
	}
	return k.Name + ": " + k.Advice
}

const (
	unpack     = "unpack it first"
	importable = "hrm import makes a .hrm file of it"
)

// magic are kinds that are known by the bytes at an offset.
var magic = []struct {
	at    int
	bytes string
	kind  Kind
}{
	{0, "GGUF", Kind{"a GGUF model (llama.cpp)", "it holds a language model or a converted one; the reference's own checkpoint is needed"}},
	{0, "ggjt", Kind{"a GGML model (llama.cpp)", "the reference's own checkpoint is needed"}},
	{0, "lmgg", Kind{"a GGML model (llama.cpp)", "the reference's own checkpoint is needed"}},
	{0, "\x1f\x8b", Kind{"a gzip archive", unpack}},
	{0, "\x28\xb5\x2f\xfd", Kind{"a zstd archive", unpack}},
	{0, "\xfd7zXZ\x00", Kind{"an xz archive", unpack}},
	{0, "BZh", Kind{"a bzip2 archive", unpack}},
	{0, "7z\xbc\xaf\x27\x1c", Kind{"a 7z archive", unpack}},
	{0, "Rar!", Kind{"a rar archive", unpack}},
	{257, "ustar", Kind{"a tar archive", unpack}},
	{0, "\x93NUMPY", Kind{"a NumPy array (.npy)", ""}},
	{0, "\x89HDF\r\n\x1a\n", Kind{"an HDF5 file (Keras)", ""}},
	{4, "TFL3", Kind{"a TensorFlow Lite model", ""}},
	{0, "\x89PNG\r\n", Kind{"a PNG picture", ""}},
	{0, "\xff\xd8\xff", Kind{"a JPEG picture", ""}},
	{0, "GIF8", Kind{"a GIF picture", ""}},
	{0, "%PDF-", Kind{"a PDF document", ""}},
	{0, "\x7fELF", Kind{"a program", ""}},
	{0, "MZ\x90", Kind{"a program", ""}},
	{0, "\x00asm", Kind{"a WebAssembly module", ""}},
	{0, "SQLite format 3", Kind{"an SQLite database", ""}},
	{0, "PAR1", Kind{"a Parquet table", ""}},
	{0, "PK\x03\x04", Kind{Zip, "if torch.save wrote it, " + importable}},
	{0, "PK\x05\x06", Kind{"an empty zip archive", "get the file again"}},
}

// Of returns what a file of size bytes seems to be, by its first Head bytes.
func Of(head []byte, size int64) Kind {
	head = head[:min(len(head), Head)]
	if size == 0 || len(head) == 0 {
		return Kind{"an empty file", "get it again: the download or the copy brought nothing"}
	}
	if len(bytes.TrimLeft(head, "\x00")) == 0 {
		return Kind{"a file of zero bytes", "get it again: the download or the copy was interrupted"}
	}
	for _, m := range magic {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return m.kind
		}
	}
	if k := text(head); k.Name != "" {
		return k
	}
	return model(head)
}

// model knows kinds of weights by more than a few fixed bytes.
func model(head []byte) Kind {
	switch {
	case head[0] == 0x92 && bytes.Contains(head, []byte("\xa6format\xa3hrm")):
		return Kind{HRM, "it needs no import, give it to --model"}
	case bytes.HasPrefix(head, []byte("\x80\x02\x8a\x0a")):
		return Kind{Torch + " as torch wrote it before 1.6", "load it in Python and torch.save it again"}
	case len(head) > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5:
		return Kind{Pickle, "hrm import reads what torch.save writes of a state dict, or .safetensors"}
	case isONNX(head):
		return Kind{ONNX, "hrm export writes ONNX, and reads none: import the checkpoint that it was made of"}
	case len(head) > 9 && head[8] == '{' && binary.LittleEndian.Uint64(head) <= 100<<20:
		return Kind{Safetensors, importable}
	}
	return Kind{}
}

// isONNX knows a ModelProto: its ir_version is followed by the name of its
// producer, its domain, its graph or its operators.
func isONNX(head []byte) bool {
	return len(head) > 3 && head[0] == 0x08 && head[1] >= 1 && head[1] <= 30 && strings.IndexByte("\x12\x1a\x22\x28\x32\x3a\x42\x72", head[2]) >= 0
}

// text knows what is written in letters.
func text(head []byte) Kind {
	s := head
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		s = bytes.TrimPrefix(s, []byte(mark))
	}
	if len(s) < len(head) && len(s) > 1 && (s[0] == 0 || s[1] == 0) {
		s = bytes.ReplaceAll(s, []byte{0}, nil) // UTF-16
	}
	s = bytes.TrimSpace(s)
	lower := strings.ToLower(string(s[:min(len(s), 300)]))
	switch {
	case strings.HasPrefix(lower, "version https://git-lfs.github.com/"), strings.HasPrefix(lower, "version https://hawser.github.com/"):
		return Kind{Pointer + pointed(string(s)), "download the real file, with git lfs pull or from the file's own page"}
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"), strings.HasPrefix(lower, "<head"), strings.HasPrefix(lower, "<!--") && strings.Contains(lower, "<html"),
		strings.HasPrefix(lower, "<?xml") && strings.Contains(lower, "<html"):
		return Kind{WebPage, "download the file itself, not the page that shows it"}
	case strings.HasPrefix(lower, "<?xml"), strings.HasPrefix(lower, "<error>"):
		if strings.Contains(lower, "<error>") {
			return Kind{ServerError, "the download failed: get the file again"}
		}
		return Kind{"XML", ""}
	case !printable(s):
		return Kind{}
	case strings.HasPrefix(lower, "{"), strings.HasPrefix(lower, "["):
		return Kind{JSON, ""}
	}
	return Kind{Text, ""}
}

// printable reports whether all of s is text, but for a rune cut at its end.
func printable(s []byte) bool {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && n == 1:
			return len(s) < utf8.UTFMax && !utf8.FullRune(s)
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f', r == 0x7f:
			return false
		}
		s = s[n:]
	}
	return true
}

// pointed is the size that a Git LFS pointer declares, in brackets.
func pointed(s string) string {
	_, rest, _ := strings.Cut(s, "\nsize ")
	size, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseUint(strings.TrimSpace(size), 10, 63)
	if err != nil {
		return ""
	}
	return " (to a file of " + strconv.FormatUint(n, 10) + " bytes)"
}
