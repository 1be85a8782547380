package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Row is one measurement: of a segment, or with Kind "answer" of whole answers
// of the embedded model. Its JSON names are in the help.
type Row struct {
	Kind      string `json:"kind"`   // segment or answer
	Engine    string `json:"engine"` // hrm, onnxruntime or pytorch
	Precision string `json:"precision"`
	Version   string `json:"version"` // of the program; of hrm the kernels in use
	Threads   int    `json:"threads"`
	Lanes     int    `json:"lanes"`
	Tokens    int    `json:"tokens"`
	Resident  int64  `json:"resident_bytes"` // after the measurement; 0: unknown on this system

	// Of a segment, milliseconds per puzzle.
	Best   float64 `json:"ms_per_segment,omitempty"`
	Median float64 `json:"median_ms_per_segment,omitempty"`
	Runs   int     `json:"runs,omitempty"`

	// Of an answer.
	Start    float64 `json:"ms_to_first_answer,omitempty"` // from the start of the process
	Answer   float64 `json:"ms_per_answer,omitempty"`      // the best of each puzzle, mean over puzzles
	Segments float64 `json:"segments_per_answer,omitempty"`
	Program  int64   `json:"program_bytes,omitempty"` // files mapped as code; 0: unknown
	Model    int64   `json:"model_bytes,omitempty"`
}

// name is what tells a row's program from the others: int8 runs with several
// kernels.
func (r *Row) name() string {
	if r.Engine == "hrm" && r.Precision == "int8" {
		return r.Engine + " " + r.Precision + " " + kernelsOf(r.Version)
	}
	return r.Engine + " " + r.Precision
}

// kernelsOf cuts "avx512-vnni" out of "cpu/avx512-vnni int8".
func kernelsOf(backend string) string {
	var kernels, formats string
	_, _ = fmt.Sscanf(backend, "cpu/%s %s", &kernels, &formats)
	return kernels
}

// readRows reads what --json printed.
func readRows(in io.Reader) (rows []Row, err error) {
	d := json.NewDecoder(in)
	for {
		var r Row
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		if r.Kind != "segment" && r.Kind != "answer" {
			return nil, fmt.Errorf("row %d is of kind %q, want segment or answer", len(rows)+1, r.Kind)
		}
		rows = append(rows, r)
	}
}

// group is the rows that are compared with one another.
type group struct{ tokens, lanes int }

// groups returns the sizes that segments were measured at, in their order.
func groups(rows []Row) (all []group) {
	for _, r := range rows {
		if g := (group{r.Tokens, r.Lanes}); r.Kind == "segment" && !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all
}

// of returns the segments that were measured at a size.
func (g group) of(rows []Row) (some []Row) {
	for _, r := range rows {
		if r.Kind == "segment" && r.Tokens == g.tokens && r.Lanes == g.lanes {
			some = append(some, r)
		}
	}
	return some
}

const mebi = 1 << 20

// print writes tables. Ratios are to the first row of each.
func print(out io.Writer, rows []Row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, g := range groups(rows) {
		some := g.of(rows)
		fmt.Fprintf(w, "\n%d tokens, %d at a time\tms/segment\tmedian\ttimes as long\tMiB\t\n", g.tokens, g.lanes)
		for _, r := range some {
			fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.0f\t\n", r.name(), r.Best, r.Median, r.Best/some[0].Best, float64(r.Resident)/mebi)
		}
	}
	if answers := answersOf(rows); len(answers) > 0 {
		fmt.Fprintf(w, "\nsudokus, embedded model\tms/answer\tsegments\tms to first\tMiB\tprogram MiB\tmodel MiB\t\n")
		for _, r := range answers {
			fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.0f\t%.0f\t%.1f\t%.2f\t\n", r.name(), r.Answer, r.Segments, r.Start,
				float64(r.Resident)/mebi, float64(r.Program)/mebi, float64(r.Model)/mebi)
		}
	}
	return w.Flush()
}

func answersOf(rows []Row) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Kind != "answer" })
}
