// Package cache keeps the models that hrm pull fetched, each a .hrm file under its
// name, in the folder that a system has for what can be fetched again. A model's own
// header says where it came from. A file appears complete or not at all, so that
// whatever is listed is whole, whenever a program was killed.
package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const extension = ".hrm"

// ErrName is wrapped by the error about a name that no model can have.
var ErrName = errors.New("no name for a model")

// Dir returns the folder of all that hrm keeps: $XDG_CACHE_HOME/hrm or ~/.cache/hrm,
// and what stands for them on other systems. It may not be there yet.
func Dir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep models in: %w; set XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "hrm"), nil
}

func models() (string, error) {
	dir, err := Dir()
	return filepath.Join(dir, "models"), err
}

// Downloads returns the folder of what is being fetched. It may not be there yet.
func Downloads() (string, error) {
	dir, err := Dir()
	return filepath.Join(dir, "downloads"), err
}

// Check reports a name that is no plain word of letters, digits, '.', '-' and '_'.
func Check(name string) error {
	strange := strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
	switch {
	case name == "" || len(name) > 100:
		return fmt.Errorf("%w: %d characters, want 1 to 100", ErrName, len(name))
	case strange:
		return fmt.Errorf("%w: %q, want letters, digits, '.', '-' and '_'", ErrName, name)
	case strings.ContainsRune(".-", rune(name[0])) || strings.HasSuffix(name, "."):
		return fmt.Errorf("%w: %q, want it to begin with a letter or digit, and to end without a dot", ErrName, name)
	}
	return nil
}

// Path returns the file of a model, which is there or is to be written. The folder is
// made where it is missing.
func Path(name string) (string, error) {
	if err := Check(name); err != nil {
		return "", err
	}
	dir, err := models()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return filepath.Join(dir, name+extension), nil
}

// Lookup returns the file of a model, and whether there is one.
func Lookup(name string) (path string, ok bool) {
	dir, err := models()
	if err != nil || Check(name) != nil {
		return "", false
	}
	path = filepath.Join(dir, name+extension)
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular()
}

// ReadDir lists a folder of the cache: nothing where it is not there yet.
func ReadDir(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// Names lists the models.
func Names() ([]string, error) {
	dir, err := models()
	if err != nil {
		return nil, err
	}
	entries, err := ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), extension)
		if ok && Check(name) == nil && !e.IsDir() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Remove removes a model. A program that uses it goes on.
func Remove(name string) error {
	path, ok := Lookup(name)
	if !ok {
		return fmt.Errorf("there is no model %q to remove: %w", name, fs.ErrNotExist)
	}
	return os.Remove(path)
}
