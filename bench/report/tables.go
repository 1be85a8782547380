package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/internal/markdown"
)

// marked is what lies between two comments of a document, which a report replaces.
var marked = regexp.MustCompile(`(?s)<!-- report: ([a-z0-9-]+) -->\n.*?<!-- end -->`)

// fill returns a page, which has these tables, with its marked parts made anew.
func fill(page, document string, names []string, r *Results) (string, error) {
	var failed error
	seen := map[string]bool{}
	document = marked.ReplaceAllStringFunc(document, func(part string) string {
		name := marked.FindStringSubmatch(part)[1]
		text, err := r.part(page, name)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
		seen[name] = true
		return "<!-- report: " + name + " -->\n\n" + text + "\n<!-- end -->"
	})
	for _, name := range names {
		if !seen[name] && failed == nil {
			failed = fmt.Errorf("the document has no <!-- report: %s -->", name)
		}
	}
	return document, failed
}

// part returns what stands between the comments of that name.
func (r *Results) part(page, name string) (string, error) {
	switch name {
	case "machines":
		return r.machines(), nil
	case "summary":
		return r.summary()
	}
	t, ok := r.Tables[name]
	if !ok {
		return "", fmt.Errorf("there is no bench/results/%s.json", name)
	}
	return t.markdown(page), nil
}

func (r *Results) machines() string {
	b := newTable("", "machine")
	for _, m := range r.Machines {
		b.row(m.ID, m.Name)
	}
	return b.String()
}

// summary says of each comparison how many times as fast hrm is.
func (r *Results) summary() (string, error) {
	b := newTable("question", "on", "hrm", "other", "times as good")
	for _, c := range r.Summary {
		t := r.Tables[c.Table]
		ours, err := t.value(c.Ours, c.Machine, c.Column)
		if err != nil {
			return "", err
		}
		theirs, err := t.value(c.Theirs, c.Machine, c.Column)
		if err != nil {
			return "", err
		}
		ratio := theirs / ours
		if c.Rate {
			ratio = ours / theirs
		}
		b.row(c.Question, c.Machine, number(ours), number(theirs)+" "+short(c.Theirs), verdict(ratio))
	}
	return b.String(), nil
}

// verdict is a ratio, and says where it is a loss or no difference.
func verdict(ratio float64) string {
	text := fmt.Sprintf("%.2f", ratio)
	if ratio >= 10 {
		text = fmt.Sprintf("%.0f", ratio)
	}
	switch {
	case ratio < 0.95:
		return text + ", **loses**"
	case ratio <= 1.05:
		return text + ", even"
	}
	return text
}

// short drops from a row's name what the question says already.
func short(name string) string {
	name = strings.TrimPrefix(name, "page, ")
	name, _, _ = strings.Cut(name, ",")
	for _, format := range []string{" int8", " fp32", " f32"} {
		name = strings.TrimSuffix(name, format)
	}
	return name
}

func number(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.4g", v), ".0") }

// markdown is the unit, the table, and the note.
func (t *Table) markdown(page string) string {
	heads, machines := []string{t.First}, slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Machine != "" })
	if machines {
		heads = append(heads, "on")
	}
	b := newTable(append(heads, t.Columns...)...)
	for _, row := range t.Rows {
		cells := []string{row.Name}
		if machines {
			cells = append(cells, row.Machine)
		}
		for _, v := range row.Values {
			cells = append(cells, digits(v))
		}
		b.row(cells...)
	}
	text := t.Unit + "\n\n" + b.String() + "\n" + t.Note + "\n"
	if t.Plot != nil {
		text += fmt.Sprintf("\n![%s](%s)\n", t.Plot.Title, relative(page, t.Plot.File))
	}
	return markdown.Format(text)
}

// relative is how a page of docs, or of a folder in it, names a file of docs.
func relative(page, file string) string {
	return strings.Repeat("../", strings.Count(page, "/")-1) + strings.TrimPrefix(file, "docs/")
}

// rows builds a table of Markdown.
type rows struct{ strings.Builder }

func newTable(heads ...string) *rows {
	b := &rows{}
	b.row(heads...)
	b.row(strings.Split(strings.Repeat("---,", len(heads)-1)+"---", ",")...)
	return b
}

func (b *rows) row(cells ...string) {
	for _, cell := range cells {
		b.WriteString("|")
		if cell != "" {
			b.WriteString(" " + cell)
		}
		b.WriteString(" ")
	}
	b.WriteString("|\n")
}
