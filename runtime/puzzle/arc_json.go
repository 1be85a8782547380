package puzzle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
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
	// Joined reports that the outputs of the tests come from a file of solutions.
	Joined bool
}

// Lessons returns the task as it is learned: without the outputs of its tests, or where
// they are to be learned too with the tests as further demonstrations.
func (t *ARCTask) Lessons(demonstrationsAlone bool) ARCTask {
	l := ARCTask{ID: t.ID, Split: t.Split, Train: slices.Clone(t.Train), Joined: t.Joined}
	for _, p := range t.Test {
		if !demonstrationsAlone && len(p.Output.Cells) > 0 {
			l.Train = append(l.Train, p)
		}
		l.Test = append(l.Test, ARCPair{Input: p.Input})
	}
	return l
}

// onlyAnswers reports what a file of solutions holds of a task: outputs of
// tests, without their inputs.
func (t *ARCTask) onlyAnswers() bool {
	return len(t.Train) == 0 && len(t.Test) > 0 && len(t.Test[0].Input.Cells) == 0
}

// ARCReader streams tasks from JSON, plain, gzip or a zip archive of one file:
//
//	{"train": [...], "test": [...]}                   one task, or one in each line
//	{"<id>": {...}, ...}                              many
//	{"splits": {"<name>": {"<id>": {...}}}}           many by split
//	[{...}, ...]                                      many without names: 0, 1, ...
//	[{"input": ..., "output": ...}, ...]              the pairs of one task, as its tests
//	{"<id>": [{"input": ..., "output": ...}]}         of many
//	{"<id>": [[[...]], ...]}                          their solutions: tests without inputs
type ARCReader struct {
	s     *arcParser
	name  string     // of a task without one, and before the number of one in a list
	path  []arcLevel // the objects and lists that are open
	top   arcEntry   // the object that is the file, or a line of it
	tops  int        // such objects so far
	lists int        // elements of lists so far
	odd   []*Error   // values in the object that is the file that are no task
	found bool
	done  bool
}

// arcLevel is an open object or list.
type arcLevel struct {
	list  bool
	name  string // of the split
	first bool
	seen  map[string]bool
	pairs []ARCPair // of a list of pairs
}

// arcEntry is an object: a task, a pair, or neither.
type arcEntry struct {
	ARCTask
	pair   ARCPair
	isTask bool
	isPair bool
}

// NewARCReader reads tasks from r.
func NewARCReader(r io.Reader) (*ARCReader, error) { return Options{}.NewARCReader(r) }

// NewARCReader is NewARCReader with bounds.
func (o Options) NewARCReader(r io.Reader) (*ARCReader, error) {
	in, err := o.unpackText(r)
	if err != nil {
		return nil, err
	}
	return newARCReader(in, ""), nil
}

func newARCReader(in *bufio.Reader, name string) *ARCReader {
	return &ARCReader{s: &arcParser{jsonScanner: newJSONScanner(in)}, name: name}
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
	r.found = true
	if bad != nil {
		return ARCTask{}, bad
	}
	return t, nil
}

// next returns a task, what is wrong in it, or an error that ends the file.
func (r *ARCReader) next() (ARCTask, *Error, error) {
	for {
		if len(r.path) == 0 {
			if t, bad, found, err := r.value(); found || err != nil {
				return t, bad, err
			}
			continue
		}
		level := &r.path[len(r.path)-1]
		key, ok, err := r.element(level)
		if err != nil {
			return ARCTask{}, nil, err
		}
		var t ARCTask
		var bad *Error
		found := false
		switch {
		case !ok:
			t, bad, found = r.leave()
		case level.list:
			t, bad, found, err = r.listed(level)
		default:
			t, bad, found, err = r.keyed(level, key)
		}
		if found || err != nil {
			return t, bad, err
		}
	}
}

// element reads on to the next element of a level; ok is false at its end.
func (r *ARCReader) element(level *arcLevel) (key string, ok bool, err error) {
	first := level.first
	level.first = false
	if level.list {
		ok, err = r.s.more(first, ']')
		return "", ok, err
	}
	return r.s.key(first, level.seen)
}

// value begins the next value of the file: the whole of it, or of a line.
func (r *ARCReader) value() (t ARCTask, bad *Error, found bool, err error) {
	if len(r.odd) > 0 {
		bad, r.odd = r.odd[0], r.odd[1:]
		return t, bad, true, nil
	}
	c, err := r.s.token()
	var end *Error
	switch {
	case errors.As(err, &end) && r.tops > 0:
		return t, nil, false, io.EOF
	case err != nil:
		return t, nil, false, err
	case c != '{' && (c != '[' || r.tops > 0):
		if r.tops > 0 {
			return t, nil, false, r.s.fail("found %q behind the JSON value", c)
		}
		return t, nil, false, r.s.fail("found %q, want '{' or '['", c)
	}
	r.s.unread()
	r.top = arcEntry{}
	r.tops++
	return t, nil, false, r.enter(c == '[', "")
}

func (r *ARCReader) enter(list bool, name string) error {
	r.path = append(r.path, arcLevel{list: list, name: name, first: true})
	if list {
		return r.s.open('[')
	}
	r.path[len(r.path)-1].seen = map[string]bool{}
	return r.s.open('{')
}

// leave ends a level, which may have been a task or a list of pairs.
func (r *ARCReader) leave() (t ARCTask, bad *Error, found bool) {
	level := r.path[len(r.path)-1]
	r.path = r.path[:len(r.path)-1]
	switch {
	case len(r.path) > 0:
		return t, nil, false
	case level.list && len(level.pairs) > 0:
		t = ARCTask{ID: r.name, Test: level.pairs}
	case level.list:
		return t, nil, false
	case r.top.isTask || r.top.isPair:
		r.odd = nil // what a task says of itself
		if r.tops > 1 && r.top.ID == "" {
			r.top.ID = r.numbered(r.tops - 1)
		}
		t = r.top.task(r.s)
		if t.ID == "" {
			t.ID = r.name
		}
	default:
		if level.seen["splits"] {
			r.odd = nil // where they come from
		}
		return t, nil, false
	}
	bad, r.s.bad = r.s.bad, nil
	return t, bad, true
}

// numbered names a task by its place in the file.
func (r *ARCReader) numbered(i int) string {
	if r.name == "" {
		return strconv.Itoa(i)
	}
	return r.name + "/" + strconv.Itoa(i)
}

// task returns the task of an entry; a pair alone is the test of one.
func (e *arcEntry) task(p *arcParser) ARCTask {
	if e.isPair {
		e.Test = append(e.Test, e.pair)
		p.checkPair(&e.pair, "test", 0)
	}
	p.checkTask(&e.ARCTask)
	return e.ARCTask
}

// listed reads an element of a list: a task or a pair.
func (r *ARCReader) listed(level *arcLevel) (t ARCTask, bad *Error, found bool, err error) {
	c, err := r.s.peek()
	if err != nil {
		return t, nil, false, err
	}
	i := r.lists
	r.lists++
	p := arcParser{jsonScanner: r.s.jsonScanner}
	if c != '{' {
		p.note("element %d is no task, want {\"train\": [...], \"test\": [...]}", i)
		return t, p.bad, true, p.skip()
	}
	e, err := p.entry()
	switch {
	case err != nil:
		return t, nil, false, err
	case e.isPair && !e.isTask && p.bad == nil:
		if p.checkPair(&e.pair, "test", i); p.bad == nil {
			level.pairs = append(level.pairs, e.pair)
			return t, nil, false, nil
		}
	case !e.isTask && p.bad == nil:
		p.note("no task, want {\"train\": [...], \"test\": [...]}")
	}
	t = e.task(&p)
	if t.ID == "" {
		t.ID = r.numbered(i)
	}
	if p.bad != nil {
		p.bad.Err = fmt.Errorf("element %d: %w", i, p.bad.Err)
	}
	return t, p.bad, true, nil
}

// keyed reads the value of a key: a level to enter, a task (found), or a part
// of the task that is the file.
func (r *ARCReader) keyed(level *arcLevel, key string) (t ARCTask, bad *Error, found bool, err error) {
	depth := len(r.path)
	c, err := r.s.peek()
	if err != nil {
		return t, nil, false, err
	}
	part := depth == 1 && (r.top.isTask || r.top.isPair || c == '[') && r.s.isPart(key)
	switch {
	case part:
		return t, nil, false, r.s.part(&r.top, key)
	case depth == 1 && c == '{' && (key == "splits" || isSplit(key)):
		return t, nil, false, r.enter(false, key)
	case depth == 2 && r.path[0].seen["splits"] && level.name == "splits" && c == '{':
		return t, nil, false, r.enter(false, key)
	case c == '{' || c == '[':
		t, bad, err = r.named(key)
		t.Split = level.name
		return t, bad, true, err
	case depth == 1 && c == '"' && isName(key):
		r.top.ID, err = r.s.string()
		return t, nil, false, err
	}
	if depth == 1 && len(r.odd) < maxOdd {
		r.odd = append(r.odd, r.s.fail("the value of %q is no task, want {\"train\": [...], \"test\": [...]}", key))
	}
	return t, nil, false, r.s.skip()
}

// maxOdd is how many values that are no task are reported.
const maxOdd = 5

// isSplit knows the names of the parts of ARC, which some files have for keys.
func isSplit(key string) bool {
	return slices.Contains([]string{"training", "evaluation", "train", "eval", "test", "concept"}, key)
}

func isName(key string) bool { return slices.Contains([]string{"id", "name", "task_id"}, key) }

// named reads the value of a name: a task, a list of its pairs, or its
// solutions.
func (r *ARCReader) named(key string) (t ARCTask, bad *Error, err error) {
	p := arcParser{jsonScanner: r.s.jsonScanner}
	c, err := p.peek()
	if err != nil {
		return t, nil, err
	}
	if c == '[' {
		err = p.answersOrPairs(&t)
	} else {
		var e arcEntry
		if e, err = p.entry(); err == nil {
			if !e.isTask && !e.isPair {
				p.note("a task without pairs, want lists train and test")
			}
			t = e.task(&p)
		}
	}
	t.ID = key
	if p.bad != nil {
		p.bad.Err = fmt.Errorf("task %q: %w", key, p.bad.Err)
	}
	return t, p.bad, err
}

// arcTasks gives tasks until io.EOF; an *Error is about one of them.
type arcTasks interface{ Next() (ARCTask, error) }

// arcPuzzles makes puzzles of the test inputs of tasks, one at a time.
type arcPuzzles struct {
	tasks arcTasks
	task  *ARCTask // nil before the first
	test  int      // the next of them
}

func (a *arcPuzzles) next() (Puzzle, error) {
	for a.task == nil || a.test >= len(a.task.Test) {
		t, err := a.tasks.Next()
		if err != nil {
			return Puzzle{}, err
		}
		if t.onlyAnswers() {
			return Puzzle{}, &Error{Where: fmt.Sprintf("task %q", t.ID), Err: errors.New("a solution without its question: give the file of challenges with it")}
		}
		a.task, a.test = &t, 0
	}
	a.test++
	return a.task.Puzzle(a.test - 1), nil
}

// Puzzle returns test input i of a task as a puzzle of the task ARC.
func (t *ARCTask) Puzzle(i int) Puzzle {
	pair := &t.Test[i]
	p := Puzzle{Question: pair.Input.Tokens(), Name: t.ID, Index: i, Task: t, Source: t.Split, Rating: -1,
		Where: fmt.Sprintf("test %d", i)}
	if t.ID != "" {
		p.Where = fmt.Sprintf("task %s, test %d", t.ID, i)
	}
	if len(pair.Output.Cells) > 0 {
		p.Answer = pair.Output.Tokens()
	}
	return p
}
