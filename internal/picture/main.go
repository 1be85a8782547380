// Command picture draws how the embedded model thinks about a sudoku, a grid for each
// segment, into docs/thinking.svg. Run it at the root of the repository:
//
//	go run ./internal/picture
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hrmgo/hrm"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// question is a generated sudoku that takes the model a few segments.
const question = "...1...7..18......2.46...9..8......1.9..2..6...5....376.274.......8......4..59..."

const path = "docs/thinking.svg"

func main() { os.Exit(run()) }

func run() int {
	looks, err := think(context.Background())
	if err == nil {
		err = os.WriteFile(path, []byte(draw(looks)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		return 1
	}
	return 0
}

// look is the grid after a segment, with the probability of each digit.
type look struct {
	text string
	sure []float32
}

func think(ctx context.Context) (looks []look, err error) {
	s, err := hrm.Open("sudoku")
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for l, err := range s.Looks(ctx, question) {
		if err != nil {
			return nil, err
		}
		looks = append(looks, look{puzzle.Sudoku{}.Decode(l.Tokens), l.Confidence})
	}
	return looks, nil
}

// Sizes in pixels.
const (
	cell = 19
	gap  = 18
	top  = 30
)

const style = `<style>
text { font: 13px ui-monospace, monospace; text-anchor: middle; fill: #1f2328 }
.head { font: 13px system-ui, sans-serif; text-anchor: start } .given { font-weight: 700 }
.sure { fill: #1a7f37 } .unsure { fill: #9a6700 } .clash { fill: #cf222e; font-weight: 700 }
rect { fill: #ddf4ff } path { stroke: #59636e; stroke-width: 1.5; fill: none } .thin { stroke: #d1d9e0; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .sure { fill: #3fb950 } .unsure { fill: #d29922 }
.clash { fill: #f85149 } rect { fill: #1b3a57 } .thin { stroke: #3d444d } }
</style>
`

// draw returns the grids side by side: green is sure, yellow is not, red clashes with
// another cell, and what changed since the segment before lies on blue.
func draw(looks []look) string {
	width, height := len(looks)*(9*cell+gap)+gap, top+9*cell+12
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"A sudoku after each segment of thinking\">\n%s", width, height, width, style)
	before := question
	for i, l := range looks {
		left := gap + i*(9*cell+gap)
		fmt.Fprintf(&b, "<text class=\"head\" x=\"%d\" y=\"19\">segment %d: %s</text>\n", left, i+1, count(l.text))
		for at := range l.text {
			l.cell(&b, left, at, i > 0 && l.text[at] != before[at])
		}
		lines(&b, left)
		before = l.text
	}
	return b.String() + "</svg>\n"
}

// cell draws one digit.
func (l look) cell(b *strings.Builder, left, at int, changed bool) {
	x, y := left+at%9*cell, top+at/9*cell
	if changed {
		fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", x, y, cell, cell)
	}
	class := "unsure"
	switch {
	case question[at] != '.':
		class = "given"
	case clashes(l.text, at):
		class = "clash"
	case l.sure[at] > 0.9:
		class = "sure"
	}
	fmt.Fprintf(b, "<text class=\"%s\" x=\"%d\" y=\"%d\">%c</text>\n", class, x+cell/2, y+cell-5, l.text[at])
}

func lines(b *strings.Builder, left int) {
	for i := range 10 {
		class := ` class="thin"`
		if i%3 == 0 {
			class = ""
		}
		fmt.Fprintf(b, "<path%s d=\"M%d %dh%dM%d %dv%d\"/>\n", class, left, top+i*cell, 9*cell, left+i*cell, top, 9*cell)
	}
}

// clashes says whether another cell of the row, column or box has the digit.
func clashes(text string, at int) bool {
	for other := range text {
		same := other/9 == at/9 || other%9 == at%9 || other/27 == at/27 && other%9/3 == at%9/3
		if other != at && same && text[other] == text[at] {
			return true
		}
	}
	return false
}

// count says how many cells clash.
func count(text string) string {
	n := 0
	for at := range text {
		if clashes(text, at) {
			n++
		}
	}
	if n == 0 {
		return "solved"
	}
	return fmt.Sprintf("%d cells clash", n)
}
