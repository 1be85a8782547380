// Package checkpoint reads the weights that the HRM and TRM references
// publish: what torch.save writes of a state dict and of what a training script
// saves around it, or .safetensors, whole or in shards, beside the
// all_config.yaml of its training run. It turns them into a runtime.Model, or,
// tensor by tensor, into a .hrm file.
//
// Nothing in a checkpoint is executed: the pickle inside is read by an
// interpreter that knows the few constructors of a state dict, takes what other
// harmless ones make for values that it skips, and refuses the rest by name.
// Every offset, size and stride is checked against the bytes present, and what
// the values of a pickle may take is bounded.
package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/runtime"
)

// Errors that a checkpoint gives, wrapped with what and where. A configuration
// that cannot be used wraps runtime.ErrConfig, tensors that do not fit it
// runtime.ErrTensors, and weights that are NaN or infinite
// runtime.ErrNotFinite.
var (
	// ErrFormat: the file is neither a torch zip nor a .safetensors file, or
	// it is malformed, or holds several sets of weights.
	ErrFormat = errors.New("malformed checkpoint")
	// ErrPickle: the pickle is malformed, or asks for anything but what a
	// state dict of tensors needs.
	ErrPickle = errors.New("pickle is no plain state dict")
	// ErrTruncated: the file has fewer bytes than it declares.
	ErrTruncated = errors.New("checkpoint is cut short")
	// ErrChecksum: a tensor's bytes are not those that were saved.
	ErrChecksum = errors.New("checkpoint is damaged")
	// ErrOptions: an option contradicts the checkpoint or another option.
	ErrOptions = errors.New("contradiction")
	// ErrTooLarge: reading the file would take more memory than a checkpoint
	// of weights needs.
	ErrTooLarge = errors.New("checkpoint is too large to read")
)

// Options says what a checkpoint does not say by itself. The zero value is
// right for a folder as the references publish it.
type Options struct {
	// Config is the configuration as a map: a whole all_config.yaml or its
	// arch block, or that block's fields with those that the trainer fills in
	// (vocab_size, seq_len, num_puzzle_identifiers). Nil: ConfigPath is read.
	Config map[string]any
	// ConfigPath names the YAML file. Empty: all_config.yaml, config.yaml and
	// the like beside the checkpoint, or else what the checkpoint itself holds.
	ConfigPath string
	// Weights names the set of weights to take where a file holds several,
	// such as a model and its moving average. Empty: the only one, or the
	// average.
	Weights string
	// SeqLen is the number of tokens of a puzzle. 0: what the tensors, the
	// configuration or the vocabulary say.
	SeqLen int
	// Task is sudoku, maze, arc or grid. Empty: what the vocabulary says.
	Task string
	// TaskSpec is what the task's name does not say, see puzzle.New.
	TaskSpec map[string]any
}

// File is an open checkpoint.
type File struct {
	Path    string
	Config  runtime.Config
	Task    string            // sudoku, maze, arc, grid, or "" when unknown
	Spec    map[string]any    // Options.TaskSpec
	Meta    map[string]string // where the weights come from
	Notes   []string          // what a user should know: what was chosen, ignored, or may be wrong
	tensors []Tensor
	index   map[string]int
	weights string // the set that was taken, or ""
	files   []*os.File
}

// Open opens a checkpoint: a file, the index of a sharded one, or a folder that
// holds one called checkpoint, step_N (the largest N is taken), an index or
// *.safetensors, with or without .pt, .pth, .ckpt or .bin. The tensors' names,
// shapes and types are checked against the configuration, their bytes are read
// when they are asked for.
func Open(path string, o Options) (*File, error) {
	paths, err := Files(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: paths[0]}
	if err := f.open(paths, o); err != nil {
		f.Close()
		return nil, fmt.Errorf("checkpoint: %s: %w", f.Path, err)
	}
	return f, nil
}

func (f *File) open(paths []string, o Options) error {
	c, err := f.read(paths)
	if err != nil {
		return err
	}
	if err := f.take(c, o.Weights); err != nil {
		return err
	}
	if err := f.name(); err != nil {
		return err
	}
	arch, err := archBlock(f.Path, o, c.config)
	if err != nil {
		return err
	}
	if err := f.configure(arch, o); err != nil {
		return err
	}
	return f.find(c.size)
}

// find finds the bytes of the tensors. Together they must not be much larger
// than the file, whose bytes two of them may share.
func (f *File) find(size int64) error {
	left := 2 * size
	for i := range f.tensors {
		t := &f.tensors[i]
		if left -= int64(t.Len()) * t.dtype.size; left < 0 {
			return fmt.Errorf("%w: tensor %s %v and those before it are larger than the file", ErrTruncated, quote(t.Key), t.Shape)
		}
		if err := t.locate(); err != nil {
			return err
		}
	}
	return nil
}

// note adds a sentence to Notes.
func (f *File) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// Close closes the file. Tensors cannot be read afterwards.
func (f *File) Close() error {
	var err error
	for _, file := range f.files {
		err = errors.Join(err, file.Close())
	}
	return err
}

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

// prefixes are what DistributedDataParallel and the references' wrappers put in
// front of a tensor's name.
var prefixes = []string{"module.", "model.", "inner."}

// canonical strips all prefixes and wrappers from a key.
func canonical(key string) string {
	prefix, name, ok := split(key)
	if ok {
		return name
	}
	for i := 0; i < len(prefixes); {
		if rest, ok := strings.CutPrefix(prefix, prefixes[i]); ok {
			prefix, i = rest, 0
		} else {
			i++
		}
	}
	return prefix
}

// name makes the index of the canonical names, of which each must be its own.
func (f *File) name() error {
	f.index = make(map[string]int, len(f.tensors))
	for i := range f.tensors {
		t := &f.tensors[i]
		if j, twice := f.index[t.Name]; twice {
			return fmt.Errorf("%w: %s and %s are both %s", ErrFormat, quote(f.tensors[j].Key), quote(t.Key), quote(t.Name))
		}
		f.index[t.Name] = i
	}
	return nil
}

// quote shortens a name for an error message.
func quote(s string) string {
	if len(s) > 100 {
		return fmt.Sprintf("%q...", s[:100])
	}
	return fmt.Sprintf("%q", s)
}
