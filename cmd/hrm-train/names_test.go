package main

import (
	"strings"
	"testing"
)

// A model's name stands for it here too, and one that nobody has is said to be none.
func TestEvalByName(t *testing.T) {
	data := writePuzzles(t, 3)
	status, out, errOut := hrmTrain(t, "eval", "sudoku", "--data", data, "--max-segments", "2")
	if status != 0 || !strings.Contains(out, "sudoku on ") || !strings.Contains(out, "valid ") {
		t.Errorf("status %d, %s%s", status, out, errOut)
	}
	if status, _, errOut := hrmTrain(t, "eval", "sudokuu", "--data", data); status != 2 || !strings.Contains(errOut, `no model is called "sudokuu"`) {
		t.Errorf("status %d, %s", status, errOut)
	}
}
