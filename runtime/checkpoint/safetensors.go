package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxSafeHeader is the largest header that is read: some ten thousand
// tensors. The format's own limit is 100 MB.
const maxSafeHeader = 4 << 20

var safeTypes = map[string]dtype{
	"F32": float32Type, "F16": float16Type, "BF16": bfloat16Type,
	"F64": float64Type, "C64": {"complex64", 8}, "F8_E4M3": {"float8_e4m3fn", 1}, "F8_E5M2": {"float8_e5m2", 1}, "F8_E8M0": {"float8_e8m0fnu", 1}, "I64": {"int64", 8}, "U64": {"uint64", 8}, "I32": {"int32", 4}, "U32": {"uint32", 4},
	"I16": {"int16", 2}, "U16": {"uint16", 2}, "I8": {"int8", 1}, "U8": {"uint8", 1}, "BOOL": {"bool", 1},
}

// safeEntry is one tensor of the header.
type safeEntry struct {
	key        string
	dtype      dtype
	shape      []int64
	begin, end int64
}

// readSafetensors lists the tensors of a .safetensors file: a length of 8
// bytes, a JSON header of that length, and the data, which the tensors cover
// without overlap or hole.
func readSafetensors(r io.ReaderAt, size int64) (*contents, error) {
	header, err := safeHeader(r, size)
	if err != nil {
		return nil, err
	}
	entries, err := parseSafeHeader(header)
	if err != nil {
		return nil, err
	}
	start := int64(8 + len(header))
	if err := checkCover(entries, size-start); err != nil {
		return nil, err
	}
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		tensors[i] = Tensor{
			Key: e.key, DType: e.dtype.name, Shape: ints(e.shape), dtype: e.dtype,
			bytes: io.NewSectionReader(r, start+e.begin, e.end-e.begin),
		}
	}
	return &contents{tensors: tensors, size: size}, nil
}

func safeHeader(r io.ReaderAt, size int64) ([]byte, error) {
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, fmt.Errorf("%w: header length: %w", ErrTruncated, err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxSafeHeader {
		return nil, fmt.Errorf("%w: header of %d bytes, want at most %d", ErrTooLarge, n, maxSafeHeader)
	}
	if int64(n) > size-8 {
		return nil, fmt.Errorf("%w: header of %d bytes in a file of %d: %s", ErrTruncated, n, size, getAgain)
	}
	header := make([]byte, n)
	if _, err := r.ReadAt(header, 8); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrTruncated, err)
	}
	if !utf8.Valid(header) {
		return nil, fmt.Errorf("%w: header is not UTF-8", ErrFormat)
	}
	return header, nil
}

// checkCover sorts the entries by their place and reports an overlap or hole.
func checkCover(entries []safeEntry, size int64) error {
	slices.SortFunc(entries, func(a, b safeEntry) int { return cmp.Compare(a.begin, b.begin) })
	end := int64(0)
	for _, e := range entries {
		n, ok := count(e.shape, size/e.dtype.size)
		switch {
		case !ok:
			return fmt.Errorf("%w: tensor %s: %s %v in %d bytes of data: %s", ErrTruncated, quote(e.key), e.dtype.name, e.shape, size, getAgain)
		case e.end > size:
			return fmt.Errorf("%w: tensor %s ends at %d of %d: %s", ErrTruncated, quote(e.key), e.end, size, getAgain)
		case e.begin != end:
			return fmt.Errorf("%w: tensor %s starts at %d, want %d: overlap or hole", ErrFormat, quote(e.key), e.begin, end)
		case e.end-e.begin != n*e.dtype.size:
			return fmt.Errorf("%w: tensor %s has %d bytes, want %d", ErrFormat, quote(e.key), e.end-e.begin, n*e.dtype.size)
		}
		end = e.end
	}
	if end != size {
		return fmt.Errorf("%w: %d bytes after the last tensor", ErrFormat, size-end)
	}
	return nil
}

// jsonReader reads JSON token by token, because duplicate keys matter.
type jsonReader struct{ d *json.Decoder }

func (j jsonReader) errorf(format string, args ...any) error {
	return fmt.Errorf("%w: header byte %d: %s", ErrFormat, j.d.InputOffset(), fmt.Sprintf(format, args...))
}

func (j jsonReader) token() (json.Token, error) {
	t, err := j.d.Token()
	if err != nil {
		return nil, j.errorf("%v", err)
	}
	return t, nil
}

func (j jsonReader) open(want json.Delim) error {
	t, err := j.token()
	if err == nil && t != want {
		err = j.errorf("got %.40v, want %v", t, want)
	}
	return err
}

// object calls field for each key of an object, and refuses a key that comes
// twice.
func (j jsonReader) object(field func(key string) error) error {
	if err := j.open('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for j.d.More() {
		t, err := j.token()
		if err != nil {
			return err
		}
		key, _ := t.(string) // the decoder takes no other key
		if seen[key] {
			return j.errorf("key %s is there twice", quote(key))
		}
		seen[key] = true
		if err := field(key); err != nil {
			return err
		}
	}
	return j.open('}')
}

func (j jsonReader) str() (string, error) {
	t, err := j.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", j.errorf("got %.40v, want a string", t)
	}
	return s, nil
}

// natural reads an integer from 0 to 2^53, which JSON carries exactly.
func (j jsonReader) natural() (int64, error) {
	t, err := j.token()
	if err != nil {
		return 0, err
	}
	number, _ := t.(json.Number)
	n, err := strconv.ParseUint(string(number), 10, 63)
	if err != nil || n > 1<<53 {
		return 0, j.errorf("got %.40v, want an integer from 0 to 2^53", t)
	}
	return int64(n), nil
}

// naturals reads an array of at most limit integers.
func (j jsonReader) naturals(limit int) ([]int64, error) {
	if err := j.open('['); err != nil {
		return nil, err
	}
	list := []int64{}
	for j.d.More() {
		n, err := j.natural()
		if err != nil {
			return nil, err
		}
		if list = append(list, n); len(list) > limit {
			return nil, j.errorf("more than %d numbers", limit)
		}
	}
	return list, j.open(']')
}

func parseSafeHeader(header []byte) ([]safeEntry, error) {
	j := jsonReader{json.NewDecoder(bytes.NewReader(header))}
	j.d.UseNumber()
	var entries []safeEntry
	err := j.object(func(key string) error {
		if key == "__metadata__" {
			return j.object(func(string) error { _, err := j.str(); return err })
		}
		e, err := j.entry(key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	if rest := header[j.d.InputOffset():]; len(bytes.Trim(rest, " ")) > 0 {
		return nil, fmt.Errorf("%w: %d bytes after the header's end", ErrFormat, len(rest))
	}
	return entries, nil
}

func (j jsonReader) entry(key string) (safeEntry, error) {
	e := safeEntry{key: key, begin: -1}
	err := j.object(func(field string) (err error) {
		switch field {
		case "dtype":
			var name string
			var ok bool
			if name, err = j.str(); err != nil {
				return err
			}
			if e.dtype, ok = safeTypes[name]; !ok {
				return j.errorf("tensor %s: dtype %s is not known", quote(key), quote(name))
			}
		case "shape":
			e.shape, err = j.naturals(maxRank)
		case "data_offsets":
			var at []int64
			if at, err = j.naturals(2); err != nil {
				return err
			}
			if len(at) != 2 || at[0] > at[1] {
				return j.errorf("tensor %s: data_offsets are %v", quote(key), at)
			}
			e.begin, e.end = at[0], at[1]
		default:
			return j.errorf("tensor %s: unknown key %s", quote(key), quote(field))
		}
		return err
	})
	if err == nil && (e.dtype.size == 0 || e.shape == nil || e.begin < 0) {
		err = j.errorf("tensor %s: lacks dtype, shape or data_offsets", quote(key))
	}
	return e, err
}
