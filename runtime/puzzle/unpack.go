package puzzle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hrmgo/hrm/internal/filekind"
)

// ErrBomb is wrapped by the error about an archive that unpacks to more than
// its size allows.
var ErrBomb = errors.New("unpacks to too much")

// Options bound what readers of this package take. The zero value has the
// defaults.
type Options struct {
	// MaxUnpacked is how many bytes a compressed file may unpack to; 0: 16 MiB
	// and 64 times its own size.
	MaxUnpacked int64
}

const (
	freeUnpacked   = 16 << 20
	unpackedRatio  = 64
	maxPipedZip    = 256 << 20 // bytes of a zip archive that cannot be read in place
	maxUnpackDepth = 2         // archives in one another
)

// budget is how much may still be unpacked.
type budget struct {
	limit    int64 // 0: by what was read
	packed   int64 // bytes of the archive that were read
	unpacked int64
}

func (b *budget) left() int64 {
	limit := b.limit
	if limit == 0 {
		limit = freeUnpacked + unpackedRatio*b.packed
	}
	return limit - b.unpacked
}

// counted counts what is read of an archive.
type counted struct {
	r io.Reader
	b *budget
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.b.packed += int64(n)
	return n, err
}

// bounded ends with an error when the budget is spent.
type bounded struct {
	r io.Reader
	b *budget
}

func (b bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.b.unpacked += int64(n)
	if left := b.b.left(); left < 0 {
		return 0, fmt.Errorf("%w: over %d MiB of %d bytes; if the file is sound, unpack it first", ErrBomb, b.b.unpacked>>20, b.b.packed)
	}
	return n, err
}

// unpacked is what a file holds: one text, or the files of a zip archive.
type unpacked struct {
	text *bufio.Reader
	zip  *archive
}

// unpack decompresses r, when it is gzip or zip, and makes UTF-8 of UTF-16.
func (o Options) unpack(r io.Reader) (unpacked, error) {
	return unpackWith(r, &budget{limit: o.MaxUnpacked}, maxUnpackDepth)
}

// unpackText is unpack of what is one file.
func (o Options) unpackText(r io.Reader) (*bufio.Reader, error) {
	u, err := o.unpack(r)
	if err == nil && u.zip != nil {
		u.text, err = u.zip.only()
	}
	return u.text, err
}

func unpackWith(r io.Reader, b *budget, depth int) (u unpacked, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	magic, _ := in.Peek(2)
	switch {
	case depth > 0 && bytes.Equal(magic, []byte{0x1f, 0x8b}):
		z, err := gunzip(counted{in, b})
		if err != nil {
			return u, fmt.Errorf("gzip: %w", err)
		}
		return unpackWith(bounded{z, b}, b, depth-1)
	case depth > 0 && isZip(in):
		a, err := openZip(r, in, b, depth-1)
		return unpacked{zip: a}, err
	}
	u.text, err = decoded(in)
	return u, err
}

func isZip(in *bufio.Reader) bool {
	magic, _ := in.Peek(1)
	if !bytes.Equal(magic, []byte{'P'}) {
		return false
	}
	magic, _ = in.Peek(4)
	return bytes.Equal(magic, []byte("PK\x03\x04"))
}

// decoded drops a byte order mark, and decodes UTF-16 with or without one.
func decoded(in *bufio.Reader) (*bufio.Reader, error) {
	head, _ := in.Peek(4)
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
		return in, nil
	}
	mark := len(head) > 1 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff)
	zeros := [4]bool{}
	for i, c := range head {
		zeros[i] = c == 0
	}
	big := mark && head[0] == 0xfe || zeros == [4]bool{true, false, true, false}
	switch {
	case mark && zeros[2] && zeros[3], zeros[0] && zeros[1] && len(head) == 4 && !zeros[3], zeros == [4]bool{false, true, true, true}:
		return nil, fmt.Errorf("%w: text in UTF-32, want UTF-8 or UTF-16", ErrFormat)
	case !mark && !big && zeros != [4]bool{false, true, false, true}:
		return in, nil
	case mark:
		_, _ = in.Discard(2)
	}
	return bufio.NewReaderSize(&utf16Reader{in: in, big: big}, maxLine), nil
}

// utf16Reader makes UTF-8 of UTF-16; what is no character becomes U+FFFD.
type utf16Reader struct {
	in   *bufio.Reader
	big  bool
	out  []byte // decoded and not given yet
	held rune   // the first half of a pair; 0: none
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		var unit [2]byte
		if _, err := io.ReadFull(r.in, unit[:]); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF // half a character at the end
			}
			return 0, err
		}
		r.decode(unit)
		for len(r.out) < len(p) && r.in.Buffered() > 1 {
			_, _ = io.ReadFull(r.in, unit[:])
			r.decode(unit)
		}
	}
	n := copy(p, r.out)
	r.out = r.out[:copy(r.out, r.out[n:])]
	return n, nil
}

func (r *utf16Reader) decode(unit [2]byte) {
	c := rune(unit[0]) | rune(unit[1])<<8
	if r.big {
		c = rune(unit[1]) | rune(unit[0])<<8
	}
	held := r.held
	r.held = 0
	if held != 0 {
		if pair := utf16.DecodeRune(held, c); pair != utf8.RuneError {
			r.out = utf8.AppendRune(r.out, pair)
			return
		}
		r.out = utf8.AppendRune(r.out, utf8.RuneError)
	}
	if c >= 0xd800 && c < 0xdc00 {
		r.held = c
		return
	}
	r.out = utf8.AppendRune(r.out, c)
}

// archive is a zip archive, and what may be unpacked of it.
type archive struct {
	files  []packed // that may hold puzzles
	budget *budget
	depth  int
}

// packed is a file of an archive.
type packed struct {
	name string
	open func() (io.ReadCloser, error)
}

// openZip reads the directory of an archive: in place where r is a file, or
// else from memory. in is r, buffered.
func openZip(r io.Reader, in *bufio.Reader, b *budget, depth int) (*archive, error) {
	at, size, err := readerAt(r, in)
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	files, err := listZip(at, size)
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	b.packed += size
	a := &archive{budget: b, depth: depth}
	for _, f := range files {
		base := path.Base(f.name)
		switch f.name {
		case "[Content_Types].xml", "mimetype":
			return nil, fmt.Errorf("%w: an office document (.xlsx, .ods, .docx): save the table as CSV", ErrFormat)
		}
		if base == "data.pkl" {
			return nil, fmt.Errorf("%w: %s; hrm import makes a .hrm file of it", ErrFormat, filekind.Torch)
		}
		if !strings.HasPrefix(base, ".") && !strings.HasPrefix(f.name, "__MACOSX/") {
			a.files = append(a.files, f)
		}
	}
	if len(a.files) > 1 {
		a.files = slices.DeleteFunc(a.files, func(f packed) bool { return !isPuzzleFile(f.name) })
	}
	if len(a.files) == 0 {
		return nil, fmt.Errorf("%w: a zip archive without a file of puzzles", ErrFormat)
	}
	return a, nil
}

func readerAt(r io.Reader, in *bufio.Reader) (io.ReaderAt, int64, error) {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return f, info.Size(), nil
		}
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPipedZip+1))
	if err != nil {
		return nil, 0, err
	}
	if len(data) > maxPipedZip {
		return nil, 0, fmt.Errorf("over %d MiB from a pipe: give the file itself, or unpack it first", maxPipedZip>>20)
	}
	return bytes.NewReader(data), int64(len(data)), nil
}

// isPuzzleFile knows by its name what is worth a look among several files.
func isPuzzleFile(name string) bool {
	base := strings.ToLower(path.Base(name))
	for _, about := range []string{"readme", "license", "licence", "notice", "changelog"} {
		if strings.HasPrefix(base, about) {
			return false
		}
	}
	ext := path.Ext(strings.TrimSuffix(base, ".gz"))
	return slices.Contains([]string{".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".sdk", ".sdm", ".sdx", ".sud", ".ss", ".opensudoku", ".xml"}, ext)
}

// open opens a file of the archive.
func (a *archive) open(f packed) (unpacked, error) {
	in, err := f.open() // holds no file of the system
	if err != nil {
		return unpacked{}, fmt.Errorf("%s: zip: %w", f.name, err)
	}
	u, err := unpackWith(bounded{in, a.budget}, a.budget, a.depth)
	if err != nil {
		return u, fmt.Errorf("%s: %w", f.name, err)
	}
	return u, nil
}

// only opens the one file of an archive.
func (a *archive) only() (*bufio.Reader, error) {
	if len(a.files) != 1 {
		return nil, fmt.Errorf("%w: a zip archive of %d files, want one", ErrFormat, len(a.files))
	}
	u, err := a.open(a.files[0])
	if err == nil && u.zip != nil {
		return u.zip.only()
	}
	return u.text, err
}
