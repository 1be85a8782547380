// Package checkpoint reads the weights that the HRM and TRM references
// publish: what torch.save writes of a state dict, or a .safetensors file,
// beside the all_config.yaml of its training run. It turns them into a
// runtime.Model, or, tensor by tensor, into a .hrm file.
//
// Nothing in a checkpoint is executed: the pickle inside is read by an
// interpreter that knows the few constructors of a state dict, and every
// offset, size and stride is checked against the bytes present.
package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/runtime"
)

// Errors that a checkpoint gives, wrapped with what and where. A configuration
// that cannot be used wraps runtime.ErrConfig, and tensors that do not fit it
// runtime.ErrTensors.
var (
	// ErrFormat: the file is neither a torch zip nor a .safetensors file, or
	// it is malformed.
	ErrFormat = errors.New("malformed checkpoint")
	// ErrPickle: the pickle is malformed, or asks for anything but what a
	// state dict of tensors needs.
	ErrPickle = errors.New("pickle is no plain state dict")
	// ErrTruncated: the file has fewer bytes than it declares.
	ErrTruncated = errors.New("checkpoint is cut short")
	// ErrChecksum: a tensor's bytes are not those that were saved.
	ErrChecksum = errors.New("checkpoint is damaged")
)

// Options says what a checkpoint does not say by itself. The zero value is
// right for a folder as the references publish it.
type Options struct {
	// Config is the configuration as a map: a whole all_config.yaml or its
	// arch block, or that block's fields with those that the trainer fills in
	// (vocab_size, seq_len, num_puzzle_identifiers). Nil: ConfigPath is read.
	Config map[string]any
	// ConfigPath names the YAML file. Empty: all_config.yaml beside the
	// checkpoint.
	ConfigPath string
	// SeqLen is the number of tokens of a puzzle. 0: what the tensors, the
	// configuration or the vocabulary say.
	SeqLen int
	// Task is sudoku, maze or arc. Empty: what the vocabulary says.
	Task string
}

// File is an open checkpoint.
type File struct {
	Path    string
	Config  runtime.Config
	Task    string            // sudoku, maze, arc, or "" when unknown
	Meta    map[string]string // where the weights come from
	tensors []Tensor
	index   map[string]int
	closer  io.Closer
}

// Open opens a checkpoint: a file, or a folder that holds one called
// checkpoint, step_N (the largest N is taken) or *.safetensors. The tensors'
// names, shapes and types are checked against the configuration, their bytes
// are read when they are asked for.
func Open(path string, o Options) (*File, error) {
	path, err := locate(path)
	if err != nil {
		return nil, err
	}
	disk, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	f, err := open(disk, path, o)
	if err != nil {
		disk.Close()
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return f, nil
}

func open(disk *os.File, path string, o Options) (*File, error) {
	info, err := disk.Stat()
	if err != nil {
		return nil, err
	}
	tensors, err := readTensors(disk, info.Size())
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, tensors: tensors, closer: disk}
	if err := f.name(); err != nil {
		return nil, err
	}
	arch, err := archBlock(path, o)
	if err != nil {
		return nil, err
	}
	if err := f.configure(arch, o); err != nil {
		return nil, err
	}
	return f, f.Config.CheckTensors(f.shapes())
}

// Close closes the file. Tensors cannot be read afterwards.
func (f *File) Close() error { return f.closer.Close() }

// Tensors returns all tensors, in the order of the file.
func (f *File) Tensors() []Tensor { return slices.Clone(f.tensors) }

// Tensor returns the tensor of a canonical name, and whether there is one.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

func (f *File) shapes() map[string][]int {
	shapes := make(map[string][]int, len(f.tensors))
	for _, t := range f.tensors {
		shapes[t.Name] = t.Shape
	}
	return shapes
}

// prefixes are what torch.compile, DistributedDataParallel and the references'
// wrappers put in front of a tensor's name.
var prefixes = []string{"_orig_mod.", "module.", "model.", "inner."}

// canonical strips all prefixes from a key.
func canonical(key string) string {
	for i := 0; i < len(prefixes); {
		if rest, ok := strings.CutPrefix(key, prefixes[i]); ok {
			key, i = rest, 0
		} else {
			i++
		}
	}
	return key
}

// name gives every tensor its canonical name, which must be its own.
func (f *File) name() error {
	f.index = make(map[string]int, len(f.tensors))
	for i := range f.tensors {
		t := &f.tensors[i]
		t.Name = canonical(t.Key)
		if j, twice := f.index[t.Name]; twice {
			return fmt.Errorf("%w: %s and %s are both %s", ErrFormat, quote(f.tensors[j].Key), quote(t.Key), quote(t.Name))
		}
		f.index[t.Name] = i
	}
	return nil
}

// readTensors lists the tensors of a file of either kind.
func readTensors(r io.ReaderAt, size int64) ([]Tensor, error) {
	var magic [9]byte
	n, err := r.ReadAt(magic[:], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case strings.HasPrefix(string(magic[:n]), "PK\x03\x04"):
		return readTorch(r, size)
	case strings.HasPrefix(string(magic[:n]), "\x80\x02\x8a\x0a"):
		return nil, fmt.Errorf("%w: torch's format of before 1.6: load it and torch.save it again", ErrFormat)
	case n == 9 && magic[8] == '{':
		return readSafetensors(r, size)
	}
	return nil, fmt.Errorf("%w: neither a torch zip nor a .safetensors file", ErrFormat)
}

// locate returns the checkpoint in a folder, or path itself.
func locate(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	if !info.IsDir() {
		return path, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	name, err := pick(entries)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return filepath.Join(path, name), nil
}

// pick chooses the checkpoint among the entries of a folder.
func pick(entries []os.DirEntry) (string, error) {
	var plain, safe []string
	last, lastStep := "", -1
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			continue
		}
		if step := stepOf(name); step > lastStep {
			last, lastStep = name, step
		}
		switch {
		case name == "checkpoint":
			plain = append(plain, name)
		case strings.HasSuffix(name, ".safetensors"):
			safe = append(safe, name)
		}
	}
	switch {
	case len(plain) == 1:
		return plain[0], nil
	case last != "":
		return last, nil
	case len(safe) == 1:
		return safe[0], nil
	case len(safe) > 1:
		return "", fmt.Errorf("%w: several .safetensors files, name one: %s", ErrFormat, strings.Join(safe, ", "))
	}
	return "", fmt.Errorf("%w: the folder holds no checkpoint, step_N or .safetensors file", ErrFormat)
}

// stepOf returns N of step_N, or -1.
func stepOf(name string) int {
	digits, ok := strings.CutPrefix(name, "step_")
	if !ok || len(digits) == 0 || len(digits) > 9 {
		return -1
	}
	n := 0
	for _, c := range digits {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// quote shortens a name for an error message.
func quote(s string) string {
	if len(s) > 100 {
		return fmt.Sprintf("%q...", s[:100])
	}
	return fmt.Sprintf("%q", s)
}
