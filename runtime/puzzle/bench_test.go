package puzzle

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// BenchmarkCSV reads 10,000 sudokus with answers, BenchmarkLines without.
func BenchmarkCSV(b *testing.B) {
	benchmarkReader(b, "source,question,answer,rating\n"+strings.Repeat("made,"+easyQ+","+easyA+",5\n", 10000))
}

func BenchmarkLines(b *testing.B) { benchmarkReader(b, strings.Repeat(easyQ+"\n", 10000)) }

func benchmarkReader(b *testing.B, in string) {
	n := 0
	for b.Loop() {
		r, err := NewReader(strings.NewReader(in), Sudoku{})
		if err != nil {
			b.Fatal(err)
		}
		for ; ; n++ {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "puzzles/s")
}
