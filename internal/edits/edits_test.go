package edits

import "testing"

func TestApply(t *testing.T) {
	for _, c := range []struct{ edits, want string }{
		{"", "abcdef"},
		{"\x01\x00\x00", "abcdef"},
		{"\x01\x00\x00X", "aXcdef"},
		{"\x06\x00\x00X", "abcdef"},
		{"\x01\x00\x01\x00", "accdef"},
		{"\x00\x00\x02X\x07\x00\x02Y", "XabcdefY"},
		{"\x02\x00\x03\x01", "abef"},
		{"\x04\x00\x03\xff", "abcd"},
		{"\x01\x00\x04\x03", "abcdbcdef"},
		{"\x03\x00\x05\x00", "abc"},
		{"\x09\x00\x00X", "abXdef"}, // 9 modulo 7
	} {
		if got := string(Apply([]byte("abcdef"), []byte(c.edits))); got != c.want {
			t.Errorf("%q: %q, want %q", c.edits, got, c.want)
		}
	}
}
