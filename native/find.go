package native

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hrmgo/hrm/native/cache"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime/weights"
)

// Files in the folder of a training run that tell it from others.
const (
	bestFile       = "best.hrm" // the model of the best evaluation
	checkpointFile = "checkpoint.hrm"
)

// Place is where a model is: a file, or, without a Path, this program.
type Place struct {
	Name string
	Path string
	data []byte // of an embedded model
}

func (p Place) String() string {
	if p.Path == "" {
		return p.Name
	}
	return p.Path
}

// Find returns where the model is that a name stands for: a file; the folder of a
// training run, whose model is that of its best evaluation; an embedded model; one that
// hrm pull fetched. Files come first, so that no model that is fetched takes the place
// of one.
func Find(name string) (Place, error) {
	info, err := os.Stat(name)
	path := name
	if err == nil && info.IsDir() {
		path, err = ofRun(name)
	}
	if err == nil {
		return Place{name, path, nil}, nil
	}
	place, unknown := Named(name)
	if unknown != nil && errors.Is(err, fs.ErrNotExist) && cache.Check(name) == nil && !strings.Contains(name, ".") {
		return Place{}, fmt.Errorf("%s: %w, and %w", name, fs.ErrNotExist, unknown)
	}
	if unknown != nil {
		return Place{}, err
	}
	return place, nil
}

// Named returns the model of a name, embedded or fetched, whatever files there are.
func Named(name string) (Place, error) {
	for _, e := range embedded.Models {
		if e.Name == name {
			return Place{name, "", e.File}, nil
		}
	}
	if path, ok := cache.Lookup(name); ok {
		return Place{name, path, nil}, nil
	}
	return Place{}, fmt.Errorf("no model is called %q: there are %s; hrm pull fetches others", name, strings.Join(Names(), ", "))
}

// Names lists the models that have a name: those that are embedded and those that hrm
// pull fetched.
func Names() []string {
	var names []string
	for _, e := range embedded.Models {
		names = append(names, e.Name)
	}
	pulled, _ := cache.Names() // a folder that cannot be read has none to offer
	return append(names, pulled...)
}

// ofRun returns the model in the folder of a training run.
func ofRun(dir string) (string, error) {
	best := filepath.Join(dir, bestFile)
	if _, err := os.Stat(best); err == nil {
		return best, nil
	}
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err == nil {
		return "", fmt.Errorf("the run in %s has no %s, since nothing was evaluated: hrm-train export %s -o model.hrm writes the model of its last checkpoint", dir, bestFile, dir)
	}
	return "", fmt.Errorf("%s is a folder, want a .hrm file, or the folder of a training run: hrm import makes one of a checkpoint's folder", dir)
}

// Size returns the bytes of the model's file.
func (p Place) Size() (int64, error) {
	if p.Path == "" {
		return int64(len(p.data)), nil
	}
	info, err := os.Stat(p.Path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Open opens the model's file, to copy it.
func (p Place) Open() (io.ReadCloser, error) {
	if p.Path == "" {
		return io.NopCloser(bytes.NewReader(p.data)), nil
	}
	return os.Open(p.Path)
}

// File is OpenFile of the place.
func (p Place) File() (*weights.File, io.Closer, error) { return openPlace(p, mapFile) }
