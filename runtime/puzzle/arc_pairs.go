package puzzle

import (
	"fmt"
)

// answersOrPairs reads a list of grids, the solutions of a task, or of pairs.
func (p *arcParser) answersOrPairs(t *ARCTask) error {
	grids := false
	err := p.array(func() error {
		c, err := p.peek()
		if err != nil {
			return err
		}
		var pair ARCPair
		switch c {
		case '[':
			grids = true
			pair.Output, err = p.grid()
		case '{':
			var e arcEntry
			if e, err = p.entry(); !e.isPair {
				p.note("no pair, want {\"input\": ..., \"output\": ...}")
			}
			pair = e.pair
			p.checkPair(&pair, "test", len(t.Test))
		default:
			p.note("found %q, want a pair or a grid", c)
			err = p.skip()
		}
		t.Test = append(t.Test, pair)
		return err
	})
	if err == nil && len(t.Test) == 0 {
		p.note("an empty list, want pairs or grids")
	}
	if grids && len(t.Test) > 0 && len(t.Test[0].Input.Cells) > 0 {
		p.note("a list of pairs and grids")
	}
	return err
}

// entry reads an object.
func (p *arcParser) entry() (e arcEntry, err error) {
	err = p.object(func(key string) error {
		if p.isPart(key) {
			return p.part(&e, key)
		}
		if c, err := p.peek(); err == nil && c == '"' && isName(key) {
			e.ID, err = p.string()
			return err
		}
		return p.skip()
	})
	return e, err
}

// isPart reports the keys of a task and of a pair.
func (p *arcParser) isPart(key string) bool {
	return key == "train" || key == "test" || key == "input" || key == "output"
}

// part reads the value of a key of a task or pair.
func (p *arcParser) part(e *arcEntry, key string) (err error) {
	switch key {
	case "input":
		e.isPair = true
		e.pair.Input, err = p.grid()
	case "output":
		e.isPair = true
		e.pair.Output, err = p.output()
	default:
		e.isTask = true
		err = p.pairs(&e.ARCTask, key)
	}
	return err
}

func (p *arcParser) checkTask(t *ARCTask) {
	if len(t.Train) == 0 && len(t.Test) == 0 {
		p.note("a task without pairs, want lists train and test")
	}
}

// checkPair notes what a pair lacks.
func (p *arcParser) checkPair(pair *ARCPair, key string, i int) {
	if len(pair.Input.Cells) == 0 {
		p.note("%s pair %d has no input", key, i)
	}
	if len(pair.Output.Cells) == 0 && key == "train" {
		p.note("%s pair %d has no output", key, i)
	}
}

// arcParser reads the parts of a task. What is wrong in it, though the JSON is
// sound, is noted once, and reading goes on.
type arcParser struct {
	*jsonScanner
	bad *Error
}

func (p *arcParser) note(format string, args ...any) {
	if p.bad == nil {
		p.bad = p.fail(format, args...)
	}
}

// list reads an array, or notes and skips what is none.
func (p *arcParser) list(f func() error) error {
	if ok, err := p.is('[', p.note); !ok {
		return err
	}
	return p.array(f)
}

// pairs reads the list train or test into a task.
func (p *arcParser) pairs(t *ARCTask, key string) error {
	list := &t.Train
	if key == "test" {
		list = &t.Test
	}
	return p.list(func() error {
		if ok, err := p.is('{', p.note); !ok {
			return err
		}
		e, err := p.entry()
		if err != nil {
			return err
		}
		p.checkPair(&e.pair, key, len(*list))
		*list = append(*list, e.pair)
		return nil
	})
}

// output reads a grid, or null or a list of nothing for one that is not given.
func (p *arcParser) output() (g ARCGrid, err error) {
	c, err := p.peek()
	switch {
	case err != nil:
		return g, err
	case c == 'n':
		return g, p.skip()
	}
	return p.rows()
}

// grid reads rows of colours.
func (p *arcParser) grid() (g ARCGrid, err error) {
	g, err = p.rows()
	if err == nil && len(g.Cells) == 0 {
		p.note("a grid without cells")
	}
	return g, err
}

// rows is grid of what may have no cells.
func (p *arcParser) rows() (g ARCGrid, err error) {
	err = p.list(func() error {
		cols, err := p.row(&g)
		switch {
		case err != nil:
			return err
		case g.Rows == 0:
			g.Cols = cols
		case cols != g.Cols:
			p.note("a row of %d cells, want %d as in the first row", cols, g.Cols)
		}
		if g.Rows++; g.Rows > ARCSide {
			p.note("a grid of more than %d rows", ARCSide)
		}
		return nil
	})
	return g, err
}

// row appends a row to a grid and returns its number of cells. Nothing is
// kept beyond the size of a canvas.
func (p *arcParser) row(g *ARCGrid) (cols int, err error) {
	err = p.list(func() error {
		v, err := p.color()
		if err != nil {
			return err
		}
		if cols++; cols > ARCSide {
			p.note("a row of more than %d cells", ARCSide)
		} else if g.Rows < ARCSide {
			g.Cells = append(g.Cells, v)
		}
		return nil
	})
	return cols, err
}

func (p *arcParser) color() (uint8, error) {
	c, err := p.peek()
	if err != nil {
		return 0, err
	}
	if c != '-' && (c < '0' || c > '9') {
		p.note("found %q, want a colour 0 to 9", c)
		return 0, p.skip()
	}
	line, col := p.line, p.col
	text, err := p.number()
	if err != nil {
		return 0, err
	}
	if len(text) != 1 {
		if p.bad == nil {
			p.bad = &Error{Line: line, Column: col, Err: fmt.Errorf("found %s, want a colour 0 to 9", text)}
		}
		return 0, nil
	}
	return text[0] - '0', nil
}
