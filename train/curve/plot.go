package curve

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Run is one training run to draw.
type Run struct {
	Name    string
	Records []Record
}

// Axis is what the records are drawn over.
type Axis string

const (
	Steps   Axis = "steps"
	Minutes Axis = "minutes" // compares runs that had the same time
)

func (a Axis) x(r Record) float64 {
	if a == Minutes {
		return r.Seconds / 60
	}
	return float64(r.Step)
}

// Okabe and Ito's colours, which colour-blind readers tell apart.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x00, 0x00, 0x00, 0xff},
}

// Draw writes the learning curves of runs as a picture: above the loss in
// training, faint as recorded and bold as a running mean, below the accuracy
// on the validation file, or in training where no run was evaluated. The format
// is "png" or "svg".
func Draw(w io.Writer, format, title string, axis Axis, runs []Run) error {
	loss, accuracy := plot.New(), plot.New()
	loss.Title.Text, loss.Y.Label.Text = title, "training loss"
	accuracy.X.Label.Text, accuracy.Y.Label.Text = string(axis), "validation, %"
	kind := Eval
	if !slices.ContainsFunc(runs, evaluated) {
		kind, accuracy.Y.Label.Text = Train, "training puzzles, %"
	}
	accuracy.Y.Min, accuracy.Y.Max = 0, 100
	for i, run := range runs {
		c := palette[i%len(palette)]
		if err := addLoss(loss, axis, run, c); err != nil {
			return fmt.Errorf("%s: %w", run.Name, err)
		}
		if err := addAccuracy(accuracy, kind, axis, run, c); err != nil {
			return fmt.Errorf("%s: %w", run.Name, err)
		}
	}
	style(loss, true)
	style(accuracy, false)
	accuracy.X.Min, accuracy.X.Max = min(loss.X.Min, accuracy.X.Min), max(loss.X.Max, accuracy.X.Max)
	loss.X.Min, loss.X.Max = accuracy.X.Min, accuracy.X.Max
	return write(w, format, loss, accuracy)
}

func addLoss(p *plot.Plot, axis Axis, run Run, c color.NRGBA) error {
	points := series(axis, run.Records, Train, func(r Record) float64 { return r.Loss })
	if len(points) == 0 {
		return nil
	}
	faint := c
	faint.A = 0x40
	if err := addLine(p, "", points, faint, 0.5, nil); err != nil {
		return err
	}
	return addLine(p, run.Name, smooth(points), c, 1.5, nil)
}

func evaluated(run Run) bool {
	return slices.ContainsFunc(run.Records, func(r Record) bool { return r.Kind == Eval })
}

func addAccuracy(p *plot.Plot, kind Kind, axis Axis, run Run, c color.NRGBA) error {
	exact := series(axis, run.Records, kind, func(r Record) float64 { return 100 * r.ExactAccuracy })
	cells := series(axis, run.Records, kind, func(r Record) float64 { return 100 * r.Accuracy })
	if len(exact) == 0 {
		return nil
	}
	if err := addLine(p, strings.TrimSpace(run.Name+" puzzles solved"), exact, c, 1.5, nil); err != nil {
		return err
	}
	return addLine(p, strings.TrimSpace(run.Name+" cells right"), cells, c, 1, []vg.Length{3, 3})
}

func series(axis Axis, records []Record, kind Kind, y func(Record) float64) plotter.XYs {
	var points plotter.XYs
	for _, r := range records {
		if r.Kind == kind {
			points = append(points, plotter.XY{X: axis.x(r), Y: y(r)})
		}
	}
	return points
}

// smooth is the exponential running mean over about a fiftieth of the points,
// without the pull of its start.
func smooth(points plotter.XYs) plotter.XYs {
	keep := 1 - 1/math.Max(1, float64(len(points))/50)
	out := make(plotter.XYs, len(points))
	var sum, weight float64
	for i, p := range points {
		sum, weight = keep*sum+(1-keep)*p.Y, keep*weight+(1-keep)
		out[i] = plotter.XY{X: p.X, Y: sum / weight}
	}
	return out
}

func addLine(p *plot.Plot, name string, points plotter.XYs, c color.Color, width vg.Length, dashes []vg.Length) error {
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.LineStyle = draw.LineStyle{Color: c, Width: width, Dashes: dashes}
	p.Add(line)
	if name != "" {
		p.Legend.Add(name, line)
	}
	return nil
}

func style(p *plot.Plot, legendTop bool) {
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{0xe0}, color.Gray{0xe0}
	p.Add(grid)
	p.Legend.Top = legendTop
	p.Legend.Padding = 2
	p.BackgroundColor = color.White
}

func write(w io.Writer, format string, rows ...*plot.Plot) error {
	canvas, err := draw.NewFormattedCanvas(20*vg.Centimeter, 16*vg.Centimeter, format)
	if err != nil {
		return err
	}
	area := draw.New(canvas)
	area.SetColor(color.White)
	area.Fill(area.Rectangle.Path())
	grid := make([][]*plot.Plot, len(rows))
	for i, p := range rows {
		grid[i] = []*plot.Plot{p}
	}
	tiles := draw.Tiles{Rows: len(rows), Cols: 1, PadX: 8, PadY: 8, PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 14}
	for i, c := range plot.Align(grid, tiles, area) {
		rows[i].Draw(c[0])
	}
	_, err = canvas.WriteTo(w)
	return err
}
