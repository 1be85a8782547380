package kaggle

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

func grid(rows, cols int, cells ...uint8) puzzle.ARCGrid {
	return puzzle.ARCGrid{Rows: rows, Cols: cols, Cells: cells}
}

func TestSubmission(t *testing.T) {
	var s Submission
	var out bytes.Buffer
	if err := s.Write(&out); err == nil {
		t.Error("a submission of nothing")
	}
	s.Add(`b"`, 1, grid(1, 2, 3, 4), grid(2, 1, 5, 6), grid(1, 1, 7))
	s.Add("a", 0, grid(1, 1, 9))
	s.Add("a", 1, puzzle.ARCGrid{})
	if err := s.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `{"b\"":[{"attempt_1":[[0]],"attempt_2":[[0]]},{"attempt_1":[[3,4]],"attempt_2":[[5],[6]]}],` +
		`"a":[{"attempt_1":[[9]],"attempt_2":[[9]]},{"attempt_1":[[0]],"attempt_2":[[0]]}]}` + "\n"
	if out.String() != want || !json.Valid(out.Bytes()) {
		t.Errorf("got %s", out.String())
	}
}
