package puzzle

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes files, path and text in turn, into a new folder and returns it.
func write(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		file := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tasksOf returns what is in files: "id split: answers", or an error.
func tasksOf(t *testing.T, dir string, names ...string) (out []string) {
	t.Helper()
	var paths []string
	for _, n := range names {
		paths = append(paths, filepath.Join(dir, n))
	}
	files, err := OpenARC(paths...)
	if err != nil {
		return []string{"open: " + strings.ReplaceAll(err.Error(), dir, "DIR")}
	}
	defer files.Close()
	for {
		task, err := files.Next()
		var bad *Error
		switch {
		case err == io.EOF:
			return out
		case err != nil:
			out = append(out, "error: "+strings.ReplaceAll(err.Error(), dir, "DIR"))
			if !errors.As(err, &bad) {
				return out
			}
		default:
			line := fmt.Sprintf("%s %s:", task.ID, task.Split)
			for _, p := range task.Test {
				line += " " + p.Output.String()
			}
			out = append(out, line)
		}
	}
}

func TestARCFiles(t *testing.T) {
	const (
		questions = `{"a": {"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]]}, {"input": [[4]]}]}, "b": {"test": [{"input": [[5]]}]}}`
		solutions = `{"a": [[[6]], [[7]]], "b": [[[8]]]}`
		task      = `{"test": [{"input": [[3]], "output": [[4]]}]}`
	)
	dir := write(t,
		"k/arc_training_challenges.json", questions, "k/arc_training_solutions.json", solutions,
		"k/arc-agi_evaluation2_challenges.json", questions, "k/arc-agi_evaluation2_solutions.json", strings.ReplaceAll(solutions, "8", "9"),
		"other/questions.json", questions, "other/key.json", solutions,
		"lone/x_test_challenges.json", questions, "lone/y_solutions.json", solutions,
		"short/q_challenges.json", questions, "short/q_solutions.json", `{"a": [[[6]]], "b": [[[8]]]}`,
		"data/evaluation/e1.json", task, "data/training/t1.json", task, "data/training/broken.json", "{", "data/readme.md", "x",
		"list.json", "["+task+","+task+"]", "re_arc/tasks/r1.json", `[{"input": [[1]], "output": [[2]]}, {"input": [[3]], "output": [[4]]}]`,
		"eval.json.gz", gz(questions), "k.zip", zipped("d/evaluation/z1.json", task, "d/training/z2.json", task, "LICENSE", "x"),
		"kaggle.zip", zipped("arc_evaluation_challenges.json", questions, "arc_evaluation_solutions.json", solutions),
	)
	joined := []string{"a training: [[6]] [[7]]", "b training: [[8]]"}
	none := func(split string) []string { return []string{"a " + split + ": [] []", "b " + split + ": []"} }
	for name, c := range map[string]struct {
		paths []string
		want  []string
	}{
		"beside":               {[]string{"k/arc_training_challenges.json"}, joined},
		"both":                 {[]string{"k/arc_training_challenges.json", "k/arc_training_solutions.json"}, joined},
		"both, other order":    {[]string{"k/arc_training_solutions.json", "k/arc_training_challenges.json"}, joined},
		"second evaluation":    {[]string{"k/arc-agi_evaluation2_challenges.json"}, []string{"a evaluation2: [[6]] [[7]]", "b evaluation2: [[9]]"}},
		"the folder":           {[]string{"k"}, []string{"a evaluation2: [[6]] [[7]]", "b evaluation2: [[9]]", "a training: [[6]] [[7]]", "b training: [[8]]"}},
		"other names":          {[]string{"other/questions.json", "other/key.json"}, []string{"a : [[6]] [[7]]", "b : [[8]]"}},
		"from another folder":  {[]string{"lone/x_test_challenges.json", "lone/y_solutions.json"}, []string{"a test: [[6]] [[7]]", "b test: [[8]]"}},
		"no solutions":         {[]string{"lone/x_test_challenges.json"}, none("test")},
		"solutions alone":      {[]string{"lone/y_solutions.json"}, []string{"error: DIR/lone/y_solutions.json: it holds solutions, without the questions: give the file of challenges with it"}},
		"solutions that know":  {[]string{"k/arc_training_solutions.json"}, []string{"error: DIR/k/arc_training_solutions.json: it holds solutions, without the questions: give DIR/k/arc_training_challenges.json, with which it is read"}},
		"too few":              {[]string{"short/q_challenges.json"}, []string{`error: DIR/short/q_challenges.json: task "a": 2 tests, and 1 solutions in DIR/short/q_solutions.json`, "b : [[8]]"}},
		"folder of tasks":      {[]string{"data/evaluation"}, []string{"e1 evaluation: [[4]]"}},
		"folders of folders":   {[]string{"data"}, []string{"e1 evaluation: [[4]]", "error: DIR/data/training/broken.json: line 1, column 1: the file ends in the middle of a JSON value"}},
		"list":                 {[]string{"list.json"}, []string{"list/0 : [[4]]", "list/1 : [[4]]"}},
		"pairs":                {[]string{"re_arc/tasks"}, []string{"r1 tasks: [[2]] [[4]]"}},
		"gzip, split by name":  {[]string{"eval.json.gz"}, none("evaluation")},
		"zip of a folder":      {[]string{"k.zip"}, []string{"z1 evaluation: [[4]]", "z2 training: [[4]]"}},
		"zip of both":          {[]string{"kaggle.zip"}, []string{"a evaluation: [[6]] [[7]]", "b evaluation: [[8]]"}},
		"nothing of that name": {[]string{"nope.json"}, []string{"open: lstat DIR/nope.json: no such file or directory"}},
	} {
		got := tasksOf(t, dir, c.paths...)
		for i, g := range got { // the split of a file that names none is its folder's, which is random
			got[i] = strings.Replace(g, " "+filepath.Base(dir)+":", " :", 1)
		}
		if name == "folders of folders" && len(got) > 2 {
			got = got[:2]
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

// The tests of folders and archives are puzzles, with their places.
func TestARCPuzzlesOfFolders(t *testing.T) {
	task := `{"test": [{"input": [[3]], "output": [[4]]}]}`
	dir := write(t, "evaluation/one.json", task, "evaluation/two.json", task)
	r, err := Open(filepath.Join(dir, "evaluation"), ARC{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, want := range []string{"one", "two"} {
		p, err := r.Next()
		if err != nil || p.Name != want || p.Source != "evaluation" || p.Answer == nil ||
			p.Where != filepath.Join(dir, "evaluation", want+".json")+": task "+want+", test 0" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	z := zipped("evaluation/one.json", task, "evaluation/two.json", task)
	if got := readAll(t, z, ARC{}); len(got) != 2 || got[1] != "evaluation/two.json: task two, test 0: [[3]]" {
		t.Errorf("from a pipe: %q", got)
	}
}
