package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLearn(t *testing.T) {
	tasks, model := writeTasks(t, `{"b": [[[6],[5],[4]]]}`), filepath.Join(t.TempDir(), "b.hrm")
	learn := func(more ...string) []string {
		return append([]string{"learn", tasks, "--threads", "1", "--votes", "3", "--steps", "2"}, more...)
	}
	status, out, errOut := hrmTrain(t, learn("--id", "b", "--json", "--out", model)...)
	if status != statusOK || !strings.Contains(errOut, "2 steps") {
		t.Fatal(status, out, errOut)
	}
	var got map[string][]map[string][][]int
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got["b"]) != 1 || len(got["b"][0]["attempt_2"]) == 0 {
		t.Errorf("%s: %v", out, err)
	}
	m, err := readModel(model)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := m.Puzzles(); err != nil || !slices.Equal(names, []string{"<blank>", "b"}) {
		t.Errorf("the model knows %q, %v", names, err)
	}
	if status, out, errOut = hrmTrain(t, learn("--id", "a", "--from", "none")...); status != statusOK || strings.Count(out, "attempt 1, ") != 2 {
		t.Errorf("from fresh weights: %d, %s%s", status, out, errOut)
	}
	if status, out, errOut = hrmTrain(t, learn("--id", "b", "--from", model)...); status != statusOK || !strings.Contains(out, "test 1") {
		t.Errorf("from what was learned: %d, %s%s", status, out, errOut)
	}
	for want, args := range map[string][]string{
		"2 tasks: say which with --id": learn(),
		`no task "c"`:                  learn("--id", "c"),
		"no/such":                      learn("--id", "b", "--from", "no/such"),
		"must be positive":             learn("--id", "b", "--votes", "0"),
	} {
		if status, _, errOut := hrmTrain(t, args...); status != statusUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: %d, %s", want, status, errOut)
		}
	}
}
