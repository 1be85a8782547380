// Package onnx writes a model as an ONNX graph of one segment, for programs
// that have an ONNX runtime instead of this module.
//
// Inputs, for a batch of any size B:
//
//	tokens     int32 [B, S]     the puzzle
//	puzzle_id  int32 [B]        its row of the puzzle table, where there is one
//	reset      bool  [B]        start afresh: zH and zL of this lane are ignored
//	zH, zL     float [B, P, D]  the carry: zH_next and zL_next of the segment before
//
// With Options.PuzzleInput puzzle_embedding, float [B, PuzzleEmbDim], stands for
// puzzle_id. Outputs:
//
//	zH_next, zL_next    float [B, P, D]
//	logits              float [B, S, vocabulary]: the answer is the argmax
//	q_halt, q_continue  float [B]
//
// An HRM wants to halt when q_halt > q_continue, a TRM when q_halt > 0, unless
// Config.HaltRule says otherwise; the file's description says which. The
// passes of a segment are unrolled; a weight is stored once, however many
// passes use it.
package onnx

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/weights"
)

// ErrTooLarge is wrapped when the file would exceed the 2 GiB of a protobuf
// message.
var ErrTooLarge = errors.New("too large for an ONNX file")

// maxLength of a protobuf message.
const maxLength = math.MaxInt32

// Opsets that can be written.
const (
	OldestOpset = 13 // the first whose operators take axes as the graph gives them
	NewestOpset = 23 // the first with RMSNormalization, RotaryEmbedding and Attention
)

// irVersions are the versions of the file's format, each with the first opset
// whose ONNX writes it: a runtime that knows the opset reads that version.
var irVersions = []struct{ opset, ir int }{{23, 11}, {21, 10}, {19, 9}, {15, 8}, {13, 7}}

// ErrOpset is wrapped for an opset that cannot be written.
var ErrOpset = errors.New("no such opset")

// ErrUnsupported is wrapped for a kind of sublayer that has no operators here.
var ErrUnsupported = errors.New("no ONNX operators for")

// kinds are the sublayers that segment.block writes.
var kinds = []runtime.Sublayer{runtime.Convolution, runtime.Attention, runtime.PositionSwiGLU, runtime.SwiGLU}

func supported(c *runtime.Config) error {
	for _, s := range c.Sublayers() {
		if !slices.Contains(kinds, s) {
			return fmt.Errorf("%w %v: run such a model with hrm", ErrUnsupported, s)
		}
	}
	return nil
}

// Options of an export. The zero value is float32 with the puzzle table.
type Options struct {
	// Int8 writes the matrices of the levels as int8 with a scale for each
	// output channel, and multiplies them with activations that are rounded to
	// uint8 as they come, with one scale for a whole batch (DynamicQuantizeLinear
	// and MatMulInteger).
	Int8 bool
	// PuzzleInput leaves the puzzle table out.
	PuzzleInput bool
	// Opset is the version of the operators, from OldestOpset to NewestOpset,
	// which is 0 too: an older one is for older runtimes, and writes the
	// operators that it lacks out in others.
	Opset int
}

func (o *Options) opset() int {
	if o.Opset == 0 {
		return NewestOpset
	}
	return o.Opset
}

// WriteFile writes the graph to a file, which appears complete or not at all.
// An error wraps ErrTooLarge where the weights do not fit, ErrOpset, ErrUnsupported,
// runtime.ErrConfig for a configuration that no model can have, or
// quantize.ErrRange for weights that int8 cannot hold.
func WriteFile(ctx context.Context, path string, m *runtime.Model, o Options) error {
	if err := m.Config.Validate(); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if err := supported(&m.Config); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if n := o.opset(); n < OldestOpset || n > NewestOpset {
		return fmt.Errorf("onnx: %w: %d, want %d to %d", ErrOpset, n, OldestOpset, NewestOpset)
	}
	if o.Int8 {
		var err error
		if m, _, err = m.Convert(quantize.I8); err != nil {
			return fmt.Errorf("onnx: %w", err)
		}
	}
	s := newSegment(m, o)
	head := modelHead(m, o, s.graph)
	if n := int64(len(head)) + s.length(); n > maxLength {
		return fmt.Errorf("onnx: %w: %d bytes, of which the puzzle table has %d; at most %d", ErrTooLarge, n, s.tableSize(), maxLength)
	}
	err := weights.ReplaceFile(path, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		if _, err := buffered.Write(head); err != nil {
			return err
		}
		if err := s.write(ctx, buffered); err != nil {
			return err
		}
		return buffered.Flush()
	})
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// tableSize is the bytes that PuzzleInput would save.
func (s *segment) tableSize() int64 {
	if s.options.PuzzleInput {
		return 0
	}
	return 4 * int64(s.m.PuzzleEmb.Rows) * int64(s.m.PuzzleEmb.Cols)
}

// modelHead is the ModelProto up to the bytes of its graph.
func modelHead(m *runtime.Model, o Options, g *graph) message {
	var head, operators message
	for _, v := range irVersions {
		if o.opset() >= v.opset {
			head.varint(1, int64(v.ir))
			break
		}
	}
	head.string(2, "hrm")
	head.string(6, description(&m.Config, o))
	operators.varint(2, int64(o.opset()))
	head.bytes(8, operators)
	config, _ := json.Marshal(m.Config.Map()) // numbers, strings and bools
	meta := map[string]string{"config": string(config), "task": m.Task}
	for name, text := range m.Meta {
		meta["meta."+name] = text
	}
	for _, name := range slices.Sorted(maps.Keys(meta)) {
		var entry message
		entry.string(1, strings.ToValidUTF8(name, "?"))
		entry.string(2, strings.ToValidUTF8(meta[name], "?"))
		head.bytes(14, entry)
	}
	head.open(7, g.length())
	return head
}

// description is for who opens the file in a viewer.
func description(c *runtime.Config, o Options) string {
	precision := "float32"
	if o.Int8 {
		precision = "int8 weights, activations quantised dynamically"
	}
	return fmt.Sprintf("One segment of a Hierarchical Reasoning Model (%s, %s). Start a puzzle with reset; "+
		"feed zH_next and zL_next back as zH and zL until %s, or %d segments. The answer is the argmax of logits.",
		c.Family, precision, c.Rule(), c.HaltMaxSteps)
}
