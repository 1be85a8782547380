package filekind

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	safe := "\x40\x00\x00\x00\x00\x00\x00\x00" + `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	tar := strings.Repeat("a", 257) + "ustar"
	for _, c := range []struct{ head, name, advice string }{
		{"", "an empty file", "again"},
		{strings.Repeat("\x00", 300), "a file of zero bytes", "again"},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1234\n", "a Git LFS pointer (to a file of 1234 bytes)", "git lfs pull"},
		{"version https://git-lfs.github.com/spec/v1\r\noid sha256:00\r\nsize 5\r\n", "a Git LFS pointer (to a file of 5 bytes)", "git lfs pull"},
		{"version https://hawser.github.com/spec/v1\n", "a Git LFS pointer", "git lfs pull"},
		{"<!DOCTYPE html><html lang=en>", "a web page (HTML)", "itself"},
		{"\xef\xbb\xbf\n <HTML>", "a web page (HTML)", "itself"},
		{"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "a web page (HTML)", "itself"},
		{"<!-- saved from --><html>", "a web page (HTML)", "itself"},
		{`<?xml version="1.0"?><Error><Code>AccessDenied</Code>`, "a server's error message (XML)", "again"},
		{"<?xml version='1.0'?><opml>", "XML", ""},
		{"GGUF\x03\x00\x00\x00", "a GGUF model (llama.cpp)", "checkpoint"},
		{"\x08\x0b\x12\x03hrm", ONNX, "import"},
		{"\x08\x07\x12\x07pytorch", ONNX, "import"},
		{"\x08\x08:\x80\x80\x04", ONNX, "import"},
		{"\x92\x88\xa6format\xa3hrm\xa7version\x01", HRM, "--model"},
		{"\x1f\x8b\x08\x00", "a gzip archive", "unpack"},
		{"\x28\xb5\x2f\xfd\x04", "a zstd archive", "unpack"},
		{"BZh91AY", "a bzip2 archive", "unpack"},
		{tar, "a tar archive", "unpack"},
		{"PK\x03\x04\x14\x00", Zip, "hrm import"},
		{"\x93NUMPY\x01\x00", "a NumPy array (.npy)", ""},
		{"\x89HDF\r\n\x1a\n\x00", "an HDF5 file (Keras)", ""},
		{"\x80\x02\x8a\x0al\xfc\x9c", Torch + " as torch wrote it before 1.6", "torch.save"},
		{"\x80\x04\x95\x10", Pickle, "torch.save"},
		{safe, Safetensors, "hrm import"},
		{`{"weight_map": {}}`, JSON, ""},
		{"53..7....6..195....98....6.", Text, ""},
		{"grüße", Text, ""},
		{"gr\xc3", Text, ""},
		{"gr\xc3\xc3", "", ""},
		{"\x01\x02\x03\x04", "", ""},
	} {
		k := Of([]byte(c.head), int64(len(c.head)))
		if k.Name != c.name || !strings.Contains(k.Advice, c.advice) || (c.advice == "") != (k.Advice == "") {
			t.Errorf("%.40q: %q, advice %q, want %q, advice with %q", c.head, k.Name, k.Advice, c.name, c.advice)
		}
	}
}

// No first bytes make it panic, and none make a message too long to read.
func FuzzOf(f *testing.F) {
	for _, m := range magic {
		f.Add([]byte(m.bytes))
	}
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\nsize 9\n"))
	f.Add([]byte("\xff\xfe<\x00h\x00"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if s := Of(head, int64(len(head))).String(); len(s) > 300 {
			t.Fatalf("%d bytes: %.100s", len(s), s)
		}
	})
}
