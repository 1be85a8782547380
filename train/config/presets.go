package config

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed presets/*.yaml
var presets embed.FS

// presetNames in the order in which they are listed.
var presetNames = []string{"sudoku-cpu", "sudoku-gpu", "sudoku-candidates", "maze-cpu", "maze-gpu", "mini-arc-cpu", "hrm-sudoku-1k", "hrm-maze", "hrm-arc"}

// Presets returns the names of the configurations that come with the command.
func Presets() []string { return append([]string(nil), presetNames...) }

// Preset returns a configuration that comes with the command.
func Preset(name string) (Config, error) {
	c := Default()
	text, err := PresetText(name)
	if err != nil {
		return c, err
	}
	if err := c.Parse([]byte(text)); err != nil {
		return c, fmt.Errorf("preset %s: %w", name, err)
	}
	c.Preset = name
	return c, nil
}

// PresetText returns a preset as written, comments included.
func PresetText(name string) (string, error) {
	text, err := presets.ReadFile("presets/" + name + ".yaml")
	if err != nil {
		return "", fmt.Errorf("%w: no preset %q%s; there are %s", ErrConfig, name, suggest(name, presetNames), strings.Join(presetNames, ", "))
	}
	return string(text), nil
}

// PresetPurpose returns what a preset is for: the comment that it begins with.
func PresetPurpose(name string) (string, error) {
	text, err := PresetText(name)
	var lines []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		lines = append(lines, strings.TrimSpace(comment))
	}
	return strings.Join(lines, " "), err
}
