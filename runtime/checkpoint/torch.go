package checkpoint

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
)

const (
	// maxPickle is the largest pickle that is read: the published ones have a
	// few kilobytes.
	maxPickle = 64 << 20
	// maxDirectory is the most that is read to find the entries of a zip.
	maxDirectory = 32 << 20
	// maxDepth is how deep dictionaries are searched for tensors.
	maxDepth = 16
)

// archive is a zip as torch.save writes it: ROOT/data.pkl, and ROOT/data/KEY
// for each storage, all stored uncompressed.
type archive struct {
	r       io.ReaderAt
	size    int64
	root    string
	entries map[string]*zip.File
}

// readTorch lists the tensors of a torch zip.
func readTorch(r io.ReaderAt, size int64) (*contents, error) {
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
		return nil, fmt.Errorf("%w: it holds %s: in Python save the weights, torch.save(model.state_dict(), path)", ErrPickle, describe(v))
	}
	w := walker{archive: a, contents: &contents{top: d.keys, size: size}, seen: map[*dict]bool{}}
	if err := w.walk(d, "", 0); err != nil {
		return nil, err
	}
	w.contents.config = configIn(d)
	return w.contents, nil
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	m := &meteredReader{r, maxDirectory}
	z, err := zip.NewReader(m, size)
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: the directory at the end of the zip is missing or damaged: %s (%w)", ErrTruncated, getAgain, err)
	}
	m.left = math.MaxInt64
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
		return nil, fmt.Errorf("%w: the zip has no data.pkl: not written by torch.save; %s", ErrFormat, a.otherZip())
	}
	return a, nil
}

// otherZip says what a zip seems to be that torch did not write.
func (a *archive) otherZip() string {
	names := make([]string, 0, len(a.entries))
	for name := range a.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, ".npy"):
			return "it seems to be a NumPy archive (.npz)"
		case strings.HasSuffix(name, ".safetensors"), path.Base(name) == "checkpoint", strings.HasPrefix(path.Base(name), "step_"):
			return fmt.Sprintf("it holds %s: unpack it first", quote(name))
		}
	}
	if len(names) == 0 {
		return "it is empty"
	}
	return fmt.Sprintf("it holds %s", quote(names[0]))
}

// meteredReader reads at most left bytes in all.
type meteredReader struct {
	r    io.ReaderAt
	left int64
}

func (m *meteredReader) ReadAt(p []byte, at int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, fmt.Errorf("%w: the directory of the zip has more than %d MiB", ErrTooLarge, maxDirectory>>20)
	}
	return m.r.ReadAt(p, at)
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
		return nil, fmt.Errorf("%w: %s has %d bytes, want at most %d", ErrTooLarge, quote(f.Name), s.Size(), limit)
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

// walker lists the tensors in nested dictionaries.
type walker struct {
	archive  *archive
	contents *contents
	seen     map[*dict]bool
	held     int // bytes of keys
}

func (w *walker) walk(d *dict, at string, depth int) error {
	if w.seen[d] || depth > maxDepth {
		return nil
	}
	w.seen[d] = true
	for i, name := range d.keys {
		key := name
		if at != "" {
			key = at + "." + name
		}
		if w.held += len(key); w.held > maxHeld {
			return fmt.Errorf("%w: the names of its tensors have more than %d MiB", ErrTooLarge, maxHeld>>20)
		}
		switch v := d.values[i].(type) {
		case tensorRef:
			w.contents.tensors = append(w.contents.tensors, w.archive.tensor(key, at, v))
		case *dict:
			if err := w.walk(v, key, depth+1); err != nil {
				return err
			}
		case *list:
			if v.tensors > 0 {
				w.contents.lists = append(w.contents.lists, key)
			}
		case opaque:
			if strings.HasSuffix(string(v), ".multiarray._reconstruct") {
				w.contents.arrays++
			}
		}
	}
	return nil
}

// tensor is a tensor whose bytes are found when they are needed.
func (a *archive) tensor(key, dir string, ref tensorRef) Tensor {
	return Tensor{
		Key: key, dir: dir, DType: ref.storage.dtype.name, Shape: ints(ref.shape), dtype: ref.storage.dtype,
		find: func(t *Tensor) error { return a.find(t, ref) },
	}
}

// find finds the bytes of a tensor.
func (a *archive) find(t *Tensor, ref tensorRef) error {
	size := ref.storage.dtype.size
	n, _ := extent(ref.shape, ref.stride, ref.storage.numel)
	if n == 0 {
		t.bytes = io.NewSectionReader(a.r, 0, 0)
		return nil
	}
	s, f, err := a.section("data/" + ref.storage.key)
	if err != nil {
		return err
	}
	if ref.storage.numel > s.Size()/size || ref.storage.numel*size != s.Size() {
		return fmt.Errorf("%w: %s has %d bytes, want %d numbers of %d", ErrTruncated, quote(f.Name), s.Size(), ref.storage.numel, size)
	}
	t.bytes = io.NewSectionReader(s, ref.offset*size, n*size)
	if !contiguous(t.Shape, ref.stride) {
		t.stride = ref.stride
	} else if n == ref.storage.numel {
		t.crc = f.CRC32
	}
	return nil
}
