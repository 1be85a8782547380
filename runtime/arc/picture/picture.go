// Package picture draws ARC tasks and the attempts at them as the ARC site does:
// demonstrations, tests, answers, on a terminal, as SVG and as PNG.
package picture

import (
	"fmt"
	"slices"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// Colors are the public viewer's ten colours.
var Colors = [10][3]uint8{
	{0x00, 0x00, 0x00}, {0x00, 0x74, 0xd9}, {0xff, 0x41, 0x36}, {0x2e, 0xcc, 0x40}, {0xff, 0xdc, 0x00},
	{0xaa, 0xaa, 0xaa}, {0xf0, 0x12, 0xbe}, {0xff, 0x85, 0x1b}, {0x7f, 0xdb, 0xff}, {0x87, 0x0c, 0x25},
}

// row is grids that stand side by side.
type row struct {
	title string
	grids []grid
}

// grid is a grid and what is said above it.
type grid struct {
	puzzle.ARCGrid
	label string
	mark  mark
}

// mark says whether an attempt is right.
type mark uint8

const (
	plain mark = iota
	right
	wrong
)

// demonstrations returns what is drawn of a task's.
func demonstrations(t *puzzle.ARCTask) (all []row) {
	for i, p := range t.Train {
		all = append(all, row{fmt.Sprintf("demonstration %d", i+1), []grid{{p.Input, "input", plain}, {p.Output, "output", plain}}})
	}
	return all
}

// tests returns what is drawn of each test that has a result, or without any of all: the
// input, the attempts, and the answer where it is known and no attempt is right.
func tests(t *puzzle.ARCTask, results []arc.Result) (all []row) {
	for i, p := range t.Test {
		if len(results) > 0 && !slices.ContainsFunc(results, func(r arc.Result) bool { return r.Test == i }) {
			continue
		}
		r := row{fmt.Sprintf("test %d", i+1), []grid{{p.Input, "input", plain}}}
		known := len(p.Output.Cells) > 0
		solved := false
		for _, res := range results {
			if res.Test != i {
				continue
			}
			for k, a := range res.Attempts {
				g := grid{a.Grid, fmt.Sprintf("attempt %d, %d of %d votes", k+1, a.Votes, res.Forms), plain}
				if known && a.Grid.Equal(p.Output) {
					g.mark, solved = right, true
				} else if known {
					g.mark = wrong
				}
				r.grids = append(r.grids, g)
			}
		}
		if known && !solved {
			r.grids = append(r.grids, grid{p.Output, "answer", plain})
		}
		all = append(all, r)
	}
	return all
}

// say adds to a label whether it is right.
func (g *grid) say() string {
	return g.label + [...]string{"", ": right", ": wrong"}[g.mark]
}

// box is a place in a picture, in pixels.
type box struct{ x, y, w, h int }

// placed is a grid in its place.
type placed struct {
	grid
	box
	cell int // side of a cell with its line
}

// layout is a picture: titles, grids, arrows.
type layout struct {
	w, h   int
	title  string
	titles []struct {
		y    int
		text string
	}
	grids  []placed
	arrows []box
}

const (
	margin   = 16
	gap      = 56 // between grids, with the arrow
	line     = 18 // of text
	letter   = 7  // width of a character
	mostCell = 28
	mostSide = 300 // of a grid
)

// place puts the rows of a task below each other.
func place(t *puzzle.ARCTask, results []arc.Result) *layout {
	l := &layout{w: 2 * margin, h: margin + line, title: t.ID}
	if l.title == "" {
		l.title = "task"
	}
	all, side := append(demonstrations(t), tests(t, results)...), 1
	for _, r := range all {
		for _, g := range r.grids {
			side = max(side, g.Rows, g.Cols)
		}
	}
	cell := max(3, min(mostCell, mostSide/side))
	for _, r := range all {
		l.add(r, cell)
	}
	l.w = max(l.w, 2*margin+letter*len(l.title))
	return l
}

func (l *layout) add(r row, cell int) {
	l.titles = append(l.titles, struct {
		y    int
		text string
	}{l.h + line, r.title})
	top, x, tall := l.h+2*line+6, margin, 0
	for i, g := range r.grids {
		if i == 1 {
			l.arrows = append(l.arrows, box{x - gap, top, gap, 0})
		}
		b := box{x, top, g.Cols*cell + 1, g.Rows*cell + 1}
		l.grids = append(l.grids, placed{g, b, cell})
		x += max(b.w, letter*len(g.say())) + gap
		tall = max(tall, b.h)
	}
	for i := range l.arrows[max(0, len(l.arrows)-1):] {
		a := &l.arrows[len(l.arrows)-1-i]
		if a.y == top {
			a.x, a.h = margin+l.grids[len(l.grids)-len(r.grids)].w, l.grids[len(l.grids)-len(r.grids)].h
			a.w = l.grids[len(l.grids)-len(r.grids)+1].x - a.x
		}
	}
	l.w, l.h = max(l.w, x-gap+margin), top+tall+margin/2
}
