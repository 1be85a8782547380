package picture

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// SVG writes a task and the attempts at its tests as a picture.
func SVG(w io.Writer, t *puzzle.ARCTask, results []arc.Result) error {
	l := place(t, results)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", l.w, l.h+margin, l.w, l.h+margin)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#ffffff"/>`+"\n")
	text(&b, margin, margin+line/2, "bold", l.title)
	for _, t := range l.titles {
		text(&b, margin, t.y, "normal", t.text)
	}
	for _, a := range l.arrows {
		y := a.y + a.h/2
		fmt.Fprintf(&b, `<path d="M%d %dh%dm-6 -5l6 5l-6 5" fill="none" stroke="#333333" stroke-width="2"/>`+"\n", a.x+12, y, a.w-24)
	}
	for _, g := range l.grids {
		g.svg(&b)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func text(b *strings.Builder, x, y int, weight, s string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="%s" fill="#222222">`, x, y, weight)
	_ = xml.EscapeText(b, []byte(s))
	b.WriteString("</text>\n")
}

// svg draws a grid: its frame and lines as one rectangle, the cells upon it.
func (g *placed) svg(b *strings.Builder) {
	text(b, g.x, g.y-6, "normal", g.say())
	if c, marked := g.frame(); marked {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#%02x%02x%02x"/>`+"\n", g.x-3, g.y-3, g.w+6, g.h+6, c[0], c[1], c[2])
	}
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#555555"/>`+"\n", g.x, g.y, g.w, g.h)
	for i, cell := range g.Cells {
		c := Colors[cell]
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#%02x%02x%02x"/>`+"\n",
			g.x+1+i%g.Cols*g.cell, g.y+1+i/g.Cols*g.cell, g.cell-1, g.cell-1, c[0], c[1], c[2])
	}
}

// frame returns the colour around an attempt that is known to be right or wrong.
func (g *grid) frame() (c [3]uint8, marked bool) {
	switch g.mark {
	case right:
		return [3]uint8{0x1a, 0x8f, 0x2e}, true
	case wrong:
		return [3]uint8{0xc6, 0x28, 0x28}, true
	}
	return c, false
}
