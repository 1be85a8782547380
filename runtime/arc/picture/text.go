package picture

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// ansi is Colors in the 256-colour palette of terminals.
var ansi = [10]int{16, 33, 203, 41, 220, 248, 199, 208, 117, 88}

// Text writes the attempts at a task's tests for a terminal: in colours, two columns a
// cell, or as digits. Tests without a result are left out.
func Text(w io.Writer, t *puzzle.ARCTask, results []arc.Result, color bool) error {
	var b strings.Builder
	for _, r := range tests(t, results) {
		b.WriteString(r.title)
		b.WriteByte('\n')
		r.text(&b, color)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// between are the columns between two grids.
const between = 4

// text writes a row's grids side by side below their labels.
func (r *row) text(b *strings.Builder, color bool) {
	tall, widths := 0, make([]int, len(r.grids))
	var labels strings.Builder
	for i, g := range r.grids {
		tall = max(tall, g.Rows)
		widths[i] = max(2*g.Cols, utf8.RuneCountInString(g.say()))
		fmt.Fprintf(&labels, "%-*s", widths[i]+between, g.say())
	}
	b.WriteString(strings.TrimRight(labels.String(), " ") + "\n")
	for y := range tall {
		var out strings.Builder
		for i, g := range r.grids {
			space := widths[i] + between
			if y < g.Rows {
				for _, c := range g.Cells[y*g.Cols : (y+1)*g.Cols] {
					if color {
						fmt.Fprintf(&out, "\x1b[48;5;%dm  \x1b[0m", ansi[c])
					} else {
						fmt.Fprintf(&out, "%d ", c)
					}
				}
				space -= 2 * g.Cols
			}
			if i == 0 && len(r.grids) > 1 && y == g.Rows/2 && y < g.Rows {
				out.WriteString(strings.Repeat(" ", space-3) + "→  ")
			} else {
				out.WriteString(strings.Repeat(" ", space))
			}
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
}
