package puzzle

import (
	"bufio"
	"fmt"
	"io"
)

// ARCPair is a demonstration, or a test input with its output where known.
type ARCPair struct {
	Input  ARCGrid
	Output ARCGrid // without cells: not given
}

// ARCTask is one task in the public format.
type ARCTask struct {
	ID    string // "" when the file holds one task
	Split string // "" when the file has no splits
	Train []ARCPair
	Test  []ARCPair
}

// ARCReader streams tasks from JSON: one task {"train": [...], "test": [...]},
// many {"<id>": {...}, ...}, or many by split {"splits": {"<name>": {"<id>":
// {...}}}}. Plain or gzip.
type ARCReader struct {
	s     *arcParser // notes what is wrong in top
	path  []arcLevel // the objects that are open
	top   ARCTask    // a task that is the file
	isTop bool
	done  bool
}

// arcLevel is an open object.
type arcLevel struct {
	name  string // of the split, at level 2
	first bool
	seen  map[string]bool
}

// NewARCReader reads tasks from r.
func NewARCReader(r io.Reader) (*ARCReader, error) { return Options{}.NewARCReader(r) }

// NewARCReader is NewARCReader with bounds.
func (o Options) NewARCReader(r io.Reader) (*ARCReader, error) {
	in, err := o.unpackText(r)
	if err != nil {
		return nil, err
	}
	return newARCReader(in), nil
}

func newARCReader(in *bufio.Reader) *ARCReader {
	return &ARCReader{s: &arcParser{jsonScanner: newJSONScanner(in)}}
}

// Next returns the next task, or io.EOF. An *Error is about one task, and the
// next call goes on behind it; where the JSON itself is broken nothing
// follows.
func (r *ARCReader) Next() (ARCTask, error) {
	if r.done {
		return ARCTask{}, io.EOF
	}
	t, bad, err := r.next()
	if err != nil {
		r.done = true
		return ARCTask{}, err
	}
	if bad != nil {
		return ARCTask{}, bad
	}
	return t, nil
}

// next returns a task, what is wrong in it, or an error that ends the file.
func (r *ARCReader) next() (ARCTask, *Error, error) {
	if r.path == nil {
		if err := r.enter(""); err != nil {
			return ARCTask{}, nil, err
		}
	}
	for len(r.path) > 0 {
		level := &r.path[len(r.path)-1]
		key, ok, err := r.s.key(level.first, level.seen)
		level.first = false
		if err != nil {
			return ARCTask{}, nil, err
		}
		if !ok {
			r.path = r.path[:len(r.path)-1]
			continue
		}
		if t, bad, found, err := r.value(key); found || err != nil {
			return t, bad, err
		}
	}
	return r.finish()
}

func (r *ARCReader) enter(name string) error {
	r.path = append(r.path, arcLevel{name: name, first: true, seen: map[string]bool{}})
	return r.s.open('{')
}

// finish returns the task that is the whole file, or io.EOF.
func (r *ARCReader) finish() (ARCTask, *Error, error) {
	if err := r.s.end(); err != nil {
		return ARCTask{}, nil, err
	}
	r.done = true
	if !r.isTop {
		return ARCTask{}, nil, io.EOF
	}
	r.s.checkTask(&r.top)
	return r.top, r.s.bad, nil
}

// value reads the value of a key: a level to enter, a task (found), a part of
// the task that is the file, or something else, which is skipped.
func (r *ARCReader) value(key string) (t ARCTask, bad *Error, found bool, err error) {
	depth := len(r.path)
	c, err := r.s.peek()
	switch {
	case err != nil:
		return t, nil, false, err
	case depth == 1 && (key == "train" || key == "test"):
		r.isTop = true
		return t, nil, false, r.s.pairs(&r.top, key)
	case depth == 1 && key == "splits", depth == 2:
		return t, nil, false, r.enter(key)
	case c == '{':
		t, bad, err = r.task(key)
		return t, bad, true, err
	}
	return t, nil, false, r.s.skip()
}

// task reads the task of that name.
func (r *ARCReader) task(key string) (ARCTask, *Error, error) {
	p := arcParser{jsonScanner: r.s.jsonScanner}
	t, err := p.task()
	t.ID = key
	if len(r.path) == 3 {
		t.Split = r.path[2].name
	}
	if p.bad != nil {
		p.bad.Err = fmt.Errorf("task %q: %w", key, p.bad.Err)
	}
	return t, p.bad, err
}

// task reads a task.
func (p *arcParser) task() (t ARCTask, err error) {
	err = p.object(func(key string) error {
		if key != "train" && key != "test" {
			return p.skip()
		}
		return p.pairs(&t, key)
	})
	if err == nil {
		p.checkTask(&t)
	}
	return t, err
}

func (p *arcParser) checkTask(t *ARCTask) {
	if len(t.Train) == 0 && len(t.Test) == 0 {
		p.note("a task without pairs, want lists train and test")
	}
}

// arcParser reads the parts of a task. What is wrong in it, though the JSON is
// sound, is noted once, and reading goes on.
type arcParser struct {
	*jsonScanner
	bad *Error
}

func (p *arcParser) note(format string, args ...any) {
	if p.bad == nil {
		p.bad = p.fail(format, args...)
	}
}

// list reads an array, or notes and skips what is none.
func (p *arcParser) list(f func() error) error {
	if ok, err := p.is('[', p.note); !ok {
		return err
	}
	return p.array(f)
}

// pairs reads the list train or test into a task.
func (p *arcParser) pairs(t *ARCTask, key string) error {
	list := &t.Train
	if key == "test" {
		list = &t.Test
	}
	return p.list(func() error {
		if ok, err := p.is('{', p.note); !ok {
			return err
		}
		pair, err := p.pair()
		if err != nil {
			return err
		}
		if len(pair.Input.Cells) == 0 {
			p.note("%s pair %d has no input", key, len(*list))
		}
		if len(pair.Output.Cells) == 0 && key == "train" {
			p.note("%s pair %d has no output", key, len(*list))
		}
		*list = append(*list, pair)
		return nil
	})
}

func (p *arcParser) pair() (pair ARCPair, err error) {
	err = p.object(func(name string) (err error) {
		switch name {
		case "input":
			pair.Input, err = p.grid()
		case "output":
			pair.Output, err = p.grid()
		default:
			err = p.skip()
		}
		return err
	})
	return pair, err
}

// grid reads rows of colours.
func (p *arcParser) grid() (g ARCGrid, err error) {
	err = p.list(func() error {
		cols, err := p.row(&g)
		switch {
		case err != nil:
			return err
		case g.Rows == 0:
			g.Cols = cols
		case cols != g.Cols:
			p.note("a row of %d cells, want %d as in the first row", cols, g.Cols)
		}
		if g.Rows++; g.Rows > ARCSide {
			p.note("a grid of more than %d rows", ARCSide)
		}
		return nil
	})
	if err == nil && len(g.Cells) == 0 {
		p.note("a grid without cells")
	}
	return g, err
}

// row appends a row to a grid and returns its number of cells. Nothing is
// kept beyond the size of a canvas.
func (p *arcParser) row(g *ARCGrid) (cols int, err error) {
	err = p.list(func() error {
		v, err := p.color()
		if err != nil {
			return err
		}
		if cols++; cols > ARCSide {
			p.note("a row of more than %d cells", ARCSide)
		} else if g.Rows < ARCSide {
			g.Cells = append(g.Cells, v)
		}
		return nil
	})
	return cols, err
}

func (p *arcParser) color() (uint8, error) {
	c, err := p.peek()
	if err != nil {
		return 0, err
	}
	if c != '-' && (c < '0' || c > '9') {
		p.note("found %q, want a colour 0 to 9", c)
		return 0, p.skip()
	}
	line, col := p.line, p.col
	text, err := p.number()
	if err != nil {
		return 0, err
	}
	if len(text) != 1 {
		if p.bad == nil {
			p.bad = &Error{Line: line, Column: col, Err: fmt.Errorf("found %s, want a colour 0 to 9", text)}
		}
		return 0, nil
	}
	return text[0] - '0', nil
}

// arcPuzzles makes puzzles of the test inputs of tasks, one at a time.
type arcPuzzles struct {
	tasks *ARCReader
	task  ARCTask
	test  int // the next of them
}

func (a *arcPuzzles) next() (Puzzle, error) {
	for a.test >= len(a.task.Test) {
		t, err := a.tasks.Next()
		if err != nil {
			return Puzzle{}, err
		}
		a.task, a.test = t, 0
	}
	a.test++
	return a.task.Puzzle(a.test - 1), nil
}

// Puzzle returns test input i of a task as a puzzle of the task ARC.
func (t *ARCTask) Puzzle(i int) Puzzle {
	pair := &t.Test[i]
	p := Puzzle{Question: pair.Input.Tokens(), Name: t.ID, Index: i, Source: t.Split, Rating: -1,
		Where: fmt.Sprintf("test %d", i)}
	if t.ID != "" {
		p.Where = fmt.Sprintf("task %s, test %d", t.ID, i)
	}
	if len(pair.Output.Cells) > 0 {
		p.Answer = pair.Output.Tokens()
	}
	return p
}

// Identifiers is the list of puzzle names by which a data set numbered the
// rows of the puzzle table, the reference's identifiers.json. Weights trained
// on ARC are useless without theirs.
type Identifiers struct {
	Names  []string // of each row; 0 is blank
	byTask map[string][]Variant
}

// Variant is a task as one row of the puzzle table has learned it.
type Variant struct {
	ID int32
	Augmentation
}

// ReadIdentifiers reads a JSON list of names.
func ReadIdentifiers(in io.Reader) (*Identifiers, error) { return Options{}.ReadIdentifiers(in) }

// ReadIdentifiers is ReadIdentifiers with bounds.
func (o Options) ReadIdentifiers(in io.Reader) (*Identifiers, error) {
	r, err := o.unpackText(in)
	if err != nil {
		return nil, err
	}
	s := newJSONScanner(r)
	var names []string
	err = s.array(func() error {
		name, err := s.string()
		names = append(names, name)
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, fmt.Errorf("identifiers: %w", err)
	}
	return NewIdentifiers(names), nil
}

// NewIdentifiers returns the identifiers of a list of names.
func NewIdentifiers(names []string) *Identifiers {
	ids := &Identifiers{Names: names, byTask: map[string][]Variant{}}
	for i, name := range names {
		if task, a, err := ParseAugmented(name); err == nil && i > 0 {
			ids.byTask[task] = append(ids.byTask[task], Variant{int32(i), a})
		}
	}
	return ids
}

// Variants returns the rows of a task, by number. ok is false for a task that
// the model has never seen.
func (ids *Identifiers) Variants(task string) (v []Variant, ok bool) {
	v, ok = ids.byTask[task]
	return v, ok
}
