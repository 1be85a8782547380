// Package markdown holds the project's documents to their form: no line is longer
// than Width, and every relative link leads to a file and a heading that is there.
//
//	go run ./internal/mdlint          # what is wrong
//	go run ./internal/mdlint -w       # wrap paragraphs and lists anew
package markdown

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width is the most characters of a line.
const Width = 100

// kind is what a line is part of.
type kind int

const (
	text  kind = iota // a paragraph or an item of a list
	code              // fenced or indented
	table             // a row
	blank
	heading
	html
)

var (
	fence    = regexp.MustCompile("^ {0,3}(```+|~~~+)")
	item     = regexp.MustCompile(`^( *)([-*+]|\d+[.)])( +)`)
	headline = regexp.MustCompile(`^#{1,6} +(.*?)[ #]*$`)
	// A word with which no line may begin, because it would begin something else.
	opener = regexp.MustCompile(`^([-*+=]|#{1,6}|\d+[.)])$|^[|>]|^(===|---|~~~)`)
	// Short code, in which a line is not broken.
	span = regexp.MustCompile("`[^`\n]{1,60}`")
)

// kinds says of every line what it is part of.
func kinds(lines []string) []kind {
	all := make([]kind, len(lines))
	open, listed := "", false
	for i, line := range lines {
		if open != "" {
			all[i] = code
			if strings.HasPrefix(strings.TrimSpace(line), open) {
				open = ""
			}
			continue
		}
		before := blank
		if i > 0 {
			before = all[i-1]
		}
		all[i] = kindOf(line, before, listed)
		if m := fence.FindStringSubmatch(line); m != nil {
			open = m[1]
		}
		switch {
		case item.MatchString(line):
			listed = true
		case all[i] != blank && before != text && !strings.HasPrefix(line, " "):
			listed = false
		}
	}
	return all
}

// kindOf a line that stands outside of fences, after a line of the kind before.
func kindOf(line string, before kind, listed bool) kind {
	switch trimmed := strings.TrimSpace(line); {
	case trimmed == "":
		return blank
	case fence.MatchString(line):
		return code
	case strings.HasPrefix(line, "|"):
		return table
	case headline.MatchString(line):
		return heading
	case strings.HasPrefix(line, "<"):
		return html
	case before != text && strings.HasPrefix(line, "    ") && !(listed && item.MatchString(line)):
		if listed && !strings.HasPrefix(line, "      ") {
			return text
		}
		return code
	case before == code && strings.HasPrefix(line, "\t"):
		return code
	}
	return text
}

// Format wraps the paragraphs and lists of a document at Width.
func Format(document string) string {
	lines := strings.Split(strings.TrimRight(document, "\n"), "\n")
	all := kinds(lines)
	var out []string
	for i := 0; i < len(lines); {
		if all[i] != text {
			out = append(out, lines[i])
			i++
			continue
		}
		end := i + 1
		for end < len(lines) && all[end] == text && !item.MatchString(lines[end]) {
			end++
		}
		out = append(out, wrap(lines[i:end])...)
		i = end
	}
	return strings.Join(out, "\n") + "\n"
}

// wrap fills lines with the words of a paragraph or of one item of a list.
func wrap(lines []string) []string {
	first, rest := indents(lines[0])
	words := split(strings.TrimPrefix(strings.Join(trimAll(lines), " "), strings.TrimSpace(first)))
	var out []string
	line, empty := first, true
	for _, word := range words {
		switch {
		case empty:
			line, empty = line+word, false
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= Width:
			line += " " + word
		default:
			out = append(out, line)
			line = rest + word
		}
	}
	return append(out, line)
}

// indents returns what the first line begins with, and the others.
func indents(line string) (first, rest string) {
	if m := item.FindString(line); m != "" {
		return m, strings.Repeat(" ", len(m))
	}
	first = line[:len(line)-len(strings.TrimLeft(line, " "))]
	return first, first
}

func trimAll(lines []string) []string {
	trimmed := make([]string, len(lines))
	for i, line := range lines {
		trimmed[i] = strings.TrimSpace(line)
	}
	return trimmed
}

// split returns the words of a text. A short span of code is part of one, and so is
// what would begin a list at the beginning of a line.
func split(s string) []string {
	const held = "\u0000"
	s = span.ReplaceAllStringFunc(s, func(code string) string { return strings.ReplaceAll(code, " ", held) })
	words := strings.Fields(s)
	var glued []string
	for i, word := range words {
		word = strings.ReplaceAll(word, held, " ")
		if i > 0 && opener.MatchString(word) {
			glued[len(glued)-1] += " " + word
			continue
		}
		glued = append(glued, word)
	}
	return glued
}

// long returns what is wrong with the lengths of lines. A word that cannot be broken,
// such as an address, may be as long as it is.
func long(document string) (problems []string) {
	for i, line := range strings.Split(document, "\n") {
		if n := utf8.RuneCountInString(line); n > Width && len(strings.Fields(line)) > 1 {
			problems = append(problems, fmt.Sprintf("%d: %d characters, want at most %d", i+1, n, Width))
		}
	}
	return problems
}

// anchors returns what links may say after # of a document, as GitHub makes them of
// headings.
func anchors(document string) map[string]bool {
	lines, seen := strings.Split(document, "\n"), map[string]bool{}
	for i, k := range kinds(lines) {
		if k != heading {
			continue
		}
		slug := slugOf(headline.FindStringSubmatch(lines[i])[1])
		for n, free := 1, slug; ; n++ {
			if !seen[free] {
				seen[free] = true
				break
			}
			free = fmt.Sprintf("%s-%d", slug, n)
		}
	}
	return seen
}

// slugOf a heading: small letters, digits, dashes and underscores.
func slugOf(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, linkText.ReplaceAllString(title, "$1"))
}
