package curve

import (
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// WriteCSV writes all records of runs as a table: the column run, and one for each
// field of Record under its name in metrics.jsonl.
func WriteCSV(w io.Writer, runs []Run) error {
	out := csv.NewWriter(w)
	t := reflect.TypeFor[Record]()
	row := []string{"run"}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		row = append(row, name)
	}
	_ = out.Write(row) // Flush reports errors
	for _, run := range runs {
		for _, r := range run.Records {
			v := reflect.ValueOf(r)
			row = append(row[:0], run.Name)
			for i := range v.NumField() {
				row = append(row, fmt.Sprint(v.Field(i).Interface()))
			}
			_ = out.Write(row)
		}
	}
	out.Flush()
	return out.Error()
}
