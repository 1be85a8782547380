package puzzle

// Tokens that stand in the legend alone, behind those of the canvas: 12 to 19 say
// how a form is turned, 20 to 28 which colour stands for one of the task.
const (
	arcTurned  = 12
	arcPainted = 20
	arcVocab   = arcPainted + 9
)

// ARCLayout says how the grids of one task lie in a model that takes them at their
// true size. The tokens of a form are
//
//	turned painted painted ...       the legend, in as many rows as it needs
//	cell   cell    cell    ...       the input on a canvas, in its corner
//	cell   cell    cell    ...
//
// The legend says how the form is turned, and of every colour of the task but black, in
// the order of its number, which colour stands for it; so that a rule about a certain
// colour or direction holds in every form. What is left of its last row is padding.
//
// The canvas has room for the input and for the output, whose size is that of all
// demonstrations, or of the input, or a whole multiple or part of it, if one of these
// is so in all demonstrations, rows and columns apart; else at most that of the largest
// demonstration. A grid that is smaller than its canvas has an end marker in the row
// below it and in the column to its right, as on the published canvas. So a size that
// follows from the demonstrations costs no cell, and the model says any other.
type ARCLayout struct {
	rows, cols sizeRule
	colors     []uint8 // of which the legend tells: those of demonstrations and test inputs, or all; without 0
}

// NewARCLayout reads the layout from the demonstrations of a task, and the colours from
// its test inputs too, or takes all nine. It does not look at outputs of tests.
func NewARCLayout(t *ARCTask, allColours bool) *ARCLayout {
	l := &ARCLayout{}
	var seen [10]bool
	note := func(g ARCGrid) {
		for _, c := range g.Cells {
			seen[c] = true
		}
	}
	var rows, cols [][2]int
	for _, p := range t.Train {
		note(p.Input)
		note(p.Output)
		rows = append(rows, [2]int{p.Input.Rows, p.Output.Rows})
		cols = append(cols, [2]int{p.Input.Cols, p.Output.Cols})
	}
	for _, p := range t.Test {
		note(p.Input)
	}
	for c := uint8(1); c < 10; c++ {
		if seen[c] || allColours {
			l.colors = append(l.colors, c)
		}
	}
	l.rows, l.cols = newSizeRule(rows), newSizeRule(cols)
	return l
}

// sizeRule says how many rows or columns a task's output has at most.
type sizeRule struct {
	mul, div int // of the input's; 0: size
	size     int
}

// newSizeRule finds the rule of pairs of input and output sizes.
func newSizeRule(pairs [][2]int) sizeRule {
	all := func(holds func(in, out int) bool) bool {
		for _, p := range pairs {
			if !holds(p[0], p[1]) {
				return false
			}
		}
		return len(pairs) > 0
	}
	most := 0
	for _, p := range pairs {
		most = max(most, p[1])
	}
	switch {
	case all(func(in, out int) bool { return in == out }):
		return sizeRule{mul: 1, div: 1}
	case all(func(_, out int) bool { return out == most }):
		return sizeRule{size: most}
	}
	for k := 2; k <= ARCSide; k++ {
		switch {
		case all(func(in, out int) bool { return in*k == out }):
			return sizeRule{mul: k, div: 1}
		case all(func(in, out int) bool { return in == out*k }):
			return sizeRule{mul: 1, div: k}
		}
	}
	return sizeRule{size: most}
}

// of returns the rows or columns of the canvas.
func (r sizeRule) of(in int) int {
	out := r.size
	if r.mul > 0 {
		out = in * r.mul / r.div
	}
	return min(max(in, out, 1), ARCSide)
}

// canvas returns the size of the canvas in a form.
func (l *ARCLayout) canvas(a *Augmentation, input ARCGrid) (rows, cols int) {
	return a.Size(l.rows.of(input.Rows), l.cols.of(input.Cols))
}

// legend returns the rows of the legend above a canvas.
func (l *ARCLayout) legend(cols int) int { return (len(l.colors) + cols) / cols }

// Size returns the rows and columns of a form's tokens.
func (l *ARCLayout) Size(a *Augmentation, input ARCGrid) (rows, cols int) {
	rows, cols = l.canvas(a, input)
	return rows + l.legend(cols), cols
}

// Question writes the tokens of a form, of which there are as many as Size says.
// Nothing is allocated.
func (l *ARCLayout) Question(a *Augmentation, input ARCGrid, tokens []int32) {
	rows, cols := l.canvas(a, input)
	legend := l.legend(cols) * cols
	clear(tokens[:legend])
	tokens[0] = arcTurned + int32(a.Dihedral)
	for i, c := range l.colors {
		tokens[1+i] = arcPainted + int32(a.Colors[c]) - 1
	}
	a.place(tokens[legend:legend+rows*cols], cols, input, 0, 0)
}

// Labels writes what a model is to say about a form, one label a token and ignore
// where there is none, and reports whether the output fits the canvas.
func (l *ARCLayout) Labels(a *Augmentation, p ARCPair, ignore int32, labels []int32) bool {
	if p.Output.Rows > l.rows.of(p.Input.Rows) || p.Output.Cols > l.cols.of(p.Input.Cols) {
		return false
	}
	rows, cols := l.canvas(a, p.Input)
	legend := l.legend(cols) * cols
	clear(labels[:legend])
	a.place(labels[legend:legend+rows*cols], cols, p.Output, 0, 0)
	for i, t := range labels[:legend+rows*cols] {
		if t == 0 {
			labels[i] = ignore
		}
	}
	return true
}

// Answer reads the output from what a model says about a form, and undoes the form.
func (l *ARCLayout) Answer(a *Augmentation, input ARCGrid, tokens []int32) ARCGrid {
	_, cols := l.canvas(a, input)
	return a.Undo(crop(tokens[l.legend(cols)*cols:], cols, 0, 0))
}

// Sure returns how sure a model is of the answer, cell by cell, from what it is of the
// tokens [S] of the task's own form.
func (l *ARCLayout) Sure(input, answer ARCGrid, tokens []float32) []float32 {
	own := NoAugmentation
	_, cols := l.canvas(&own, input)
	canvas := tokens[l.legend(cols)*cols:]
	sure := make([]float32, 0, len(answer.Cells))
	for r := range answer.Rows {
		sure = append(sure, canvas[r*cols:][:answer.Cols]...)
	}
	return sure
}
