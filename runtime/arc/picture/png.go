package picture

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// PNG writes a task and the attempts at its tests as a picture.
func PNG(w io.Writer, t *puzzle.ARCTask, results []arc.Result) error {
	l := place(t, results)
	p := canvas{image.NewRGBA(image.Rect(0, 0, l.w, l.h+margin))}
	p.fill(box{0, 0, l.w, l.h + margin}, [3]uint8{255, 255, 255})
	p.text(margin, margin+line/2, l.title)
	for _, t := range l.titles {
		p.text(margin, t.y, t.text)
	}
	for _, a := range l.arrows {
		p.arrow(a)
	}
	for _, g := range l.grids {
		p.text(g.x, g.y-6, g.say())
		if c, marked := g.frame(); marked {
			p.fill(box{g.x - 3, g.y - 3, g.w + 6, g.h + 6}, c)
		}
		p.fill(g.box, [3]uint8{0x55, 0x55, 0x55})
		for i, cell := range g.Cells {
			p.fill(box{g.x + 1 + i%g.Cols*g.cell, g.y + 1 + i/g.Cols*g.cell, g.cell - 1, g.cell - 1}, Colors[cell])
		}
	}
	return png.Encode(w, p)
}

type canvas struct{ *image.RGBA }

func (p canvas) fill(b box, c [3]uint8) {
	draw.Draw(p, image.Rect(b.x, b.y, b.x+b.w, b.y+b.h), image.NewUniform(color.RGBA{c[0], c[1], c[2], 255}), image.Point{}, draw.Src)
}

func (p canvas) text(x, y int, s string) {
	d := font.Drawer{Dst: p, Src: image.NewUniform(color.Gray{0x22}), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

func (p canvas) arrow(a box) {
	dark := [3]uint8{0x33, 0x33, 0x33}
	x, y := a.x+12, a.y+a.h/2
	p.fill(box{x, y - 1, a.w - 24, 2}, dark)
	for i := range 6 {
		p.fill(box{x + a.w - 25 - i, y - 1 - i, 2, 2 * (i + 1)}, dark)
	}
}
