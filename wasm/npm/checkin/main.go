// Command checkin keeps what hrm embeds for its demo page: the WebAssembly module,
// and the page in few files. `go run ./wasm/build` makes them in dist; this command
// compresses them beside that, with Go's wasm_exec.js and a list of the sources
// that went into them:
//
//	go run ./wasm/build && go run ./wasm/npm/checkin
//	go run ./wasm/npm/checkin -check
//
// With -check it says which sources have changed since; whether the module that lies
// there is the one that was checked in; and, with the same version of Go, whether
// that is what the sources give, by building it again.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/wasm/internal/toolchain"
	"github.com/hrmgo/hrm/wasm/npm"
)

const (
	module  = "wasm/npm/dist/hrm-js.wasm"
	sources = module + ".sources"
	kernels = "wasm/simd" // linked after Go has compiled
	again   = "run `go run ./wasm/build && go run ./wasm/npm/checkin` in the repository"
)

func main() {
	check := flag.Bool("check", false, "only say whether what is checked in is what the sources give")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "checkin:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	list, err := list()
	if err != nil {
		return err
	}
	if check {
		return verify(list)
	}
	data, err := os.ReadFile(module)
	if err != nil {
		return fmt.Errorf("%w: run `go run ./wasm/build` first, in the repository's root", err)
	}
	compressed := npm.Compress(data)
	if err := os.WriteFile(module+npm.Compressed, compressed, 0o644); err != nil {
		return err
	}
	if err := os.Remove(module + ".gz"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // what earlier versions wrote
	}
	if err := copyGlue(); err != nil {
		return err
	}
	for _, name := range inFolder(npm.Page) {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("%w: run `go run ./wasm/build` first", err)
		}
		if err := os.WriteFile(name+npm.Compressed, npm.Compress(data), 0o644); err != nil {
			return err
		}
		list = append(list, moduleLine(data))
	}
	list = append(list, moduleLine(data))
	if err := os.WriteFile(sources, []byte(strings.Join(list, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes of %d\n", module+npm.Compressed, len(compressed), len(data))
	return nil
}

// copyGlue takes the JavaScript half of Go's runtime from the same Go.
func copyGlue() error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec.js"))
	if err != nil {
		return err
	}
	return os.WriteFile("wasm/npm/dist/wasm_exec.js", data, 0o644)
}

// moduleLine is the line of the list about what is checked in itself.
func moduleLine(data []byte) string { return fmt.Sprintf("module %x", sha256.Sum256(data)) }

// verify compares the list with the recorded one, the module with its recorded hash,
// and that with a module which it builds of the sources.
func verify(now []string) error {
	text, err := os.ReadFile(sources)
	if err != nil {
		return err
	}
	then := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err := compare(now, then); err != nil {
		return err
	}
	for _, name := range append([]string{module}, inFolder(npm.Page)...) {
		compressed, err := os.ReadFile(name + npm.Compressed)
		if err != nil {
			return err
		}
		if err := compareModule(name, compressed, then); err != nil {
			return err
		}
	}
	if here := "go " + goruntime.Version(); !slices.Contains(then, here) {
		fmt.Printf("%s was not built by %s: not built again\n", module, here)
		return nil
	}
	built, err := build()
	if err != nil {
		return err
	}
	if !slices.Contains(then, moduleLine(built)) {
		return fmt.Errorf("%s is not what the sources give: %s", module+npm.Compressed, again)
	}
	return nil
}

// inFolder puts names of the package under the repository's root.
func inFolder(names []string) (paths []string) {
	for _, name := range names {
		paths = append(paths, "wasm/npm/"+name)
	}
	return paths
}

// compareModule reports a module, or a part of the page, that is not the one that was checked in.
func compareModule(name string, compressed []byte, then []string) error {
	data, err := npm.Decompress(compressed)
	if err != nil || !slices.Contains(then, moduleLine(data)) {
		return fmt.Errorf("%s is not the one that was checked in, by its hash in %s: %s", name+npm.Compressed, sources, again)
	}
	return nil
}

// build makes the module again, elsewhere.
func build() ([]byte, error) {
	ctx := context.Background()
	root, err := toolchain.Root()
	if err != nil {
		return nil, err
	}
	binaryen, err := toolchain.FindBinaryen(root)
	if err != nil {
		return nil, fmt.Errorf("%w: run `go run ./wasm/build` once, which installs it", err)
	}
	dir, err := os.MkdirTemp("", "hrm-checkin")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	i := slices.IndexFunc(toolchain.Modules, func(m toolchain.Module) bool { return m.Name+".wasm" == filepath.Base(module) })
	out := filepath.Join(dir, filepath.Base(module))
	if err := toolchain.Modules[i].Build(ctx, root, binaryen, out); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// compare reports lines of the list that are not the recorded ones.
func compare(now, then []string) error {
	var changed []string
	for _, line := range append(slices.Clone(now), then...) {
		name, _, _ := strings.Cut(line, " ")
		if name == "module" {
			continue
		}
		if name == "go" { // another version of Go makes the same of the same sources
			continue
		}
		if slices.Contains(then, line) != slices.Contains(now, line) && !slices.Contains(changed, name) {
			changed = append(changed, name)
		}
	}
	if changed != nil {
		return fmt.Errorf("%s is older than %s: %s", module+npm.Compressed, strings.Join(changed, ", "), again)
	}
	return nil
}

// list names what the module is made of, each with a version or a hash.
func list() ([]string, error) {
	packages, err := dependencies()
	if err != nil {
		return nil, err
	}
	lines := []string{"go " + goruntime.Version()}
	for _, p := range packages {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		if line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, of := range []string{kernels + "/*.[ch]", "wasm/npm/demo/*", "wasm/npm/lib/*.js", "wasm/build/bundle.mjs"} {
		files, err := filepath.Glob(of)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			continue
		}
		sum, err := hash(files)
		if err != nil {
			return nil, err
		}
		lines = append(lines, filepath.Dir(of)+" "+sum)
	}
	slices.Sort(lines[1:])
	return lines, nil
}

// dependency is a package as go list prints it.
type dependency struct {
	ImportPath, Dir             string
	Standard                    bool
	GoFiles, SFiles, EmbedFiles []string
	Module                      *struct {
		Path, Version string
		Main          bool
	}
}

func dependencies() ([]dependency, error) {
	cmd := exec.Command("go", "list", "-deps", "-json", "-tags", "simd", "./wasm/browser")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var packages []dependency
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p dependency
		if err := d.Decode(&p); err == io.EOF {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, p)
	}
}

// line is "" for the standard library, which the version of Go stands for.
func (p *dependency) line() (string, error) {
	switch {
	case p.Standard:
		return "", nil
	case !p.Module.Main:
		return p.Module.Path + " " + p.Module.Version, nil
	}
	var files []string
	for _, name := range slices.Concat(p.GoFiles, p.SFiles, p.EmbedFiles) {
		files = append(files, filepath.Join(p.Dir, name))
	}
	sum, err := hash(files)
	return p.ImportPath + " " + sum, err
}

// hash is one of the names and contents of files.
func hash(files []string) (string, error) {
	h := sha256.New()
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(name), len(data))
		h.Write(data)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16]), nil
}
