package puzzle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonScanner reads JSON value by value, as the caller expects it. Unlike
// encoding/json it knows lines and columns, refuses duplicate keys, and holds
// nothing that the caller did not ask for.
type jsonScanner struct {
	in        *bufio.Reader
	line, col int // of the byte read last, from 1
	peeked    bool
	last      byte
	depth     int
	loose     bool // Python's quotes and words too, and strings of any length
}

const (
	maxJSONDepth  = 64
	maxJSONString = 1 << 12
	maxJSONKeys   = 1 << 20 // of an object: they are held, to know doubles
)

func newJSONScanner(in *bufio.Reader) *jsonScanner { return &jsonScanner{in: in, line: 1} }

// fail returns an error at the byte read last.
func (s *jsonScanner) fail(format string, args ...any) *Error {
	return &Error{Line: s.line, Column: max(s.col, 1), Err: fmt.Errorf(format, args...)}
}

// byte reads one byte. The end of the file is an *Error, as it is always too
// early.
func (s *jsonScanner) byte() (byte, error) {
	if s.peeked {
		s.peeked = false
		return s.last, nil
	}
	c, err := s.in.ReadByte()
	if err == io.EOF {
		return 0, s.fail("the file ends in the middle of a JSON value")
	}
	if err != nil {
		return 0, fmt.Errorf("line %d: %w", s.line, err)
	}
	if s.last == '\n' {
		s.line++
		s.col = 0
	}
	s.col++
	s.last = c
	return c, nil
}

func (s *jsonScanner) unread() { s.peeked = true }

// token returns the next byte that is no white space.
func (s *jsonScanner) token() (byte, error) {
	for {
		c, err := s.byte()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

// peek is token without reading it.
func (s *jsonScanner) peek() (byte, error) {
	c, err := s.token()
	if err == nil {
		s.unread()
	}
	return c, err
}

// open reads the opening bracket of an object or array.
func (s *jsonScanner) open(bracket byte) error {
	c, err := s.token()
	if err != nil {
		return err
	}
	if c != bracket {
		return s.fail("found %q, want %q", c, bracket)
	}
	if s.depth++; s.depth > maxJSONDepth {
		return s.fail("nested deeper than %d", maxJSONDepth)
	}
	return nil
}

// more reports whether an object or array has another element, and reads the
// comma before it or the closing bracket.
func (s *jsonScanner) more(first bool, closing byte) (bool, error) {
	c, err := s.token()
	switch {
	case err != nil:
		return false, err
	case c == closing:
		s.depth--
		return false, nil
	case first:
		s.unread()
		return true, nil
	case c == ',':
		return true, nil
	}
	return false, s.fail("found %q, want ',' or %q", c, closing)
}

// array calls f at each element, which f reads.
func (s *jsonScanner) array(f func() error) error {
	if err := s.open('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		if ok, err := s.more(first, ']'); !ok || err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// object calls f at each value, which f reads.
func (s *jsonScanner) object(f func(key string) error) error {
	if err := s.open('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for first := true; ; first = false {
		key, ok, err := s.key(first, seen)
		if !ok || err != nil {
			return err
		}
		if err := f(key); err != nil {
			return err
		}
	}
}

// key reads the next key of an object and its colon. ok is false at the end.
func (s *jsonScanner) key(first bool, seen map[string]bool) (key string, ok bool, err error) {
	if ok, err = s.more(first, '}'); !ok || err != nil {
		return "", false, err
	}
	key, err = s.name(seen)
	return key, err == nil, err
}

// name reads a key and its colon.
func (s *jsonScanner) name(seen map[string]bool) (key string, err error) {
	if key, err = s.string(); err != nil {
		return "", err
	}
	if seen[key] {
		return "", s.fail("key %q occurs twice", key)
	}
	if len(seen) == maxJSONKeys {
		return "", s.fail("an object of more than %d keys", maxJSONKeys)
	}
	seen[key] = true
	c, err := s.token()
	if err == nil && c != ':' {
		err = s.fail("found %q, want ':'", c)
	}
	return key, err
}

var jsonEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (s *jsonScanner) string() (string, error) {
	c, err := s.token()
	quote := byte('"')
	if s.loose && c == '\'' {
		quote = c
	}
	if err == nil && c != quote {
		err = s.fail("found %q, want a string", c)
	}
	var b []byte
	for err == nil {
		if c, err = s.byte(); err != nil {
			break
		}
		switch {
		case c == quote:
			return string(b), nil
		case c < ' ':
			err = s.fail("found %q in a string", c)
		case c == '\\':
			b, err = s.escape(b)
		default:
			b = append(b, c)
		}
		if err == nil && s.loose && len(b) > maxLine {
			b = b[:maxLine] // too long for a puzzle
		} else if err == nil && !s.loose && len(b) > maxJSONString {
			err = s.fail("a string longer than %d bytes", maxJSONString)
		}
	}
	return "", err
}

func (s *jsonScanner) escape(b []byte) ([]byte, error) {
	c, err := s.byte()
	if err != nil {
		return nil, err
	}
	if e, ok := jsonEscapes[c]; ok {
		return append(b, e), nil
	}
	if s.loose && c == '\'' {
		return append(b, c), nil
	}
	if c != 'u' {
		return nil, s.fail("unknown escape \\%c", c)
	}
	var hex [4]byte
	for i := range hex {
		if hex[i], err = s.byte(); err != nil {
			return nil, err
		}
	}
	v, err := strconv.ParseUint(string(hex[:]), 16, 32)
	if err != nil {
		return nil, s.fail("unknown escape \\u%s", hex[:])
	}
	return utf8.AppendRune(b, rune(v)), nil
}

// number reads a number and returns its text.
func (s *jsonScanner) number() (string, error) {
	c, err := s.token()
	if err != nil {
		return "", err
	}
	if c != '-' && (c < '0' || c > '9') {
		return "", s.fail("found %q, want a number", c)
	}
	text := []byte{c}
	for len(text) < 64 {
		c, err := s.byte()
		var end *Error
		if errors.As(err, &end) {
			return string(text), nil // the file's end, found again by the next read
		}
		if err != nil {
			return "", err
		}
		if c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-' {
			text = append(text, c)
			continue
		}
		s.unread()
		if !isNumber(string(text)) {
			return "", s.fail("found %s, want a number", text)
		}
		return string(text), nil
	}
	return "", s.fail("a number of more than %d characters", len(text)-1)
}

// isNumber reports whether text is a number of JSON: an integer without
// leading zeros, then perhaps a fraction and an exponent.
func isNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	rest := strings.TrimLeft(text, "0123456789")
	if n := len(text) - len(rest); n == 0 || n > 1 && text[0] == '0' {
		return false
	}
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		if rest = strings.TrimLeft(fraction, "0123456789"); rest == fraction {
			return false
		}
	}
	if rest == "" {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	if rest = rest[1:]; strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") {
		rest = rest[1:]
	}
	return rest != "" && strings.Trim(rest, "0123456789") == ""
}

// int reads a whole number.
func (s *jsonScanner) int() (int, error) {
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, s.fail("found %s, want a whole number of 32 bits", text)
	}
	return int(v), nil
}

// is reports whether the next value begins with c. If not it calls note and
// skips the value.
func (s *jsonScanner) is(c byte, note func(format string, args ...any)) (bool, error) {
	got, err := s.peek()
	if err != nil || got == c {
		return err == nil, err
	}
	note("found %q, want %q", got, c)
	return false, s.skip()
}

// word reads true, false or null.
func (s *jsonScanner) word() (string, error) {
	var b []byte
	for len(b) < 5 {
		c, err := s.byte()
		if err != nil {
			return "", err
		}
		b = append(b, c)
		switch w := string(b); w {
		case "true", "false", "null":
			return w, nil
		case "None", "True", "False", "NaN":
			if s.loose {
				return w, nil
			}
		}
	}
	return "", s.fail("found %q, want a JSON value", b)
}

// skip reads any value.
func (s *jsonScanner) skip() error {
	c, err := s.peek()
	switch {
	case err != nil:
		return err
	case c == '{':
		return s.object(func(string) error { return s.skip() })
	case c == '[':
		return s.array(s.skip)
	case c == '"':
		_, err = s.string()
	case c == '-' || c >= '0' && c <= '9':
		_, err = s.number()
	case c == 't' || c == 'f' || c == 'n':
		_, err = s.word()
	default:
		err = s.fail("found %q, want a JSON value", c)
	}
	return err
}

// end reports anything behind the last value.
func (s *jsonScanner) end() error {
	c, err := s.token()
	var end *Error
	switch {
	case errors.As(err, &end):
		return nil
	case err != nil:
		return err
	}
	return s.fail("found %q behind the JSON value", c)
}
