package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Read overrides c with a YAML file.
func (c *Config) Read(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := c.Parse(data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Parse overrides c with the keys of a YAML document. Errors name the line.
func (c *Config) Parse(data []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%w: line %d: want lines of `key: value`", ErrConfig, root.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if seen[key.Value] {
			return fmt.Errorf("%w: line %d: key %q is there twice", ErrConfig, key.Line, key.Value)
		}
		seen[key.Value] = true
		if err := c.setNode(key.Value, value); err != nil {
			return fmt.Errorf("line %d: %w", key.Line, err)
		}
	}
	return nil
}

// Set overrides one key with a value in YAML's notation, as in --set lr=1e-3.
func (c *Config) Set(key, value string) error {
	field, err := c.field(key)
	if err != nil {
		return err
	}
	if s, ok := field.(*string); ok {
		*s = value
		return nil
	}
	if sources, ok := field.(*[]Source); ok {
		return parseSources(sources, strings.Split(value, ","))
	}
	if paths, ok := field.(*[]string); ok {
		*paths = strings.Split(value, ",")
		return nil
	}
	if sizes, ok := field.(*[]Size); ok {
		return parseSizes(sizes, strings.Split(value, ","))
	}
	if files, ok := field.(*Files); ok {
		*files = nil
		if value != "" {
			*files = strings.Split(value, ",")
		}
		return nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil || len(doc.Content) != 1 {
		return typeError(key, field, value)
	}
	return c.setNode(key, doc.Content[0])
}

func (c *Config) setNode(key string, value *yaml.Node) error {
	field, err := c.field(key)
	if err != nil {
		return err
	}
	if value.Tag == "!!null" {
		return typeError(key, field, "nothing")
	}
	switch f := field.(type) {
	case *float64: // YAML 1.2 knows 1e-4, this reader wants a point
		*f, err = strconv.ParseFloat(value.Value, 64)
	case *int, *uint64: // this reader cuts 1.5 to 1
		if err = value.Decode(field); value.ShortTag() != "!!int" {
			return typeError(key, field, value.Value)
		}
	case *[]string:
		*f = nil
		if err = value.Decode(field); len(*f) == 0 {
			*f = nil
		}
	case *map[string]any: // a decoder adds to the map that is there
		*f = nil
		if err = value.Decode(field); len(*f) == 0 {
			*f = nil
		}
	default:
		err = value.Decode(field)
	}
	if err != nil && !errors.Is(err, ErrConfig) {
		err = typeError(key, field, value.Value)
	}
	return err
}

func typeError(key string, field any, got string) error {
	want := "text"
	switch field.(type) {
	case *int, *uint64:
		want = "a whole number"
	case *float64:
		want = "a number"
	case *bool:
		want = "true or false"
	case *time.Duration:
		want = "a duration such as 90s, 45m or 2h"
	case *Files:
		want = "a file or a list of files"
	case *[]Source:
		want = "a list of files: path, path=weight or {path: ..., weight: ...}"
	case *[]string:
		want = "a list of files and folders"
	case *[]Size:
		want = "a list of sizes: 30x30 or 30x30=weight"
	case *map[string]any:
		want = "a map such as {labels: directions}"
	}
	return fmt.Errorf("%w: %s is %q, want %s", ErrConfig, key, got, want)
}

// UnmarshalYAML takes a path, nothing, or a list of paths.
func (f *Files) UnmarshalYAML(node *yaml.Node) error {
	*f = nil
	if node.Kind == yaml.ScalarNode {
		if node.Value != "" {
			*f = Files{node.Value}
		}
		return nil
	}
	var list []string
	if err := node.Decode(&list); err != nil {
		return err
	}
	if len(list) > 0 {
		*f = list
	}
	return nil
}

// UnmarshalYAML takes `path`, `path=weight` or a map of both.
func (s *Source) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return s.parse(node.Value)
	}
	type plain Source
	p := plain{Weight: 1}
	for i := 0; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
		if k := node.Content[i]; k.Value != "path" && k.Value != "weight" {
			return fmt.Errorf("%w: unknown key %q in data, want path or weight", ErrConfig, k.Value)
		}
	}
	if err := node.Decode(&p); err != nil {
		return err
	}
	*s = Source(p)
	return nil
}

// parse reads path or path=weight.
func (s *Source) parse(text string) error {
	*s = Source{text, 1}
	path, weight, found := strings.Cut(text, "=")
	if !found {
		return nil
	}
	w, err := strconv.ParseFloat(weight, 64)
	if err != nil {
		return fmt.Errorf("%w: data %q: the weight after = is no number", ErrConfig, text)
	}
	*s = Source{path, w}
	return nil
}

func parseSources(to *[]Source, texts []string) error {
	*to = nil
	for _, text := range texts {
		var s Source
		if err := s.parse(text); err != nil {
			return err
		}
		*to = append(*to, s)
	}
	return nil
}

// UnmarshalYAML takes `30x30` or `30x30=weight`.
func (s *Size) UnmarshalYAML(node *yaml.Node) (err error) {
	*s, err = ParseSize(node.Value)
	return err
}

// MarshalYAML writes what UnmarshalYAML takes.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

// String is what UnmarshalYAML takes.
func (s Size) String() string {
	if s.Weight == 1 {
		return fmt.Sprintf("%dx%d", s.Rows, s.Cols)
	}
	return fmt.Sprintf("%dx%d=%v", s.Rows, s.Cols, s.Weight)
}

// String is what UnmarshalYAML takes.
func (s Source) String() string {
	if s.Weight == 1 {
		return s.Path
	}
	return fmt.Sprintf("%s=%v", s.Path, s.Weight)
}

// ParseSize reads rows x columns, as 30x30, or 30x30=weight.
func ParseSize(text string) (s Size, err error) {
	size, weight, weighted := strings.Cut(strings.TrimSpace(text), "=")
	rows, cols, _ := strings.Cut(size, "x")
	var errs [3]error
	s.Weight = 1
	s.Rows, errs[0] = strconv.Atoi(rows)
	s.Cols, errs[1] = strconv.Atoi(cols)
	if weighted {
		s.Weight, errs[2] = strconv.ParseFloat(weight, 64)
	}
	if errors.Join(errs[:]...) != nil {
		return s, fmt.Errorf("%w: size %q, want rows x columns, as 30x30, or 30x30=weight", ErrConfig, text)
	}
	return s, nil
}

func parseSizes(to *[]Size, texts []string) error {
	*to = nil
	for _, text := range texts {
		s, err := ParseSize(text)
		if err != nil {
			return err
		}
		*to = append(*to, s)
	}
	return nil
}

// Settings returns the keys of what YAML wrote, with their values.
func Settings(text string) (map[string]any, error) {
	var of map[string]any
	if err := yaml.Unmarshal([]byte(text), &of); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return of, nil
}

// YAML returns the whole configuration, each key with its meaning, in the form
// that Parse reads.
func (c *Config) YAML() ([]byte, error) {
	var node yaml.Node
	if err := node.Encode(c); err != nil {
		return nil, err
	}
	for i, k := range Keys() {
		value := node.Content[2*i+1]
		if value.Kind == yaml.ScalarNode {
			value.LineComment = k.Doc
		} else {
			node.Content[2*i].HeadComment = k.Doc
		}
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&node); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}
