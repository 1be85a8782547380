package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a newcomer asks is answered one click away from README.md: at the link, by the
// words that come soon behind it. Whether links lead anywhere internal/markdown tests.
func TestQuestions(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct{ question, link, answer string }{
		{"how do I import a checkpoint", "docs/models.md", "hrm pull hf:sapientinc/HRM-checkpoint-sudoku-extreme"},
		{"and one that lies here", "docs/cli.md#published-weights", "hrm import HRM-checkpoint-sudoku-extreme/ -o"},
		{"which model solves mazes", "docs/cards/maze.md", "The model behind `hrm solve` for mazes of any size"},
		{"how fast on my CPU", "docs/performance.md", "CPU with AMX, int8, one puzzle"},
		{"what does int8 cost", "docs/performance.md#what-int8-costs", "int8, as embedded"},
		{"embed it in Go", "#in-go", `hrm.Open("sudoku")`},
		{"embed it in a page", "docs/browser.md", `<script type="module">`},
		{"serve it", "docs/serving.md", "hrm serve"},
		{"scale it", "docs/scale.md", "hrm-scale"},
		{"train a variant tonight", "docs/training.md#presets-and-variants", "--set conv=3"},
		{"learn my ARC task", "docs/arc.md#one-task-of-your-own", "hrm-train learn my-task.json"},
		{"add a sublayer", "CONTRIBUTING.md#add-a-sublayer", "`Config.Sublayers`"},
		{"what is not supported", "docs/limits.md", "not supported"},
		{"where is the mathematics", "docs/model.md", "One segment"},
	} {
		if !strings.Contains(string(readme), "]("+q.link+")") {
			t.Errorf("%s: README.md has no link to %s", q.question, q.link)
			continue
		}
		file, anchor, _ := strings.Cut(q.link, "#")
		text := readme
		if file != "" {
			if text, err = os.ReadFile(filepath.Join("..", "..", file)); err != nil {
				t.Error(err)
				continue
			}
		}
		if words := strings.Fields(below(string(text), anchor)); !strings.Contains(strings.Join(words[:min(len(words), 400)], " "), q.answer) {
			t.Errorf("%s: %s does not say %q soon", q.question, q.link, q.answer)
		}
	}
}

// below is a document from a heading on, by its anchor.
func below(text, anchor string) string {
	if anchor == "" {
		return text
	}
	heading := regexp.MustCompile(`(?mi)^#+ ` + strings.ReplaceAll(anchor, "-", "[ ,-]+") + `$`)
	if at := heading.FindStringIndex(text); at != nil {
		return text[at[0]:]
	}
	return ""
}
