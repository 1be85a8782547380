package runtime

import (
	"fmt"
	"strings"
)

// MetaPuzzles is the name in Meta of the list of the puzzle table's rows, a line each.
const MetaPuzzles = "puzzles"

// Puzzles returns the names of the puzzle table's rows, nil where the model does not
// say them: without names nobody but who made the model can ask about any but the one
// row of a model with one. Row 0 is "<blank>" in models of ARC.
func (m *Model) Puzzles() ([]string, error) {
	text, ok := m.Meta[MetaPuzzles]
	if !ok {
		return nil, nil
	}
	names := strings.Split(text, "\n")
	if len(names) > m.Config.NumPuzzles {
		return nil, fmt.Errorf("%w: %d names of %d rows of the puzzle table", ErrConfig, len(names), m.Config.NumPuzzles)
	}
	return names, nil
}

// NamePuzzles returns the entry of Meta that Puzzles reads. A name has no line break.
func NamePuzzles(names []string) (string, error) {
	for i, name := range names {
		if strings.Contains(name, "\n") {
			return "", fmt.Errorf("%w: name %d of the puzzle table's rows has a line break: %q", ErrConfig, i, name)
		}
	}
	return strings.Join(names, "\n"), nil
}
