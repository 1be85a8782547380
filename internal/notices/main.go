// Command notices writes licences.txt into the folder of a command: the licences of
// all that is linked into its binary on any system, which hrm version --licences
// prints.
//
//	go run ./internal/notices ./cmd/hrm ./cmd/hrm-train
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const file = "licences.txt"

// systems are those on which other modules are linked.
var systems = []string{"linux", "darwin", "windows"}

func main() {
	for _, command := range os.Args[1:] {
		text, err := collect(command)
		if err == nil {
			err = os.WriteFile(filepath.Join(command, file), text, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "notices:", err)
			os.Exit(1)
		}
	}
}

// notice is a licence and whose it is.
type notice struct {
	of   []string
	text string
}

// collect returns the licences of what a command links.
func collect(command string) ([]byte, error) {
	parts, err := linked(command)
	if err != nil {
		return nil, err
	}
	var notices []notice
	for _, p := range parts {
		texts, err := p.texts()
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			i := slices.IndexFunc(notices, func(n notice) bool { return n.text == text })
			if i < 0 {
				notices = append(notices, notice{text: text})
				i = len(notices) - 1
			}
			notices[i].of = append(notices[i].of, p.name)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "The licences of what is linked into this program, on one system or another.\n")
	for _, n := range notices {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", line, strings.Join(n.of, "\n"), line, n.text)
	}
	b.WriteString(native)
	return b.Bytes(), nil
}

// native is what lies in a module as an object file, without a licence beside it.
const native = `
` + line + `
wgpu-native, in programs built with -tags webgpu
` + line + `

Copyright the gfx-rs developers, https://github.com/gfx-rs/wgpu-native. Under the Apache License, Version 2.0, whose
text is above, or the MIT licence.
`

const line = "------------------------------------------------------------------------------"

// part is a module and its folder.
type part struct{ name, dir string }

// linked lists this module, Go, and the modules of all packages of a command.
func linked(command string) ([]part, error) {
	root, err := run(nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	goRoot := strings.TrimSpace(root)
	modules := map[string]string{}
	for _, system := range systems {
		const format = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}"
		out, err := run([]string{"GOOS=" + system, "GOARCH=amd64", "CGO_ENABLED=1"}, "go", "list", "-deps", "-tags", "webgpu", "-f", format, command)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				modules[name] = dir
			}
		}
	}
	own, err := run(nil, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	parts := []part{{"hrm", strings.TrimSpace(own)}, {"Go's standard library", goRoot}}
	for name, dir := range modules {
		parts = append(parts, part{name, dir})
	}
	slices.SortFunc(parts[2:], func(a, b part) int { return strings.Compare(a.name, b.name) })
	return parts, nil
}

// licence is how files with licences are called. A patent grant belongs to them.
var licence = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents|ofl)`)

// texts returns the licences in a module's folder. A folder of them is a choice, from
// which the GNU one is not taken.
func (p part) texts() (texts []string, err error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !licence.MatchString(e.Name()) {
			continue
		}
		paths := []string{filepath.Join(p.dir, e.Name())}
		if e.IsDir() {
			all, _ := filepath.Glob(filepath.Join(paths[0], "*"))
			paths = slices.DeleteFunc(all, func(path string) bool { return strings.HasPrefix(filepath.Base(path), "gpl") })
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n")))
		}
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s: no licence in %s", p.name, p.dir)
	}
	return texts, nil
}

func run(env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}
