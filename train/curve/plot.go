package curve

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
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

// shapes mark points, for those who see no colours.
var shapes = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{},
}

// chart is the two plots of a picture, above the loss and below the accuracy, each
// with its legend beside it.
type chart struct {
	axis           Axis
	loss, accuracy *plot.Plot
	legends        [2]plot.Legend // of loss and accuracy
}

// Draw writes the learning curves of runs as a picture: above the loss, in training
// faint as recorded and bold as a running mean, on the validation files dashed; below
// the accuracy on the validation files, or in training where no run was evaluated. The
// format is "png" or "svg"; an SVG is dark where the reader's screen is.
func Draw(w io.Writer, format, title string, axis Axis, runs []Run) error {
	c := &chart{axis: axis, loss: plot.New(), accuracy: plot.New(), legends: [2]plot.Legend{plot.NewLegend(), plot.NewLegend()}}
	c.loss.Title.Text, c.loss.Y.Label.Text = title, "loss"
	c.accuracy.X.Label.Text, c.accuracy.Y.Label.Text = string(axis), "validation, %"
	kind := Eval
	if !slices.ContainsFunc(runs, evaluated) {
		kind, c.accuracy.Y.Label.Text = Train, "training puzzles, %"
	}
	c.accuracy.Y.Min, c.accuracy.Y.Max = 0, 100
	for _, p := range []*plot.Plot{c.loss, c.accuracy} {
		style(p) // the grid, below the lines
	}
	look := 0
	for _, run := range runs {
		sets := setsOf(run, kind)
		if err := c.addTraining(run, look); err != nil {
			return fmt.Errorf("%s: %w", run.Name, err)
		}
		for _, set := range sets {
			name := run.Name
			if len(sets) > 1 {
				name = strings.TrimSpace(name + " " + set)
			}
			if err := c.addSet(run, kind, set, name, look); err != nil {
				return fmt.Errorf("%s: %w", run.Name, err)
			}
			look++
		}
		if len(sets) == 0 {
			look++
		}
	}
	c.accuracy.X.Min, c.accuracy.X.Max = min(c.loss.X.Min, c.accuracy.X.Min), max(c.loss.X.Max, c.accuracy.X.Max)
	c.loss.X.Min, c.loss.X.Max = c.accuracy.X.Min, c.accuracy.X.Max
	return c.write(w, format)
}

func evaluated(run Run) bool {
	return slices.ContainsFunc(run.Records, func(r Record) bool { return r.Kind == Eval })
}

// setsOf returns the names of the sets that a run has records of a kind about.
func setsOf(run Run, kind Kind) (sets []string) {
	for _, r := range run.Records {
		if r.Kind == kind && !slices.Contains(sets, r.Set) {
			sets = append(sets, r.Set)
		}
	}
	return sets
}

// addTraining draws the loss in training.
func (c *chart) addTraining(run Run, look int) error {
	points := c.series(run.Records, Train, "", func(r Record) float64 { return r.Loss })
	if len(points) == 0 {
		return nil
	}
	faint := line{color: palette[look%len(palette)], width: 0.5}
	faint.color.A = 0x40
	if err := faint.add(c.loss, points); err != nil {
		return err
	}
	bold := line{color: palette[look%len(palette)], width: 1.5, legend: &c.legends[0], name: strings.TrimSpace(run.Name + " training")}
	return bold.add(c.loss, smooth(points))
}

// addSet draws the accuracy on a set, and its loss where that was recorded.
func (c *chart) addSet(run Run, kind Kind, set, name string, look int) error {
	of := func(y func(Record) float64) plotter.XYs { return c.series(run.Records, kind, set, y) }
	l := line{color: palette[look%len(palette)], width: 1.5, shape: shapes[look%len(shapes)], legend: &c.legends[1]}
	l.name = strings.TrimSpace(name + " puzzles solved")
	if err := l.add(c.accuracy, of(func(r Record) float64 { return 100 * r.ExactAccuracy })); err != nil {
		return err
	}
	l.width, l.dashes = 1, []vg.Length{3, 3}
	l.name = strings.TrimSpace(name + " cells right")
	if err := l.add(c.accuracy, of(func(r Record) float64 { return 100 * r.Accuracy })); err != nil {
		return err
	}
	losses := of(func(r Record) float64 { return r.Loss })
	if kind != Eval || !slices.ContainsFunc(losses, func(p plotter.XY) bool { return p.Y > 0 }) {
		return nil // of a release that recorded none
	}
	l.name, l.legend = strings.TrimSpace(name+" validation"), &c.legends[0]
	return l.add(c.loss, losses)
}

func (c *chart) series(records []Record, kind Kind, set string, y func(Record) float64) plotter.XYs {
	var points plotter.XYs
	for _, r := range records {
		if r.Kind == kind && r.Set == set {
			points = append(points, plotter.XY{X: c.axis.x(r), Y: y(r)})
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

// line is how points are drawn.
type line struct {
	color  color.NRGBA
	width  vg.Length
	dashes []vg.Length
	shape  draw.GlyphDrawer // of the markers, nil for none
	legend *plot.Legend     // nil for none
	name   string           // in the legend
}

// maxMarkers is how many points of a line are marked at most.
const maxMarkers = 30

func (l line) add(p *plot.Plot, points plotter.XYs) error {
	if len(points) == 0 {
		return nil
	}
	drawn, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	drawn.LineStyle = draw.LineStyle{Color: l.color, Width: l.width, Dashes: l.dashes}
	p.Add(drawn)
	thumbs := []plot.Thumbnailer{drawn}
	if l.shape == nil && len(points) == 1 {
		l.shape = draw.CircleGlyph{} // a line of one point is nothing
	}
	if l.shape != nil {
		marks, err := plotter.NewScatter(some(points, maxMarkers))
		if err != nil {
			return err
		}
		marks.GlyphStyle = draw.GlyphStyle{Color: l.color, Radius: 2.2, Shape: l.shape}
		p.Add(marks)
		thumbs = append(thumbs, marks)
	}
	if l.legend != nil && l.name != "" {
		l.legend.Add(l.name, thumbs...)
	}
	return nil
}

// some returns n of the points, or all where there are fewer, with the last.
func some(points plotter.XYs, n int) plotter.XYs {
	step := (len(points) + n - 1) / n
	var out plotter.XYs
	for i := len(points) - 1; i >= 0; i -= step {
		out = append(out, points[i])
	}
	return out
}

// Colours that an SVG changes where the screen is dark.
var (
	paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	rules = color.NRGBA{0xe0, 0xe0, 0xe0, 0xff}
)

// dark is the style of an SVG on a dark screen.
const dark = `<style>
text { font-family: "Liberation Sans", Arial, Helvetica, sans-serif !important }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
path[style*="fill:#FFFFFF"] { fill: #0d1117 !important }
path:not([style*="fill"]) { fill: #e6edf3 !important }
path[style*="stroke:#000000"] { stroke: #e6edf3 !important }
path[style*="stroke:#E0E0E0"] { stroke: #30363d !important }
path[style*="stroke:#0072B2"] { stroke: #4aa3df !important }
path[style*="fill:#0072B2"] { fill: #4aa3df !important }
path[style*="stroke:#D55E00"] { stroke: #ff8c42 !important }
path[style*="fill:#D55E00"] { fill: #ff8c42 !important }
path[style*="stroke:#009E73"] { stroke: #2bcf9f !important }
path[style*="fill:#009E73"] { fill: #2bcf9f !important }
}
</style>
`

func style(p *plot.Plot) {
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = rules, rules
	p.Add(grid)
	p.BackgroundColor = paper
	for _, t := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		t.Font.Variant = "Sans"
	}
}

// Sizes of the picture.
const (
	plotWidth  = 18 * vg.Centimeter
	height     = 16 * vg.Centimeter
	legendGap  = 4 * vg.Millimeter
	legendFrom = 5 * vg.Millimeter // below the top of its plot
)

func (c *chart) write(w io.Writer, format string) error {
	beside := vg.Length(0)
	for i := range c.legends {
		l := &c.legends[i]
		l.Top, l.Left, l.Padding, l.TextStyle.Font.Variant = true, true, 2, "Sans"
		beside = max(beside, l.Rectangle(draw.Canvas{}).Size().X)
	}
	if format == "svg" {
		beside *= 1.2 // a reader's font may be wider than the one measured
	}
	canvas, err := draw.NewFormattedCanvas(plotWidth+legendGap+beside, height, format)
	if err != nil {
		return err
	}
	area := draw.New(canvas)
	area.SetColor(paper)
	area.Fill(area.Rectangle.Path())
	tiles := draw.Tiles{Rows: 2, Cols: 1, PadX: 8, PadY: 8, PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 6}
	grid := [][]*plot.Plot{{c.loss}, {c.accuracy}}
	for i, row := range plot.Align(grid, tiles, draw.Crop(area, 0, -beside-legendGap, 0, 0)) {
		grid[i][0].Draw(row[0])
		right := row[0]
		right.Min.X, right.Max.X = row[0].Max.X+legendGap, area.Max.X
		right.Max.Y -= legendFrom
		c.legends[i].Draw(right)
	}
	if format != "svg" {
		_, err = canvas.WriteTo(w)
		return err
	}
	var picture bytes.Buffer
	if _, err = canvas.WriteTo(&picture); err != nil {
		return err
	}
	at := bytes.Index(picture.Bytes(), []byte("<g ")) // behind <svg ...>
	if at < 0 {
		at = picture.Len()
	}
	return errors.Join(write(w, picture.Bytes()[:at]), write(w, []byte(dark)), write(w, picture.Bytes()[at:]))
}

func write(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}
