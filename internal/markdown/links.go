package markdown

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	link     = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|<(?:img|a)\s[^>]*(?:src|href)="([^"]+)"`)
	inline   = regexp.MustCompile("``[^`]*``|`[^`\n]*`")
)

// links returns the addresses that a document links to, outside of code, with the
// line of each.
func links(document string) (targets []string, at []int) {
	lines := strings.Split(document, "\n")
	for i, k := range kinds(lines) {
		if k == code {
			lines[i] = ""
		}
	}
	prose := inline.ReplaceAllString(strings.Join(lines, "\n"), "code")
	for _, m := range link.FindAllStringSubmatchIndex(prose, -1) {
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		targets, at = append(targets, prose[from:to]), append(at, 1+strings.Count(prose[:from], "\n"))
	}
	return targets, at
}

// broken returns the relative links of a document that lead nowhere in the folder.
func broken(folder fs.FS, name, document string) (problems []string) {
	targets, at := links(document)
	for i, target := range targets {
		if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
			continue
		}
		if err := follow(folder, name, document, target); err != nil {
			problems = append(problems, fmt.Sprintf("%d: %s: %v", at[i], target, err))
		}
	}
	return problems
}

// follow opens what a link leads to.
func follow(folder fs.FS, name, document, target string) error {
	file, anchor, _ := strings.Cut(target, "#")
	if file != "" {
		file = path.Join(path.Dir(name), file)
		if _, err := fs.Stat(folder, file); err != nil {
			return fmt.Errorf("there is no %s", file)
		}
		if anchor == "" || !strings.HasSuffix(file, ".md") {
			return nil
		}
		other, err := fs.ReadFile(folder, file)
		if err != nil {
			return err
		}
		document = string(other)
	}
	if !anchors(document)[anchor] {
		return fmt.Errorf("there is no heading #%s", anchor)
	}
	return nil
}

// Documents returns the Markdown files of a folder, without those that are not ours.
func Documents(folder fs.FS) (names []string, err error) {
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"node_modules", "runs", "dist", ".git"}, entry.Name()) {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".md") {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// Check returns what is wrong with documents, a line each.
func Check(folder fs.FS, names []string) (problems []string, err error) {
	for _, name := range names {
		document, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		for _, p := range append(long(string(document)), broken(folder, name, string(document))...) {
			problems = append(problems, name+":"+p)
		}
	}
	return problems, nil
}
