package puzzle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// Folder is a data set as the references write it: dataset.json and the
// arrays all__inputs.npy, all__labels.npy, all__puzzle_identifiers.npy,
// all__puzzle_indices.npy and all__group_indices.npy. Examples are read from
// the file when they are asked for. Where the indices are missing every example
// is a puzzle and a group of its own, and without identifiers all are puzzle 0.
type Folder struct {
	Task       Task // nil for sizes that are none of ours
	SeqLen     int
	Vocab      int
	NumPuzzles int // rows of the puzzle table
	// Groups holds the first example of each group, and the number of
	// examples: a puzzle and its augmented forms are one group.
	Groups []int32

	path    string
	inputs  *npyArray
	labels  *npyArray
	ids     []int32 // of each puzzle
	puzzles []int32 // first example of each, and the number of examples
	open    []io.Closer
	puzzle  int // that the example read last belongs to
}

// OpenFolder opens a folder that holds dataset.json: the train or test half of
// a data set.
func OpenFolder(path string) (*Folder, error) {
	f := &Folder{path: path}
	set, err := f.readMeta()
	if err == nil {
		err = f.openArrays(set)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("data set %s: %w", path, err)
	}
	for _, t := range Tasks {
		if t.SeqLen() == f.SeqLen && t.Vocab() == f.Vocab {
			f.Task = t
		}
	}
	return f, nil
}

// Close closes the files.
func (f *Folder) Close() error {
	var err error
	for _, c := range f.open {
		err = errors.Join(err, c.Close())
	}
	f.open = nil
	return err
}

// readMeta reads dataset.json and returns the name of its only set.
func (f *Folder) readMeta() (set string, err error) {
	file, err := os.Open(filepath.Join(f.path, "dataset.json"))
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	if set, err = f.parseMeta(file); err != nil {
		return "", fmt.Errorf("dataset.json: %w", err)
	}
	return set, nil
}

func (f *Folder) parseMeta(in io.Reader) (set string, err error) {
	s := newJSONScanner(bufio.NewReader(in))
	ints := map[string]*int{"seq_len": &f.SeqLen, "vocab_size": &f.Vocab, "num_puzzle_identifiers": &f.NumPuzzles}
	var pad int
	ints["pad_id"] = &pad
	var sets []string
	err = s.object(func(key string) (err error) {
		switch p := ints[key]; {
		case p != nil:
			*p, err = s.int()
			return err
		case key == "sets":
			return s.array(func() error {
				name, err := s.string()
				sets = append(sets, name)
				return err
			})
		case key == "ignore_label_id":
			return f.checkIgnored(s)
		}
		return s.skip()
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return "", err
	}
	return f.checkMeta(sets, pad)
}

// checkIgnored reads the label that is not scored: padding, or null.
func (f *Folder) checkIgnored(s *jsonScanner) error {
	if c, err := s.peek(); err != nil {
		return err
	} else if c == 'n' {
		return s.skip()
	}
	v, err := s.int()
	if err == nil && v != 0 {
		err = s.fail("ignore_label_id is %d, want 0", v)
	}
	return err
}

func (f *Folder) checkMeta(sets []string, pad int) (set string, err error) {
	switch {
	case f.SeqLen < 1 || f.SeqLen > 1<<16:
		err = fmt.Errorf("%w: seq_len is %d, want 1 to %d", ErrFormat, f.SeqLen, 1<<16)
	case f.Vocab < 1 || f.Vocab > 256:
		err = fmt.Errorf("%w: vocab_size is %d, want 1 to 256", ErrFormat, f.Vocab)
	case f.NumPuzzles < 0:
		err = fmt.Errorf("%w: num_puzzle_identifiers is %d, want 1 or more", ErrFormat, f.NumPuzzles)
	case pad != 0:
		err = fmt.Errorf("%w: pad_id is %d, want 0", ErrFormat, pad)
	case len(sets) == 0:
		set = "all" // as the references name it
	case len(sets) != 1 || sets[0] != filepath.Base(sets[0]):
		err = fmt.Errorf("%w: sets is %q, want one name", ErrFormat, sets)
	default:
		set = sets[0]
	}
	return set, err
}

func (f *Folder) openArrays(set string) (err error) {
	array := func(name string) *npyArray {
		if err != nil {
			return nil
		}
		var a *npyArray
		a, err = f.openArray(set + "__" + name + ".npy")
		return a
	}
	optional := func(name string) *npyArray {
		if err != nil {
			return nil
		}
		if _, missing := os.Stat(filepath.Join(f.path, set+"__"+name+".npy")); errors.Is(missing, os.ErrNotExist) {
			return nil
		}
		return array(name)
	}
	f.inputs, f.labels = array("inputs"), array("labels")
	ids, puzzles, groups := optional("puzzle_identifiers"), optional("puzzle_indices"), optional("group_indices")
	if err != nil {
		return err
	}
	for _, a := range []*npyArray{f.inputs, f.labels} {
		if a.shape != [2]int{f.inputs.shape[0], f.SeqLen} {
			return a.fail("shape %v, want %v", a.shape, [2]int{f.inputs.shape[0], f.SeqLen})
		}
	}
	if err := f.readIDs(ids); err != nil {
		return err
	}
	if f.puzzles, err = f.indices(puzzles, len(f.ids), f.inputs.shape[0]); err != nil {
		return err
	}
	n := len(f.ids)
	if groups != nil {
		if n = groups.shape[0] - 1; n < 0 {
			return groups.fail("no numbers, want a 0 at least")
		}
	}
	f.Groups, err = f.indices(groups, n, len(f.ids))
	for i, p := range f.Groups {
		f.Groups[i] = f.puzzles[p]
	}
	return err
}

// readIDs reads the row of each puzzle. A dataset.json that does not say how many
// rows there are has as many as these need.
func (f *Folder) readIDs(a *npyArray) (err error) {
	largest := int64(f.NumPuzzles) - 1
	if f.NumPuzzles == 0 {
		largest = math.MaxInt32 - 1
	}
	if a == nil {
		f.ids = make([]int32, f.inputs.shape[0])
	} else if f.ids, err = a.column(largest); err != nil {
		return err
	}
	if f.NumPuzzles == 0 {
		f.NumPuzzles = int(slices.Max(append(f.ids, 0))) + 1
	}
	return nil
}

// indices reads n+1 numbers that rise from 0 to end, or makes them where there
// is no file and they can only be 0 to n.
func (f *Folder) indices(a *npyArray, n, end int) ([]int32, error) {
	if a != nil {
		return offsets(a, n, end)
	}
	if n != end {
		return nil, fmt.Errorf("%w: %d puzzles of %d examples, want the array puzzle_indices", ErrFormat, n, end)
	}
	v := make([]int32, n+1)
	for i := range v {
		v[i] = int32(i)
	}
	return v, nil
}

func (f *Folder) openArray(name string) (*npyArray, error) {
	file, err := os.Open(filepath.Join(f.path, name))
	if err != nil {
		return nil, err
	}
	f.open = append(f.open, file)
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return openNPY(file, info.Size(), name)
}

// offsets reads n+1 numbers that rise from 0 to end.
func offsets(a *npyArray, n, end int) ([]int32, error) {
	v, err := a.column(math.MaxInt32)
	if err != nil {
		return nil, err
	}
	if len(v) != n+1 {
		return nil, a.fail("%d numbers, want %d", len(v), n+1)
	}
	if v[0] != 0 || int(v[n]) != end {
		return nil, a.fail("from %d to %d, want 0 to %d", v[0], v[n], end)
	}
	for i := range n {
		if v[i] >= v[i+1] {
			return nil, a.fail("number %d is %d, and the next %d, want them to rise", i, v[i], v[i+1])
		}
	}
	return v, nil
}

// Len returns the number of examples.
func (f *Folder) Len() int { return f.inputs.shape[0] }

// Puzzle reads example i. One goroutine at a time.
func (f *Folder) Puzzle(i int) (Puzzle, error) {
	p := Puzzle{Question: make([]int32, f.SeqLen), Answer: make([]int32, f.SeqLen), Rating: -1,
		Where: fmt.Sprintf("example %d", i)}
	if err := f.inputs.row(i, p.Question, int64(f.Vocab)-1); err != nil {
		return Puzzle{}, err
	}
	if err := f.labels.row(i, p.Answer, int64(f.Vocab)-1); err != nil {
		return Puzzle{}, err
	}
	p.ID = f.ids[f.puzzleOf(i)]
	return p, nil
}

// puzzleOf returns the puzzle of an example, near the last one asked for.
func (f *Folder) puzzleOf(i int) int {
	if int(f.puzzles[f.puzzle]) > i {
		f.puzzle = 0
	}
	for int(f.puzzles[f.puzzle+1]) <= i {
		f.puzzle++
	}
	return f.puzzle
}

// folderReader returns the examples in order.
type folderReader struct {
	f *Folder
	i int
}

func (r *folderReader) next() (Puzzle, error) {
	if r.i >= r.f.Len() {
		return Puzzle{}, io.EOF
	}
	r.i++
	p, err := r.f.Puzzle(r.i - 1)
	if errors.Is(err, ErrFormat) {
		err = &Error{Where: fmt.Sprintf("example %d", r.i-1), Err: err}
	}
	return p, err
}

// Open reads puzzles from a file, as NewReader does; from a folder as the
// references write it, of a whole data set the test half; or of the task ARC from
// a folder of files as OpenARC does. Close the reader.
func Open(path string, task Task) (*Reader, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() && (IsFolder(path) || task != (ARC{})) {
		return openFolderReader(path, task)
	}
	if task == (ARC{}) {
		files, err := OpenARC(path)
		if err != nil {
			return nil, err
		}
		return files.Puzzles(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(f, task)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.close = f
	return r, nil
}

// IsFolder reports whether a path is a data set as the references write it.
func IsFolder(path string) bool {
	for _, name := range []string{"dataset.json", filepath.Join("test", "dataset.json"), filepath.Join("train", "dataset.json")} {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}

func openFolderReader(path string, task Task) (*Reader, error) {
	if _, err := os.Stat(filepath.Join(path, "test", "dataset.json")); err == nil {
		path = filepath.Join(path, "test")
	}
	if !IsFolder(path) {
		return nil, fmt.Errorf("%w: %s is a folder without dataset.json, want a data set as the references write it, or a file", ErrFormat, path)
	}
	f, err := OpenFolder(path)
	if err != nil {
		return nil, err
	}
	if task != nil && (task.SeqLen() != f.SeqLen || task.Vocab() != f.Vocab) {
		_ = f.Close()
		return nil, fmt.Errorf("%w: data set %s has %d tokens below %d, %s has %d below %d", ErrFormat, path,
			f.SeqLen, f.Vocab, task.Name(), task.SeqLen(), task.Vocab())
	}
	if task == nil {
		task = f.Task
	}
	return &Reader{task: task, next: (&folderReader{f: f}).next, close: f}, nil
}
