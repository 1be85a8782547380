package puzzle

import (
	"fmt"
	"io"
)

// Identifiers is the list of puzzle names by which a data set numbered the
// rows of the puzzle table, the reference's identifiers.json. Weights trained
// on ARC are useless without theirs.
type Identifiers struct {
	Names  []string // of each row; 0 is blank
	byTask map[string][]Variant
}

// Variant is a task as one row of the puzzle table has learned it.
type Variant struct {
	ID int32
	Augmentation
}

// ReadIdentifiers reads a JSON list of names.
func ReadIdentifiers(in io.Reader) (*Identifiers, error) { return Options{}.ReadIdentifiers(in) }

// ReadIdentifiers is ReadIdentifiers with bounds.
func (o Options) ReadIdentifiers(in io.Reader) (*Identifiers, error) {
	r, err := o.unpackText(in)
	if err != nil {
		return nil, err
	}
	s := newJSONScanner(r)
	var names []string
	err = s.array(func() error {
		name, err := s.string()
		names = append(names, name)
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, fmt.Errorf("identifiers: %w", err)
	}
	return NewIdentifiers(names), nil
}

// NewIdentifiers returns the identifiers of a list of names.
func NewIdentifiers(names []string) *Identifiers {
	ids := &Identifiers{Names: names, byTask: map[string][]Variant{}}
	for i, name := range names {
		if task, a, err := ParseAugmented(name); err == nil && i > 0 {
			ids.byTask[task] = append(ids.byTask[task], Variant{int32(i), a})
		}
	}
	return ids
}

// Variants returns the rows of a task, by number. ok is false for a task that
// the model has never seen.
func (ids *Identifiers) Variants(task string) (v []Variant, ok bool) {
	v, ok = ids.byTask[task]
	return v, ok
}
