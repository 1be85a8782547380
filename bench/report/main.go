// Command report makes the tables and plots of docs/performance.md and of the model
// cards anew from bench/results/*.json. Run it at the root of the repository:
//
//	go run ./bench/report
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() { os.Exit(run(".")) }

func run(root string) int {
	files, err := report(root)
	if err == nil {
		err = write(root, files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		return 1
	}
	return 0
}

// report returns what the page and the plots should be, by their paths.
func report(root string) (map[string]string, error) {
	r, err := read(root)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for page, names := range pages {
		document, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			return nil, err
		}
		if files[page], err = fill(page, string(document), names, r); err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
	}
	for _, t := range r.Tables {
		if t.Plot == nil {
			continue
		}
		if files[t.Plot.File], err = t.draw(); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Plot.File, err)
		}
	}
	return files, nil
}

func write(root string, files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
