package puzzle

import (
	"strings"
	"testing"
)

// rewrite writes easyQ in nine lines, each cell as f says and cells joined.
func rewrite(blank, between string) string {
	var b strings.Builder
	for i, c := range easyQ {
		switch {
		case i%9 == 0 && i > 0:
			b.WriteByte('\n')
		case i > 0:
			b.WriteString(between)
		}
		if c == '.' {
			b.WriteString(blank)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String() + "\n"
}

// wrap puts something before and after each line.
func wrap(text, before, after string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return before + strings.Join(lines, after+"\n"+before) + after + "\n"
}

// inBoxes puts rules between the bands of nine lines, and around them.
func inBoxes(text, top, middle, bottom string) string {
	l := strings.SplitAfter(text, "\n")
	return top + "\n" + strings.Join(l[:3], "") + middle + "\n" + strings.Join(l[3:6], "") + middle + "\n" + strings.Join(l[6:9], "") + bottom + "\n"
}

// stacked writes easyQ in lines with vertical lines between the boxes, each
// box padded on both sides.
func stacked(blank, vertical, between, pad string) string {
	var b strings.Builder
	for r := 0; r < 81; r += 9 {
		b.WriteString(vertical)
		for c := 0; c < 9; c += 3 {
			cells := strings.Split(easyQ[r+c:r+c+3], "")
			box := strings.ReplaceAll(strings.Join(cells, between), ".", blank)
			b.WriteString(pad + box + pad + vertical)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// What people put around one sudoku: in all of these it is found.
func TestTextAroundAGrid(t *testing.T) {
	nine, line := nineLines(easyQ), easyQ
	blank := func(s string) string { return strings.ReplaceAll(easyQ, ".", s) }
	for name, in := range map[string]string{
		// Frames.
		"stars":                inBoxes(stacked(".", "|", "", ""), "*===========*", "*---+---+---*", "*===========*"),
		"heavy box drawing":    inBoxes(stacked("0", "┃", " ", " "), "┏━━━━━━━┳━━━━━━━┳━━━━━━━┓", "┣━━━━━━━╋━━━━━━━╋━━━━━━━┫", "┗━━━━━━━┻━━━━━━━┻━━━━━━━┛"),
		"double box drawing":   inBoxes(stacked(".", "║", " ", " "), "╔═══════╦═══════╦═══════╗", "╠═══════╬═══════╬═══════╣", "╚═══════╩═══════╩═══════╝"),
		"spaces in box lines":  inBoxes(stacked(" ", "│", " ", " "), "┌───────┬───────┬───────┐", "├───────┼───────┼───────┤", "└───────┴───────┴───────┘"),
		"spaces in three":      inBoxes(stacked(" ", "|", "", ""), "+---+---+---+", "+---+---+---+", "+---+---+---+"),
		"rules of nine dashes": inBoxes(nine, "---------", "---------", "---------"),
		"rules of equal signs": inBoxes(wrap(rewrite("0", " "), "  ", "  "), "=================", "=================", "================="),
		"table":                wrap(rewrite(" ", "|"), "|", "|"),
		"markdown":             "|1|2|3|4|5|6|7|8|9|\n|---|---|---|---|---|---|---|---|---|\n" + wrap(rewrite(" ", " | "), "| ", " |"),
		"coordinates": "    1 2 3   4 5 6   7 8 9\n  +-------+-------+-------+\n" +
			"A " + strings.ReplaceAll(stacked(".", "|", " ", " "), "\n|", "\nB |"),
		"labelled rows": "R1: " + strings.ReplaceAll(strings.TrimSpace(nine), "\n", "\nR2: "),
		// Blanks.
		"dashes":               rewrite("-", ""),
		"dashes, spaced":       rewrite("-", " "),
		"stars as blanks":      rewrite("*", ""),
		"X":                    rewrite("X", " "),
		"underscores":          blank("_"),
		"question marks":       rewrite("?", ","),
		"middle dots":          blank("·"),
		"squares":              rewrite("□", ""),
		"letter n":             blank("n"),
		"spaces":               rewrite(" ", ""),
		"spaces, cut off":      trimLines(rewrite(" ", "")),
		"spaces in a line":     blank(" "),
		"empty fields":         rewrite("", ","),
		"tabs":                 rewrite("", "\t"),
		"semicolons":           rewrite("", ";"),
		"81 fields":            strings.Join(strings.Split(strings.ReplaceAll(easyQ, ".", "0"), ""), ","),
		"slashes between rows": strings.ReplaceAll(strings.TrimSpace(nine), "\n", "/"),
		"escapes between rows": `"` + strings.ReplaceAll(nine, "\n", `\n`) + `"`,
		"dashes, and colons":   strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(nine, ".", "-")), "\n", ":"),
		// Text before and after.
		"caption":          "Puzzle no. 7 (easy)\n" + nine + "Solved by hand in 12 minutes\n",
		"heads":            "[Puzzle]\n" + nine + "[Author]\nme\n",
		"statistics":       "30 clues\n4.5\n" + nine + "Rating: 1.2\n7\n",
		"comments":         "// from a book\n# A mine\n" + nine,
		"numbered":         "1. " + line,
		"numbered, tight":  "17)" + line + ";easy",
		"comment behind":   line + " # 5 stars",
		"hash and rating":  "a01b3 " + line + "  7.2",
		"query":            "http://example.org/play?grid=" + blank("0") + "&level=3",
		"path":             "https://example.org/s/" + line + ".html",
		"the same twice":   "[" + line + "](http://example.org/" + line + ")",
		"hodoku":           ":0000:x:" + line + ":::",
		"hodoku, placed":   ":0709:39:+1.+3" + line[3:] + "::",
		"attribute":        `<sudoku id="1" cells='` + line + `' />`,
		"element":          "<puzzle>" + blank("0") + "</puzzle>",
		"assignment":       `var grid = "` + line + `";`,
		"python":           "board = [\n" + wrap(rewrite("0", ", "), "    [", "],") + "]\n",
		"numpy, by name":   "array([" + strings.TrimSpace(wrap(rewrite("0", ", "), "       [", "],")) + ")\n",
		"first row behind": "int[][] board = {" + strings.TrimSpace(wrap(rewrite("0", ","), "{", "},")) + "};\n",
		"c":                "int b[9][9] = {\n" + wrap(rewrite("0", ","), "{", "},") + "};\n",
		"quoted":           wrap(rewrite(".", "','"), "['", "'],"),
		"byte order marks": "\ufeff" + nine + "\u200b",
		"carriage returns": strings.ReplaceAll(nine, "\n", "\r"),
		"no-break spaces":  strings.ReplaceAll(rewrite(".", " "), " ", "\u00a0"),
	} {
		got := readAll(t, in, Sudoku{})
		if len(got) != 1 || !strings.HasSuffix(got[0], ": "+easyQ) {
			t.Errorf("%s: %q\n%s", name, got, in)
		}
		if p, err := Parse(Sudoku{}, in); err != nil || (Sudoku{}).Decode(p.Question) != easyQ {
			t.Errorf("%s: Parse: %v", name, err)
		}
	}
}

// trimLines cuts the spaces at line ends, as editors do.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// Several grids with text between them; and lines that cannot be a row, which
// end a grid.
func TestTextBetweenGrids(t *testing.T) {
	nine := nineLines(easyQ)
	for name, c := range map[string]struct {
		in   string
		want []string // the end of each
	}{
		"captions":      {"Grid 01\n" + nine + "Grid 02\n" + nine, []string{easyQ, easyQ}},
		"separators":    {nine + "---\n" + nine + "***\n" + nine, []string{easyQ, easyQ, easyQ}},
		"with answers":  {easyQ + " " + easyA + "\n" + easyQ + ";" + easyA + "\n", []string{easyQ, easyQ}},
		"two in a line": {easyQ + "," + strings.Replace(easyQ, "1", ".", 1), []string{easyQ, strings.Replace(easyQ, "1", ".", 1)}},
		"a caption within": {nine[:30] + "half time\n" + nine[30:] + "next\n" + nine,
			[]string{"a grid of 3 rows, want 9", "a grid of 6 rows, want 9", easyQ}},
		"a wrong answer": {easyQ + "," + swap(easyA, 1, 5) + "\n" + easyQ, []string{"box 1 holds 6 twice", easyQ}},
		"two blanks":     {nine[:20] + strings.ReplaceAll(nine[20:], ".", "x"), []string{"a blank cell is 'x' here and '.' in the rows above"}},
		"nothing":        {"hello\nworld\n", []string{"found 'h', want 1 to 9, or '.' or '0' for a blank cell; a sudoku is 81 characters, 9 rows of 9, a CSV file with a column question, or JSON"}},
		"numbers only":   {"12\n", []string{"2 cells, want 9 (a row) or 81 (a whole grid); a sudoku is 81 characters, 9 rows of 9, a CSV file with a column question, or JSON"}},
		"a slip":         {"Grid 1\n" + easyQ[:8] + "o" + easyQ[9:], []string{"line 2, column 9: found 'o', want 1 to 9, or '.' or '0' for a blank cell"}},
	} {
		got := readAll(t, c.in, Sudoku{})
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.HasSuffix(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
}

// An answer in the question's line is taken with it.
func TestAnswerInLine(t *testing.T) {
	p, err := Parse(Sudoku{}, "id 7\t"+easyQ+"\t"+easyA+"\thard")
	if err != nil || (Sudoku{}).Decode(p.Answer) != easyA {
		t.Errorf("%v, %v", p.Answer, err)
	}
}

func TestTextAroundAMaze(t *testing.T) {
	text := maze5.Render(mustEncode(t, maze5, smallMaze), nil)
	for name, in := range map[string]string{
		"caption":                 "Maze number one\n" + text + "12 steps\n",
		"one line with a caption": "labyrinth\n\n" + smallMaze + "\n",
		"dots":                    "easy:\n" + strings.ReplaceAll(text, " ", "."),
	} {
		if got := readAll(t, in, maze5); len(got) != 1 || !strings.HasSuffix(got[0], ": "+smallMaze) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
