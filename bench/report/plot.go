package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// Sizes of a drawing, in pixels.
const (
	plotWidth = 720
	left      = 300 // of the bars
	right     = 640 // of the longest bar; labels stand behind
	barStep   = 24
	top       = 44
)

// head begins a drawing that follows dark screens.
const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img" aria-label="%s">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 }
.small { font-size: 11px; fill: #59636e } line { stroke: #d1d9e0 } rect { fill: #9aa4af } .hrm { fill: #0072b2 }
polyline { fill: none; stroke: #0072b2; stroke-width: 2 } circle { fill: #0072b2 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .small { fill: #9198a1 } line { stroke: #3d444d } }
</style>
`

// draw returns a table's plot as SVG.
func (t *Table) draw() (string, error) {
	if t.Plot.Curve {
		return t.curve()
	}
	return t.bars()
}

// bars draws a bar for each row, with its value behind it; those of hrm are blue.
func (t *Table) bars() (string, error) {
	p := t.Plot
	var shown []Row
	var values []float64
	for _, row := range t.Rows {
		if row.Values[p.Column] == nil || len(p.Machines) > 0 && !slices.Contains(p.Machines, row.Machine) {
			continue
		}
		v, err := row.Values[p.Column].Float64()
		if err != nil || v <= 0 {
			return "", fmt.Errorf("%s: cannot draw %v", row.Name, row.Values[p.Column])
		}
		shown, values = append(shown, row), append(values, v)
	}
	s := newScale(values, p.Log)
	height := top + barStep*len(shown) + 30
	var b strings.Builder
	fmt.Fprintf(&b, head, plotWidth, height, plotWidth, html.EscapeString(p.Title))
	fmt.Fprintf(&b, "<text class=\"title\" x=\"12\" y=\"22\">%s</text>\n", html.EscapeString(p.Title))
	for _, tick := range s.ticks() {
		x := left + s.at(tick)*(right-left)
		fmt.Fprintf(&b, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x, x, top-6, height-28)
		fmt.Fprintf(&b, "<text class=\"small\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, height-14, number(tick))
	}
	for i, row := range shown {
		y, class := top+barStep*i, ""
		if ours(row.Name) {
			class = ` class="hrm"`
		}
		width := s.at(values[i]) * (right - left)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left-8, y+13, html.EscapeString(row.label()))
		fmt.Fprintf(&b, "<rect%s x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"17\"/>\n", class, left, y, width)
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", left+width+6, y+13, digits(row.Values[p.Column]))
	}
	fmt.Fprintf(&b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n</svg>\n", left-8, height-14, html.EscapeString(p.Axis))
	return b.String(), nil
}

// label is the name with the machine.
func (r Row) label() string {
	if r.Machine == "" {
		return r.Name
	}
	return r.Name + ", " + r.Machine
}

// ours says whether a bar is one of this module's.
func ours(name string) bool {
	return !strings.HasPrefix(name, "ONNX") && !strings.HasPrefix(name, "PyTorch") &&
		!strings.Contains(name, "onnxruntime") && !strings.HasPrefix(name, "published")
}

// scale places numbers between 0 and 1.
type scale struct {
	low, high float64
	log       bool
}

// newScale begins at zero, or, logarithmic, at the power of ten below half the least.
func newScale(values []float64, log bool) scale {
	s := scale{0, slices.Max(values), log}
	if log {
		s.low = math.Pow(10, math.Floor(math.Log10(slices.Min(values)/2)))
	}
	return s
}

func (s scale) at(v float64) float64 {
	if s.log {
		return math.Log(v/s.low) / math.Log(s.high/s.low)
	}
	return (v - s.low) / (s.high - s.low)
}

// ticks are round numbers of the axis.
func (s scale) ticks() (ticks []float64) {
	if !s.log {
		step := math.Pow(10, math.Floor(math.Log10(s.high)))
		if s.high/step < 4 {
			step /= 4
		}
		for v := 0.0; v <= s.high; v += step {
			ticks = append(ticks, v)
		}
		return ticks
	}
	for v := s.low; v <= s.high; v *= 10 {
		for _, k := range []float64{1, 2, 5} {
			if k*v <= s.high {
				ticks = append(ticks, k*v)
			}
		}
	}
	return ticks
}

// curve draws one column over the first, a point with its name for each row.
func (t *Table) curve() (string, error) {
	p := t.Plot
	var xs, ys []float64
	for _, row := range t.Rows {
		x, err := row.Values[0].Float64()
		if err != nil {
			return "", err
		}
		y, err := row.Values[p.Column].Float64()
		if err != nil {
			return "", err
		}
		xs, ys = append(xs, x), append(ys, y)
	}
	const height, bottom, from, to = 320, 264, 70, 560
	across := newScale(xs, p.Log)
	across.high *= 1.3
	up := scale{low: math.Floor(slices.Min(ys)/10) * 10, high: math.Ceil(slices.Max(ys)/10) * 10}
	step := 5.0
	for (up.high-up.low)/step > 12 {
		step *= 2
	}
	if len(p.Units) != 2 {
		return "", fmt.Errorf("units are %q, want those of both axes", p.Units)
	}
	var b strings.Builder
	fmt.Fprintf(&b, head, plotWidth, height, plotWidth, html.EscapeString(p.Title))
	fmt.Fprintf(&b, "<text class=\"title\" x=\"12\" y=\"22\">%s</text>\n", html.EscapeString(p.Title))
	for _, tick := range across.ticks() {
		x := from + across.at(tick)*(to-from)
		fmt.Fprintf(&b, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x, x, top, bottom)
		fmt.Fprintf(&b, "<text class=\"small\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, bottom+18, number(tick))
	}
	for v := up.low; v <= up.high; v += step {
		y := bottom - up.at(v)*(bottom-top)
		fmt.Fprintf(&b, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", from, to, y, y)
		fmt.Fprintf(&b, "<text class=\"small\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s %s</text>\n", from-8, y+4, number(v), p.Units[1])
	}
	var line, points strings.Builder
	for i, row := range t.Rows {
		x, y := from+across.at(xs[i])*(to-from), bottom-up.at(ys[i])*(bottom-top)
		fmt.Fprintf(&line, "%.1f,%.1f ", x, y)
		fmt.Fprintf(&points, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>\n", x, y)
		fmt.Fprintf(&points, "<text x=\"%.1f\" y=\"%.1f\">%s: %s %s, %s %s</text>\n", x+10, y+16, html.EscapeString(row.Name),
			digits(row.Values[p.Column]), p.Units[1], digits(row.Values[0]), p.Units[0])
	}
	fmt.Fprintf(&b, "<polyline points=\"%s\"/>\n%s", strings.TrimSpace(line.String()), points.String())
	fmt.Fprintf(&b, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n</svg>\n", (from+to)/2, height-14, html.EscapeString(p.Axis))
	return b.String(), nil
}
