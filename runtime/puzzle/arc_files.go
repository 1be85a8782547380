package puzzle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ARCFiles streams the tasks of files and folders, and joins questions and
// solutions that lie in two files, as on Kaggle: arc-agi_evaluation_challenges.json
// and arc-agi_evaluation_solutions.json. The second is found beside the first,
// or given with it under any name.
type ARCFiles struct {
	files    []arcFile
	answers  []*arcAnswers
	archives []io.Closer

	at     int // of the file that is open, or the next
	reader *ARCReader
	close  io.Closer
}

// arcFile is a file of tasks.
type arcFile struct {
	name    string // with its folder
	dir     string // that gives a lone task its split
	onDisk  bool   // not in an archive: others may lie beside it
	open    func() (*bufio.Reader, io.Closer, error)
	answers *arcAnswers // that belong to it by name
}

// arcAnswers are solutions by task, in the order of the tests.
type arcAnswers struct {
	file    arcFile
	byTask  map[string][]ARCPair
	matched bool // by name to a file of tasks
	used    bool
}

// OpenARC opens files of JSON, plain, gzip or zip, and folders of them. In a
// folder a file's name is that of its task, and the folder's that of the split;
// of a file of many tasks the split is what its own name says.
func OpenARC(paths ...string) (*ARCFiles, error) {
	a := &ARCFiles{}
	for _, p := range paths {
		if err := a.add(p); err != nil {
			_ = a.Close()
			return nil, err
		}
	}
	if err := a.sort(len(paths) > 1); err != nil {
		_ = a.Close()
		return nil, err
	}
	return a, nil
}

// add lists the files of a path.
func (a *ARCFiles) add(root string) error {
	return filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() || name != root && !isTaskFile(name):
			return nil
		case strings.EqualFold(filepath.Ext(name), ".zip"):
			return a.addZip(name)
		}
		a.files = append(a.files, osFile(name))
		return nil
	})
}

func isTaskFile(name string) bool {
	return slices.Contains([]string{".json", ".jsonl", ".ndjson"}, filepath.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz")))
}

func osFile(name string) arcFile {
	dir := filepath.Base(filepath.Dir(name))
	return arcFile{name: name, dir: strings.Trim(dir, "./\\"), onDisk: true, open: func() (*bufio.Reader, io.Closer, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, err
		}
		in, err := Options{}.unpackText(f)
		if err != nil {
			_ = f.Close()
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		return in, f, nil
	}}
}

func (a *ARCFiles) addZip(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	a.archives = append(a.archives, f)
	u, err := Options{}.unpack(f)
	if err == nil && u.zip == nil {
		err = fmt.Errorf("%w: no zip archive, in spite of its name", ErrFormat)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.addArchive(name, u.zip)
	return nil
}

func (a *ARCFiles) addArchive(name string, z *archive) {
	for _, f := range z.files {
		if len(z.files) > 1 && !isTaskFile(f.name) {
			continue
		}
		a.files = append(a.files, arcFile{name: path.Join(name, f.name), dir: strings.Trim(path.Base(path.Dir(f.name)), "./"),
			open: func() (*bufio.Reader, io.Closer, error) {
				u, err := z.open(f)
				if err == nil && u.zip != nil {
					u.text, err = u.zip.only()
				}
				return u.text, io.NopCloser(nil), err
			}})
	}
}

// sort takes the files of solutions out of the others, by what they hold where
// look says so or else by their names, and finds those that lie beside.
func (a *ARCFiles) sort(look bool) error {
	var files []arcFile
	for _, f := range a.files {
		if !isSolutions(f.name) && !(look && f.holdsSolutions()) {
			files = append(files, f)
			continue
		}
		s, err := readAnswers(f)
		if err != nil {
			return err
		}
		a.answers = append(a.answers, s)
	}
	a.files = files
	for i := range files {
		if err := a.match(&files[i]); err != nil {
			return err
		}
	}
	return nil
}

// match finds the solutions that belong to a file by name.
func (a *ARCFiles) match(f *arcFile) error {
	name := partner(f.name, "challenges", "solutions")
	if name == "" {
		return nil
	}
	for _, s := range a.answers {
		if s.file.name == name {
			f.answers, s.matched = s, true
			return nil
		}
	}
	if _, err := os.Stat(name); err != nil || !f.onDisk {
		return nil
	}
	s, err := readAnswers(osFile(name))
	if err != nil {
		return err
	}
	f.answers, s.matched = s, true
	a.answers = append(a.answers, s)
	return nil
}

// partner is a path with another word in its last part, "" without the word.
func partner(name, word, other string) string {
	dir, base := filepath.Split(name)
	i := strings.LastIndex(strings.ToLower(base), word)
	if i < 0 {
		return ""
	}
	return dir + base[:i] + other + base[i+len(word):]
}

func isSolutions(name string) bool {
	return strings.Contains(strings.ToLower(filepath.Base(name)), "solutions")
}

// holdsSolutions reports a file that begins with a name and a list of grids.
func (f *arcFile) holdsSolutions() bool {
	in, c, err := f.open()
	if err != nil {
		return false // and so it is when it is read
	}
	defer c.Close()
	head, _ := in.Peek(1 << 12)
	return beginsAsSolutions(head)
}

func beginsAsSolutions(head []byte) bool {
	s := newJSONScanner(bufio.NewReader(bytes.NewReader(head)))
	if s.open('{') != nil {
		return false
	}
	if _, err := s.string(); err != nil {
		return false
	}
	for _, want := range []byte(":[[[") {
		if c, err := s.token(); err != nil || c != want {
			return false
		}
	}
	return true
}

func readAnswers(f arcFile) (*arcAnswers, error) {
	in, c, err := f.open()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	s := &arcAnswers{file: f, byTask: map[string][]ARCPair{}}
	r := newARCReader(in, "")
	for {
		t, err := r.Next()
		if err == io.EOF {
			return s, nil
		}
		if err == nil && !t.onlyAnswers() {
			err = fmt.Errorf("%w: task %q has inputs, want solutions alone", ErrFormat, t.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		s.byTask[t.ID] = t.Test
	}
}

// Close closes the files.
func (a *ARCFiles) Close() error {
	var err error
	if a.close != nil {
		err = a.close.Close()
	}
	for _, c := range a.archives {
		err = errors.Join(err, c.Close())
	}
	a.reader, a.close, a.archives, a.at = nil, nil, nil, len(a.files)
	return err
}

// File returns the name of the file of the task returned last.
func (a *ARCFiles) File() string { return a.files[min(a.at, len(a.files)-1)].name }

// Next returns the next task, or io.EOF. An error that wraps an *Error is about
// one task or file, and the next call goes on behind it.
func (a *ARCFiles) Next() (ARCTask, error) {
	for {
		if a.reader == nil {
			if a.at == len(a.files) {
				return ARCTask{}, a.atEnd()
			}
			if err := a.open(); err != nil {
				return ARCTask{}, err
			}
		}
		f := &a.files[a.at]
		t, err := a.reader.Next()
		if err == io.EOF {
			_ = a.close.Close()
			a.reader, a.close = nil, nil
			a.at++
			continue
		}
		if err == nil {
			err = a.complete(f, &t)
		}
		if err != nil {
			return ARCTask{}, fmt.Errorf("%s: %w", f.name, err)
		}
		return t, nil
	}
}

// open opens the next file. Of several a bad one does not stop the others.
func (a *ARCFiles) open() (err error) {
	f := &a.files[a.at]
	in, c, err := f.open()
	if err == nil {
		head, e := in.Peek(1)
		if e != nil && e != io.EOF && len(head) == 0 {
			err = e
		} else if head, _ = in.Peek(sniffSize); len(head) > 0 {
			err = foreign(head)
		}
		if err != nil {
			_ = c.Close()
			err = fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if err != nil {
		if a.at++; len(a.files) > 1 {
			err = &Error{Where: f.name, Err: err}
		}
		return err
	}
	a.reader, a.close = newARCReader(in, taskName(f.name)), c
	return nil
}

// taskName is the name of a file without its folder and endings.
func taskName(file string) string {
	base := strings.TrimSuffix(path.Base(filepath.ToSlash(file)), ".gz")
	return strings.TrimSuffix(base, path.Ext(base))
}

// complete gives a task its split and its solutions.
func (a *ARCFiles) complete(f *arcFile, t *ARCTask) error {
	if t.onlyAnswers() {
		return &Error{Where: fmt.Sprintf("task %q", t.ID), Err: errors.New("a solution without its question: give the file of challenges with it")}
	}
	if t.Split == "" {
		if t.Split = splitOf(f.name); t.Split == "" && t.ID == taskName(f.name) {
			t.Split = f.dir
		}
	}
	if f.answers != nil {
		return f.answers.join(t)
	}
	for _, s := range a.answers {
		if _, ok := s.byTask[t.ID]; ok && !s.matched {
			return s.join(t)
		}
	}
	return nil
}

// join gives the tests of a task their outputs.
func (s *arcAnswers) join(t *ARCTask) error {
	answers, ok := s.byTask[t.ID]
	if !ok {
		return nil
	}
	if s.used = true; len(answers) != len(t.Test) {
		return &Error{Where: fmt.Sprintf("task %q", t.ID), Err: fmt.Errorf("%d tests, and %d solutions in %s", len(t.Test), len(answers), s.file.name)}
	}
	for i := range answers {
		t.Test[i].Output = answers[i].Output
	}
	t.Joined = true
	return nil
}

// atEnd is io.EOF, after an error about each file of solutions that belongs to
// nothing.
func (a *ARCFiles) atEnd() error {
	for _, s := range a.answers {
		if s.used || s.matched {
			continue
		}
		s.used = true
		advice := "give the file of challenges with it"
		if name := partner(s.file.name, "solutions", "challenges"); name != "" {
			if _, err := os.Stat(name); err == nil {
				advice = fmt.Sprintf("give %s, with which it is read", name)
			}
		}
		return &Error{Where: s.file.name, Err: errors.New("it holds solutions, without the questions: " + advice)}
	}
	return io.EOF
}

// splitOf is the split that a file of many tasks has in its name.
func splitOf(file string) string {
	name := strings.ToLower(taskName(file))
	kaggle := strings.Contains(name, "challenges")
	for _, word := range strings.FieldsFunc(name, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }) {
		switch kind := strings.TrimRight(word, "0123456789"); {
		case kind == "training" || kind == "evaluation", kaggle && (kind == "test" || kind == "concept"):
			return word
		case kind == "eval":
			return "evaluation" + word[len(kind):]
		}
	}
	return ""
}

// Puzzles returns a reader of the tests, with their files in their places, which
// closes the files.
func (a *ARCFiles) Puzzles() *Reader {
	p := &arcPuzzles{tasks: a}
	return &Reader{task: ARC{}, close: a, next: func() (Puzzle, error) {
		q, err := p.next()
		if err == nil {
			q.Where = a.File() + ": " + q.Where
		}
		return q, err
	}}
}
