package puzzle

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineKind is what a line of text is to the grids around it.
type lineKind int

const (
	lineText  lineKind = iota // a caption, a comment, statistics
	lineEmpty                 // nothing
	lineRule                  // of a frame
	lineRow                   // a row, which bad may say is wrong
	lineGrids                 // whole grids
	lineBad                   // meant as a whole grid, and wrong
)

// parsed is a line of text.
type parsed struct {
	kind lineKind
	rows []row
	bad  *Error // of lineBad and lineRow what is wrong; of lineText why it is no grid
}

// symbol is a character that is no separator, and its column from 1.
type symbol struct {
	c   rune
	col int
}

// parse reads a line.
func (r *textReader) parse(line string) parsed {
	if line == "" {
		return parsed{kind: lineEmpty}
	}
	if !r.lay.loose {
		symbols := allSymbols(line, func(rune) bool { return false })
		if r.resize != nil && len(r.rows) == 0 {
			r.task = r.resize(symbols)
			r.lay = r.task.layout()
		}
		return r.cells(symbols)
	}
	trimmed := strings.TrimFunc(line, isSpace)
	switch {
	case trimmed == "" && len(line) == r.lay.cols && strings.Trim(line, " ") == "":
		return parsed{kind: lineRow, rows: []row{r.spaces(line)}}
	case trimmed == "":
		return parsed{kind: lineEmpty}
	case strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "//"):
		return parsed{kind: lineText}
	}
	if len(line) >= r.task.SeqLen() {
		if p, ok := r.runs(line); ok {
			return p
		}
	}
	return r.loose(line)
}

// cells takes every symbol as a cell: an unknown one counts too, and is the
// error.
func (r *textReader) cells(symbols []symbol) parsed {
	w, known := r.row(symbols, 0)
	n := len(symbols)
	var bad *Error
	if i := slices.IndexFunc(symbols, func(s symbol) bool { _, ok := r.lay.token(s.c); return !ok }); i >= 0 {
		bad = &Error{Line: w.line, Column: symbols[i].col, Err: fmt.Errorf("found %q, %s", symbols[i].c, r.lay.want)}
	}
	switch {
	case bad != nil && !r.meant(symbols, known):
		return parsed{kind: lineText, bad: bad}
	case (n > 2*r.lay.cols || n == r.task.SeqLen() && n > r.lay.cols) && bad == nil:
		return parsed{kind: lineGrids, rows: []row{w}}
	case n > 2*r.lay.cols:
		return parsed{kind: lineBad, bad: bad}
	case bad == nil && n != r.lay.cols:
		bad = r.miscounted(&w)
	}
	return parsed{kind: lineRow, rows: []row{w}, bad: bad}
}

// meant reports whether a line with unknown symbols is a grid or row with a
// mistake, not text: most of it are cells, and it is about as long as it should
// be.
func (r *textReader) meant(symbols []symbol, known int) bool {
	n, cols, all := len(symbols), r.lay.cols, r.task.SeqLen()
	if !r.lay.loose {
		n = len(slices.DeleteFunc(slices.Clone(symbols), func(s symbol) bool { return s.c == ' ' }))
		known -= len(symbols) - n
		return 4*known >= 3*n && 2*len(symbols) >= cols
	}
	return n == cols && 3*known >= 2*n || 4*known >= 3*n && 4*n >= 3*all && 4*n <= 5*all
}

// row makes a row of symbols, of which one may be another symbol for a blank.
// known is how many of them are cells.
func (r *textReader) row(symbols []symbol, blank rune) (w row, known int) {
	n := min(len(symbols), r.task.SeqLen()+1)
	w = row{line: r.lines.n, tokens: make([]int32, 0, n), columns: make([]int, 0, n), blank: blank}
	for i, s := range symbols {
		t, ok := r.lay.token(s.c)
		if s.c == blank {
			t, ok = r.lay.blank, true
		}
		if ok {
			known++
		}
		if r.lay.loose && ok && t == r.lay.blank && blank == 0 {
			w.blank = '.'
		}
		if i < n || !r.lay.loose {
			w.tokens, w.columns = append(w.tokens, t), append(w.columns, s.col)
		}
	}
	return w, known
}

// loose reads a line of a layout with frames, which holds no run of a whole
// grid.
func (r *textReader) loose(line string) parsed {
	if w, ok := r.fields(line); ok {
		return r.sized(w)
	}
	if rows, ok := r.joined(line); ok {
		return parsed{kind: lineGrids, rows: []row{rows}}
	}
	symbols := allSymbols(line, isSeparator)
	if w, ok := r.cellsOrBlanks(symbols); ok {
		w.framed = strings.ContainsFunc(line, isVertical)
		return r.sized(w)
	}
	if w, ok := r.spaced(line); ok {
		return parsed{kind: lineRow, rows: []row{w}}
	}
	if len(symbols) == 0 || !slices.ContainsFunc(symbols, func(s symbol) bool { return !strings.ContainsRune("-+=*_~", s.c) }) {
		return parsed{kind: lineRule}
	}
	if w, ok := r.labelled(line); ok {
		return parsed{kind: lineRow, rows: []row{w}}
	}
	p := r.cells(symbols)
	if p.kind == lineGrids || p.kind == lineRow && p.bad != nil && p.bad.Column == 0 {
		if isNumberAlone(symbols) {
			return parsed{kind: lineText, bad: p.bad}
		}
	}
	return p
}

// isNumberAlone reports a number of up to four digits: of a page, a level, a
// rating.
func isNumberAlone(symbols []symbol) bool {
	if len(symbols) > 5 {
		return false
	}
	dots := 0
	for _, s := range symbols {
		if s.c == '.' {
			dots++
		}
	}
	return len(symbols)-dots <= 4 && dots <= 1 && symbols[0].c != '.'
}

// sized is a row or a whole grid.
func (r *textReader) sized(w row) parsed {
	if len(w.tokens) == r.lay.cols {
		return parsed{kind: lineRow, rows: []row{w}}
	}
	return parsed{kind: lineGrids, rows: []row{w}}
}

// cellsOrBlanks takes the symbols of a row or grid as cells, where at most one
// of them is none and then stands for a blank.
func (r *textReader) cellsOrBlanks(symbols []symbol) (row, bool) {
	n := len(symbols)
	if n != r.lay.cols && n != r.task.SeqLen() {
		return row{}, false
	}
	blank := rune(0)
	usual, digits := false, 0
	for _, s := range symbols {
		t, ok := r.lay.token(s.c)
		switch {
		case ok && t == r.lay.blank:
			usual = true
		case ok:
			digits++
		case blank == 0 || blank == s.c:
			blank = s.c
		default:
			return row{}, false
		}
	}
	if blank != 0 && (usual || n == r.lay.cols && unicode.IsLetter(blank) && blank != 'x' && blank != 'X') {
		return row{}, false
	}
	w, _ := r.row(symbols, blank)
	switch {
	case blank == 0:
		w.heading = digits == n && isHeading(symbols)
	case digits == 0 && n > r.lay.cols:
		return row{}, false
	case digits == 0:
		w.maybe = true
	}
	return w, true
}

// isHeading reports cells 1, 2, 3, ... with something between them.
func isHeading(symbols []symbol) bool {
	for i, s := range symbols {
		if s.c != '1'+rune(i) {
			return false
		}
	}
	return symbols[1].col > symbols[0].col+1
}

// runs finds the runs of exactly as many cells as a grid has: links, ratings,
// solutions may stand beside them.
func (r *textReader) runs(line string) (parsed, bool) {
	found := r.plainRuns(line)
	if len(found) == 0 && strings.Contains(line, "+") { // HoDoKu's mark of digits that were filled in
		found = r.plainRuns(strings.ReplaceAll(line, "+", ""))
	}
	if len(found) == 0 {
		found = r.blankRuns(line)
	}
	if len(found) == 0 {
		return parsed{}, false
	}
	grids := found[:1]
	for _, w := range found[1:] {
		last := &grids[len(grids)-1]
		switch {
		case slices.ContainsFunc(grids, func(g row) bool { return slices.Equal(g.tokens, w.tokens) }):
		case w.blank == 0 && last.blank != 0 && last.answer == nil:
			if err := r.task.Check(last.tokens, w.tokens); err != nil {
				return parsed{kind: lineBad, bad: &Error{Line: w.line, Column: w.columns[0], Err: notAnswer(err)}}, true
			}
			last.answer = w.tokens
		default:
			grids = append(grids, w)
		}
	}
	return parsed{kind: lineGrids, rows: grids}, true
}

func notAnswer(err error) error { return fmt.Errorf("answer does not solve its question: %w", err) }

func (r *textReader) plainRuns(line string) (found []row) {
	all := r.task.SeqLen()
	run, col := make([]symbol, 0, all+1), 0
	end := func(next rune) {
		if len(run) == all+1 && run[all].c == '.' && unicode.IsLetter(next) {
			run = run[:all] // ".html"
		}
		if len(run) == all {
			w, _ := r.row(run, 0)
			found = append(found, w)
		}
		run = run[:0]
	}
	for _, c := range line {
		col++
		if _, ok := r.lay.token(c); !ok {
			end(c)
		} else if len(run) <= all+1 {
			run = append(run, symbol{c, col})
		}
	}
	end(0)
	return found
}

// blankRuns finds words of exactly as many characters as a grid has cells, in
// which another symbol, or the space, stands for a blank.
func (r *textReader) blankRuns(line string) (found []row) {
	all := r.task.SeqLen()
	word, col := []symbol(nil), 0
	end := func() {
		if len(word) == all {
			if w, ok := r.cellsOrBlanks(word); ok && !w.maybe {
				found = append(found, w)
			}
		}
		word = word[:0]
	}
	for _, c := range line {
		col++
		if isSeparator(c) || strings.ContainsRune("=&<>:", c) {
			end()
		} else {
			word = append(word, symbol{c, col})
		}
	}
	end()
	if len(found) == 0 && strings.Trim(line, "123456789 ") == "" && (strings.Contains(line, "  ") || hasPair(line)) &&
		len(line) > all-r.lay.cols && len(line) <= all && strings.Contains(line, " ") {
		found = append(found, r.padded(line, all))
	}
	return found
}

// hasPair reports two digits without a space between them.
func hasPair(line string) bool {
	for i := 1; i < len(line); i++ {
		if line[i] != ' ' && line[i-1] != ' ' {
			return true
		}
	}
	return false
}

// padded takes every character of a line as a cell, the space for a blank, and
// fills it up to n with blanks, which an editor may have cut off.
func (r *textReader) padded(line string, n int) row {
	symbols := allSymbols(line+strings.Repeat(" ", n-len(line)), func(rune) bool { return false })
	w, _ := r.row(symbols, ' ')
	return w
}

// spaces is a row of nothing but spaces.
func (r *textReader) spaces(line string) row {
	w := r.padded(line, r.lay.cols)
	w.maybe = true
	return w
}

// spaced reads a row whose blanks are spaces: as wide as a row, or with three
// parts between vertical lines.
func (r *textReader) spaced(line string) (row, bool) {
	if len(line) <= r.lay.cols && strings.Trim(line, "123456789 ") == "" && (r.blank == ' ' || strings.Contains(line, " ")) {
		w := r.padded(line, r.lay.cols)
		w.maybe = len(line) < r.lay.cols
		return w, true
	}
	parts := verticalParts(line)
	if len(parts)*r.lay.chunk != r.lay.cols {
		return row{}, false
	}
	var cells strings.Builder
	for _, p := range parts {
		step, first := 1, 0
		switch len(p) {
		case r.lay.chunk:
		case 2*r.lay.chunk - 1:
			step = 2
		case 2*r.lay.chunk + 1:
			step, first = 2, 1
		default:
			return row{}, false
		}
		for i := range len(p) {
			if p[i] != ' ' && (i < first || (i-first)%step != 0) {
				return row{}, false
			}
		}
		for i := range r.lay.chunk {
			cells.WriteByte(p[first+i*step])
		}
	}
	text := cells.String()
	if strings.Trim(text, "123456789 ") != "" {
		return row{}, false
	}
	w := r.padded(text, r.lay.cols)
	w.framed, w.maybe = true, strings.TrimSpace(text) == ""
	return w, true
}

// verticalParts splits a line at vertical lines, without what is outside them.
func verticalParts(line string) []string {
	parts := strings.FieldsFunc(strings.TrimSpace(line), isVertical)
	if len(parts) > 0 && !strings.ContainsFunc(line, isVertical) {
		return nil
	}
	return parts
}

// fields reads a row or grid as a table: one separator between all cells, of
// which an empty one is a blank.
func (r *textReader) fields(line string) (row, bool) {
	for _, sep := range []string{",", ";", "\t", "|"} {
		n := strings.Count(line, sep) + 1
		if n < r.lay.cols {
			continue
		}
		text := line
		if sep == "|" {
			text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), sep), sep)
		}
		parts := strings.Split(text, sep)
		if len(parts) != r.lay.cols && len(parts) != r.task.SeqLen() {
			continue
		}
		if w, ok := r.table(parts, len(sep)); ok {
			w.framed = sep == "|"
			return w, true
		}
	}
	return row{}, false
}

// joined reads rows that stand in one line with a sign between them, as a program
// prints them.
func (r *textReader) joined(line string) (row, bool) {
	if len(line) < r.task.SeqLen() {
		return row{}, false
	}
	for _, sep := range []string{"/", `\n`, `\r\n`, ":", "+", "_", "-", "<br>", "<br/>", "<br />"} {
		parts := strings.Split(strings.Trim(line, " \t\"'"), sep)
		if n := len(parts); n == r.lay.rows+1 && parts[n-1] == "" {
			parts = parts[:n-1]
		}
		if len(parts) != r.lay.rows || slices.ContainsFunc(parts, func(p string) bool { return utf8.RuneCountInString(p) != r.lay.cols }) {
			continue
		}
		var symbols []symbol
		col := 1
		for _, p := range parts {
			for _, c := range p {
				symbols = append(symbols, symbol{c, col})
				col++
			}
			col += len(sep)
		}
		if w, ok := r.cellsOrBlanks(symbols); ok {
			return w, true
		}
	}
	return row{}, false
}

func (r *textReader) table(parts []string, gap int) (row, bool) {
	symbols, col, empty := make([]symbol, 0, len(parts)), 1, false
	for _, p := range parts {
		cell := strings.Trim(p, " \t\"'[](){}")
		c, size := utf8.DecodeRuneInString(cell)
		if cell == "" {
			c, empty = ' ', true
		} else if size != len(cell) {
			return row{}, false
		}
		symbols = append(symbols, symbol{c, col})
		col += utf8.RuneCountInString(p) + gap
	}
	if !empty {
		return row{}, false // as without separators
	}
	w, known := r.row(symbols, ' ')
	return w, known == len(symbols)
}

// labelled reads a row with something before it or around its frame: "A | 5 3
// . | ... |", "R1: 53..7....".
func (r *textReader) labelled(line string) (row, bool) {
	first, last := strings.IndexFunc(line, isVertical), strings.LastIndexFunc(line, isVertical)
	cut := strings.IndexFunc(strings.TrimSpace(line), func(c rune) bool { return isSpace(c) || c == ':' || c == ')' })
	inner, most := "", 16
	bracket := strings.LastIndexAny(line, "[{(")
	switch {
	case first >= 0 && last > first:
		inner = line[first:last]
	case bracket > 0: // "board = [[5, 3, ..."
		inner, most = line[bracket:], 64
	case cut > 0 && cut <= 3:
		inner = strings.TrimSpace(line)[cut+1:]
	default:
		return row{}, false
	}
	if outside := len(line) - len(inner); outside > most {
		return row{}, false
	}
	skipped := utf8.RuneCountInString(line) - utf8.RuneCountInString(inner)
	symbols := allSymbols(inner, isSeparator)
	if len(symbols) != r.lay.cols {
		return row{}, false
	}
	for i := range symbols {
		symbols[i].col += skipped
	}
	w, ok := r.cellsOrBlanks(symbols)
	w.framed = true
	return w, ok && !w.maybe
}

// allSymbols returns the characters of a line that are no separators.
func allSymbols(line string, separator func(rune) bool) []symbol {
	out, col := make([]symbol, 0, min(len(line), 128)), 0
	for _, c := range line {
		col++
		if !separator(c) {
			out = append(out, symbol{c, col})
		}
	}
	return out
}

// isSpace reports white space, and what is as invisible.
func isSpace(c rune) bool { return unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' }

// isVertical reports a vertical line of a frame: of ASCII, or of the block of
// box drawing.
func isVertical(c rune) bool {
	return c == '|' || c == '!' || strings.ContainsRune("│┃║┆┇┊┋╎╏", c)
}

// isSeparator reports what stands between cells: white space, frames, and the
// punctuation of lists.
func isSeparator(c rune) bool {
	if c < utf8.RuneSelf {
		return strings.ContainsRune(" \t|!,;'\"[](){}", c) || isSpace(c)
	}
	return c >= 0x2500 && c < 0x2580 || isSpace(c)
}
