// Command keysdoc writes docs/keys.md, what a training configuration may say, from
// the code. Run it at the root of the repository:
//
//	go run ./internal/keysdoc
package main

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hrmgo/hrm/internal/markdown"
	"github.com/hrmgo/hrm/train/config"
)

const path = "docs/keys.md"

func main() { os.Exit(run()) }

func run() int {
	text, err := page()
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "keysdoc:", err)
		return 1
	}
	return 0
}

// sections begin at these keys, in the order of the configuration.
var sections = map[string]string{
	"preset": "The task", "family": "The model", "steps": "The optimization", "data": "The data", "device": "How it runs",
}

// plain keeps Markdown from reading more into the words of a comment.
var plain = strings.NewReplacer("*", `\*`, "(https://arxiv.org/abs/2506.21734)", "(<https://arxiv.org/abs/2506.21734>)")

// page returns the whole document.
func page() (string, error) {
	var b strings.Builder
	b.WriteString("# Keys of a training configuration\n\nMade by `go run ./internal/keysdoc` from `train/config`. A file for `--config` has such keys in YAML, " +
		"`--set key=value` sets one, and `hrm-train presets NAME` prints a preset with all of them. Names are the reference's where it has the key. " +
		"The value after a key is the default, before a preset; [training](training.md) says which keys matter.\n\n## Presets\n\n")
	for _, name := range config.Presets() {
		purpose, err := config.PresetPurpose(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "- `%s`: %s\n", name, plain.Replace(strings.TrimSuffix(purpose, ".")))
	}
	values := config.Default()
	for _, key := range config.Keys() {
		if title := sections[key.Name]; title != "" {
			fmt.Fprintf(&b, "\n## %s\n\n", title)
		}
		value, err := yaml.Marshal(values.Value(key.Name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "- `%s`%s: %s\n", key.Name, shown(string(value)), plain.Replace(key.Doc))
	}
	return markdown.Format(b.String()), nil
}

// shown is a default in parentheses, nothing where it is empty.
func shown(value string) string {
	switch value = strings.Join(strings.Fields(value), " "); value {
	case `""`, "{}", "[]", "":
		return ""
	}
	return " (`" + strings.TrimPrefix(value, "- ") + "`)"
}
