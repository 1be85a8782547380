package checkpoint

import (
	"archive/zip"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxPickle is the largest pickle that is read: the published ones have a few
// kilobytes.
const maxPickle = 64 << 20

// archive is a zip as torch.save writes it: ROOT/data.pkl, and ROOT/data/KEY
// for each storage, all stored uncompressed.
type archive struct {
	r       io.ReaderAt
	size    int64
	root    string
	entries map[string]*zip.File
}

// readTorch lists the tensors of a torch zip.
func readTorch(r io.ReaderAt, size int64) ([]Tensor, error) {
	a, err := openArchive(r, size)
	if err != nil {
		return nil, err
	}
	if err := a.checkByteOrder(); err != nil {
		return nil, err
	}
	data, err := a.read("data.pkl", maxPickle)
	if err != nil {
		return nil, err
	}
	v, err := unpickle(data)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("%w: it holds a %T", ErrPickle, v)
	}
	return a.tensors(d)
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	a := &archive{r: r, size: size, entries: make(map[string]*zip.File, len(z.File))}
	found := false
	for _, f := range z.File {
		if a.entries[f.Name] != nil {
			return nil, fmt.Errorf("%w: zip entry %s is there twice", ErrFormat, quote(f.Name))
		}
		a.entries[f.Name] = f
		if path.Base(f.Name) == "data.pkl" && found {
			return nil, fmt.Errorf("%w: several data.pkl in the zip", ErrFormat)
		} else if path.Base(f.Name) == "data.pkl" {
			a.root, found = strings.TrimSuffix(f.Name, "data.pkl"), true
		}
	}
	if !found {
		return nil, fmt.Errorf("%w: the zip has no data.pkl: not written by torch.save", ErrFormat)
	}
	return a, nil
}

func (a *archive) checkByteOrder() error {
	if a.entries[a.root+"byteorder"] == nil {
		return nil // older than torch 2.1: little-endian
	}
	order, err := a.read("byteorder", 16)
	if err == nil && string(order) != "little" {
		err = fmt.Errorf("%w: byte order is %q, want little", ErrFormat, order)
	}
	return err
}

// section returns the bytes of an entry, which must be stored uncompressed and
// lie in the file.
func (a *archive) section(name string) (*io.SectionReader, *zip.File, error) {
	f := a.entries[a.root+name]
	if f == nil {
		return nil, nil, fmt.Errorf("%w: the zip has no %s", ErrFormat, quote(a.root+name))
	}
	if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 {
		return nil, nil, fmt.Errorf("%w: %s is compressed, torch.save stores", ErrFormat, quote(f.Name))
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrFormat, quote(f.Name), err)
	}
	if at < 0 || at > a.size || f.UncompressedSize64 > uint64(a.size-at) {
		return nil, nil, fmt.Errorf("%w: %s has %d bytes at %d of %d", ErrTruncated, quote(f.Name), f.UncompressedSize64, at, a.size)
	}
	return io.NewSectionReader(a.r, at, int64(f.UncompressedSize64)), f, nil
}

// read returns the bytes of an entry of at most limit.
func (a *archive) read(name string, limit int64) ([]byte, error) {
	s, f, err := a.section(name)
	if err != nil {
		return nil, err
	}
	if s.Size() > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, want at most %d", ErrFormat, quote(f.Name), s.Size(), limit)
	}
	t := Tensor{Name: f.Name, bytes: s, crc: f.CRC32}
	r, err := t.raw()
	if err != nil {
		return nil, err
	}
	data := make([]byte, s.Size())
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	return data, nil
}

// tensors finds the bytes of every tensor of a state dict. Together they must
// not be larger than the file.
func (a *archive) tensors(d *dict) ([]Tensor, error) {
	list := make([]Tensor, 0, len(d.keys))
	left := a.size
	for i, key := range d.keys {
		ref, ok := d.values[i].(tensorRef)
		if !ok {
			return nil, fmt.Errorf("%w: %s is a %T, want a tensor", ErrPickle, quote(key), d.values[i])
		}
		n, ok := count(ref.shape, left/ref.storage.dtype.size)
		if !ok {
			return nil, fmt.Errorf("%w: tensor %s %v and those before it are larger than the file", ErrTruncated, quote(key), ref.shape)
		}
		left -= n * ref.storage.dtype.size
		t, err := a.tensor(key, ref)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", quote(key), err)
		}
		list = append(list, t)
	}
	return list, nil
}

func (a *archive) tensor(key string, ref tensorRef) (Tensor, error) {
	s, f, err := a.section("data/" + ref.storage.key)
	if err != nil {
		return Tensor{}, err
	}
	size := ref.storage.dtype.size
	if ref.storage.numel > s.Size()/size || ref.storage.numel*size != s.Size() {
		return Tensor{}, fmt.Errorf("%w: %s has %d bytes, want %d numbers of %d", ErrTruncated, quote(f.Name), s.Size(), ref.storage.numel, size)
	}
	n, _ := extent(ref.shape, ref.stride, ref.storage.numel)
	t := Tensor{
		Key:   key,
		DType: ref.storage.dtype.name,
		Shape: ints(ref.shape),
		dtype: ref.storage.dtype,
		bytes: io.NewSectionReader(s, ref.offset*size, n*size),
	}
	if !contiguous(t.Shape, ref.stride) {
		t.stride = ref.stride
	} else if n == ref.storage.numel {
		t.crc = f.CRC32
	}
	return t, nil
}
