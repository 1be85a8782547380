// Package golden reads reference cases, inputs and what a reference
// implementation computed from them, and checks that a backend agrees.
//
// A case is a folder: a checkpoint, index.json, and files of raw little-endian
// numbers that index.json points into.
package golden

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/checkpoint"
)

// ErrCase is wrapped by errors about a folder that is no reference case.
var ErrCase = errors.New("no reference case")

// Case is a reference case.
type Case struct {
	Dir     string
	meta    meta
	more    json.RawMessage // meta as it stands in index.json
	tensors map[string]span
	files   map[string][]byte // as read so far
}

// meta is what index.json says about the run.
type meta struct {
	Model    string         `json:"model"` // module@class
	Config   map[string]any `json:"config"`
	NormEps  float64        `json:"rms_norm_eps"`
	Theta    float64        `json:"rope_theta"`
	Segments int            `json:"segments"`
	Eval     []struct {
		SaysHalt []bool `json:"q_says_halt"`
	} `json:"eval_segments"`
}

// span is where the numbers of a tensor lie.
type span struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	DType  string `json:"dtype"` // f32 or i32
	Shape  []int  `json:"shape"`
}

// Open reads the index of a case.
func Open(dir string) (*Case, error) {
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, fmt.Errorf("golden: %w: %w", ErrCase, err)
	}
	var index struct {
		Meta    json.RawMessage `json:"meta"`
		Tensors map[string]span `json:"tensors"`
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fmt.Errorf("golden: %s: %w: index.json: %w", dir, ErrCase, err)
	}
	c := &Case{Dir: dir, more: index.Meta, tensors: index.Tensors, files: map[string][]byte{}}
	if err := c.Meta(&c.meta); err != nil {
		return nil, err
	}
	if m := &c.meta; m.Segments < 1 || len(m.Eval) < m.Segments {
		return nil, fmt.Errorf("golden: %s: %w: %d segments, of which %d are described", dir, ErrCase, m.Segments, len(m.Eval))
	}
	return c, nil
}

// Meta reads what the index says about the run into v, as encoding/json does.
func (c *Case) Meta(v any) error {
	if len(c.more) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.more, v); err != nil {
		return fmt.Errorf("golden: %s: %w: index.json: %w", c.Dir, ErrCase, err)
	}
	return nil
}

// Model reads the model from the checkpoint of the case.
func (c *Case) Model(ctx context.Context) (*runtime.Model, error) {
	arch := map[string]any{}
	maps.Copy(arch, c.meta.Config)
	arch["name"] = c.meta.Model
	if c.meta.NormEps > 0 {
		arch["rms_norm_eps"] = c.meta.NormEps
	}
	if c.meta.Theta > 0 {
		arch["rope_theta"] = c.meta.Theta
	}
	f, err := checkpoint.Open(c.Dir, checkpoint.Options{Config: map[string]any{"arch": arch}})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Model(ctx)
}

// Segments returns the number of segments that the reference ran.
func (c *Case) Segments() int { return c.meta.Segments }

// BFloat16 reports whether the reference computed in bfloat16.
func (c *Case) BFloat16() bool { return c.meta.Config["forward_dtype"] == "bfloat16" }

// Names returns the tensors of a case, sorted.
func (c *Case) Names() []string { return slices.Sorted(maps.Keys(c.tensors)) }

// Has reports whether a tensor exists.
func (c *Case) Has(name string) bool { _, ok := c.tensors[name]; return ok }

// Float32 returns a tensor's numbers and shape.
func (c *Case) Float32(name string) ([]float32, []int, error) {
	raw, shape, err := c.raw(name, "f32")
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v, shape, err
}

// Int32 returns a tensor's numbers and shape.
func (c *Case) Int32(name string) ([]int32, []int, error) {
	raw, shape, err := c.raw(name, "i32")
	v := make([]int32, len(raw)/4)
	for i := range v {
		v[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v, shape, err
}

// raw returns the bytes of a tensor of four-byte numbers.
func (c *Case) raw(name, dtype string) ([]byte, []int, error) {
	s, ok := c.tensors[name]
	if !ok {
		return nil, nil, fmt.Errorf("golden: %s: %w: no tensor %q", c.Dir, ErrCase, name)
	}
	if s.DType != dtype {
		return nil, nil, fmt.Errorf("golden: %s: %w: tensor %q is %s, want %s", c.Dir, ErrCase, name, s.DType, dtype)
	}
	file, err := c.file(s.File)
	if err != nil {
		return nil, nil, err
	}
	size, ok := sizeOf(s.Shape, int64(len(file))/4)
	if !ok || s.Offset < 0 || s.Offset > int64(len(file))-4*size {
		return nil, nil, fmt.Errorf("golden: %s: %w: tensor %q %v at %d does not lie in %s of %d bytes",
			c.Dir, ErrCase, name, s.Shape, s.Offset, s.File, len(file))
	}
	return file[s.Offset : s.Offset+4*size], s.Shape, nil
}

// sizeOf multiplies a shape and reports whether it is at most limit.
func sizeOf(shape []int, limit int64) (int64, bool) {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > 0 && n > limit/int64(d) {
			return 0, false
		}
		n *= int64(d)
	}
	return n, n <= limit
}

// file reads a file of the case, once.
func (c *Case) file(name string) ([]byte, error) {
	if data, ok := c.files[name]; ok {
		return data, nil
	}
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("golden: %s: %w: file %q lies outside", c.Dir, ErrCase, name)
	}
	data, err := os.ReadFile(filepath.Join(c.Dir, name))
	if err != nil {
		return nil, fmt.Errorf("golden: %w: %w", ErrCase, err)
	}
	c.files[name] = data
	return data, nil
}
