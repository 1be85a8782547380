package main

import (
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/hrmgo/hrm/runtime/weights"
)

// Okabe and Ito's colours, which colour-blind readers tell apart.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x00, 0x9e, 0x73, 0xff},
	{0xd5, 0x5e, 0x00, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
}

// barWidth of a peer in a group.
const barWidth = 13

// drawFile draws the segments to an .svg or .png file.
func drawFile(path string, rows []Row) error {
	format := strings.TrimPrefix(filepath.Ext(path), ".")
	if format != "svg" && format != "png" {
		return fmt.Errorf("--plot %s: want a name that ends in .svg or .png", path)
	}
	p, err := bars(rows)
	if err != nil {
		return err
	}
	canvas, err := draw.NewFormattedCanvas(24*vg.Centimeter, 11*vg.Centimeter, format)
	if err != nil {
		return err
	}
	p.Draw(draw.New(canvas))
	return weights.ReplaceFile(path, func(w io.Writer) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

// bars has a group of bars for each size, and in it a bar for each peer: how
// many times as long as the first peer it takes.
func bars(rows []Row) (*plot.Plot, error) {
	all := groups(rows)
	if len(all) == 0 {
		return nil, fmt.Errorf("no segments to draw")
	}
	p := plot.New()
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, color.Gray{0xe0}
	p.Add(grid)
	var names, labels []string
	for _, g := range all {
		labels = append(labels, fmt.Sprintf("%d tokens, %d at a time", g.tokens, g.lanes))
		for _, r := range g.of(rows) {
			if !slices.Contains(names, r.name()) {
				names = append(names, r.name())
			}
		}
	}
	for i, name := range names {
		ratios := make(plotter.Values, len(all))
		for k, g := range all {
			some := g.of(rows)
			if at := slices.IndexFunc(some, func(r Row) bool { return r.name() == name }); at >= 0 {
				ratios[k] = some[at].Best / some[0].Best
			}
		}
		bar, err := plotter.NewBarChart(ratios, barWidth)
		if err != nil {
			return nil, err
		}
		bar.Color, bar.LineStyle.Width = palette[i%len(palette)], 0
		bar.Offset = barWidth * vg.Length(float64(i)-float64(len(names)-1)/2)
		p.Add(bar)
		p.Legend.Add(name, bar)
	}
	p.NominalX(labels...)
	p.Title.Text, p.Y.Label.Text, p.Y.Min = "Time of a segment, full-size HRM", "times as long as "+names[0], 0
	p.Y.Max *= 1.4 // room for the legend
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, 2
	p.BackgroundColor = color.White
	return p, nil
}
