package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Machine is where something was measured.
type Machine struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Table is one file of bench/results: what a table of docs/performance.md shows.
type Table struct {
	Unit    string   `json:"unit"`
	Note    string   `json:"note"`
	First   string   `json:"first"` // heads the column of names
	Columns []string `json:"columns"`
	Rows    []Row    `json:"rows"`
	Plot    *Plot    `json:"plot"`
}

// Row is what one program or setting came to, a value for each column, null where
// nothing was measured. Numbers keep the digits that the file has.
type Row struct {
	Name    string         `json:"name"`
	Machine string         `json:"machine"` // empty where it does not matter
	Values  []*json.Number `json:"values"`
}

// Plot says how one column of a table is drawn.
type Plot struct {
	File     string   `json:"file"`
	Title    string   `json:"title"`
	Axis     string   `json:"axis"`
	Column   int      `json:"column"`
	Log      bool     `json:"log"`
	Curve    bool     `json:"curve"`    // a line over the first column instead of bars
	Units    []string `json:"units"`    // of a curve: those of the first column and of the other, as in "ms", "%"
	Machines []string `json:"machines"` // only theirs
}

// Comparison is a line of the summary: two rows of a table beside each other.
type Comparison struct {
	Question string `json:"question"`
	Table    string `json:"table"`
	Machine  string `json:"machine"`
	Column   int    `json:"column"`
	Ours     string `json:"ours"`
	Theirs   string `json:"theirs"`
	Rate     bool   `json:"rate"` // more is better
}

// Results are all files of bench/results that a report is made of.
type Results struct {
	Machines []Machine
	Tables   map[string]Table
	Summary  []Comparison
}

// pages are the documents with tables, and which.
var pages = map[string][]string{
	"docs/performance.md": {
		"machines", "summary", "cpu", "embedded", "int8", "gpu", "browser", "training", "memory", "resident", "peak", "accuracy",
	},
	"docs/cards/sudoku.md":       {"sudoku"},
	"docs/cards/maze.md":         {"maze", "maze-halting"},
	"docs/cards/sudoku-sizes.md": {"sudoku-sizes"},
	"docs/cards/mini-arc.md":     {"mini-arc"},
}

// read returns what lies in bench/results below root.
func read(root string) (*Results, error) {
	r := &Results{Tables: map[string]Table{}}
	var summary struct{ Rows []Comparison }
	if err := readFile(root, "machines", &r.Machines); err != nil {
		return nil, err
	}
	if err := readFile(root, "summary", &summary); err != nil {
		return nil, err
	}
	r.Summary = summary.Rows
	for _, names := range pages {
		for _, name := range names {
			if name == "machines" || name == "summary" {
				continue
			}
			var t Table
			if err := readFile(root, name, &t); err != nil {
				return nil, err
			}
			if err := r.check(&t); err != nil {
				return nil, fmt.Errorf("%s.json: %w", name, err)
			}
			r.Tables[name] = t
		}
	}
	return r, nil
}

// check refuses rows that do not fit their table.
func (r *Results) check(t *Table) error {
	for _, row := range t.Rows {
		if len(row.Values) != len(t.Columns) {
			return fmt.Errorf("%s has %d values, want one for each of %d columns", row.Name, len(row.Values), len(t.Columns))
		}
		if row.Machine != "" && r.machine(row.Machine) == "" {
			return fmt.Errorf("%s: machine %q is not in machines.json", row.Name, row.Machine)
		}
	}
	return nil
}

func readFile(root, name string, into any) error {
	data, err := os.ReadFile(filepath.Join(root, "bench", "results", name+".json"))
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s.json: %w", name, err)
	}
	return nil
}

func (r *Results) machine(id string) string {
	for _, m := range r.Machines {
		if m.ID == id {
			return m.Name
		}
	}
	return ""
}

// value returns the number of a row by name and machine.
func (t *Table) value(name, machine string, column int) (float64, error) {
	for _, row := range t.Rows {
		if row.Name == name && row.Machine == machine && row.Values[column] != nil {
			return row.Values[column].Float64()
		}
	}
	return 0, fmt.Errorf("no value of %q on machine %s in column %d", name, machine, column)
}

// digits writes a number as the file has it, with commas from 10,000 on.
func digits(n *json.Number) string {
	if n == nil {
		return ""
	}
	whole, rest, found := strings.Cut(n.String(), ".")
	if _, err := strconv.Atoi(whole); err == nil && len(whole) > 4 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	if found {
		return whole + "." + rest
	}
	return whole
}
