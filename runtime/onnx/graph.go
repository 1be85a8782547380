package onnx

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hrmgo/hrm/runtime/weights"
)

// Fields of GraphProto.
const (
	nodeField        = 1
	nameField        = 2
	initializerField = 5
	inputField       = 11
	outputField      = 12
)

// rawDataField holds the numbers of a TensorProto.
const rawDataField = 9

// graph is a GraphProto as it grows. Values are known by name; a constant is
// stored once, however often it is asked for.
type graph struct {
	body      message // all but the constants
	constants []constant
	known     map[string]bool // names of constants
	nodes     int
}

// constant is an initializer: its TensorProto but for the numbers, which are
// made when they are written.
type constant struct {
	head message
	size int64 // bytes that data returns
	data func() []byte
}

func newGraph(name string) *graph {
	g := &graph{known: map[string]bool{}}
	g.body.string(nameField, name)
	return g
}

func (g *graph) input(name string, kind int64, dims ...int) string {
	g.body.bytes(inputField, valueInfo(name, kind, dims...))
	return name
}

// output gives a value the name of an output.
func (g *graph) output(name, value string, kind int64, dims ...int) {
	g.node("Identity", []string{value}, []string{name})
	g.body.bytes(outputField, valueInfo(name, kind, dims...))
}

// op adds a node with one output, and returns that.
func (g *graph) op(kind string, inputs []string, attrs ...attribute) string {
	return g.ops(kind, 1, inputs, attrs...)[0]
}

// ops adds a node with n outputs.
func (g *graph) ops(kind string, n int, inputs []string, attrs ...attribute) []string {
	outputs := make([]string, n)
	for i := range outputs {
		outputs[i] = fmt.Sprintf("%s_%d_%d", kind, g.nodes, i)
	}
	g.node(kind, inputs, outputs, attrs...)
	return outputs
}

func (g *graph) node(kind string, inputs, outputs []string, attrs ...attribute) {
	var m message
	for _, name := range inputs {
		m.string(1, name)
	}
	for _, name := range outputs {
		m.string(2, name)
	}
	m.string(3, fmt.Sprintf("%s_%d", kind, g.nodes))
	m.string(4, kind)
	for _, a := range attrs {
		m.bytes(5, a)
	}
	g.body.bytes(nodeField, m)
	g.nodes++
}

// constant adds an initializer of size bytes unless one of that name is there,
// and returns its name.
func (g *graph) constant(name string, kind int64, size int64, data func() []byte, dims ...int) string {
	if g.known[name] {
		return name
	}
	g.known[name] = true
	var head message
	for _, n := range dims {
		head.varint(1, int64(n))
	}
	head.varint(2, kind)
	head.string(8, name)
	g.constants = append(g.constants, constant{head, size, data})
	return name
}

// floats is a constant of 32-bit numbers.
func (g *graph) floats(name string, v []float32, dims ...int) string {
	return g.constant(name, float32Type, 4*int64(len(v)), func() []byte {
		return weights.Of(name, weights.F32, v).Bytes
	}, dims...)
}

// scalar is a constant number.
func (g *graph) scalar(name string, v float32) string { return g.floats(name, []float32{v}) }

// ints is a vector of 64-bit constants, such as a shape.
func (g *graph) ints(v ...int) string {
	return g.int64s(fmt.Sprint("ints", v), v, len(v))
}

// index is a 64-bit constant of no dimension.
func (g *graph) index(i int) string { return g.int64s(fmt.Sprint("int ", i), []int{i}) }

func (g *graph) int64s(name string, v []int, dims ...int) string {
	wide := make([]uint64, len(v))
	for i, n := range v {
		wide[i] = uint64(n)
	}
	return g.constant(name, int64Type, 8*int64(len(v)), func() []byte {
		return weights.Of(name, weights.U64, wide).Bytes
	}, dims...)
}

// length of a constant as a field of the graph, without its tag.
func (c *constant) length() int64 {
	return int64(len(c.head)+protowire.SizeTag(rawDataField)+protowire.SizeVarint(uint64(c.size))) + c.size
}

// length of the encoded graph.
func (g *graph) length() int64 {
	n := int64(len(g.body))
	for i := range g.constants {
		c := g.constants[i].length()
		n += int64(protowire.SizeTag(initializerField)+protowire.SizeVarint(uint64(c))) + c
	}
	return n
}

// write encodes the graph.
func (g *graph) write(ctx context.Context, w io.Writer) error {
	if _, err := w.Write(g.body); err != nil {
		return err
	}
	for i := range g.constants {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.constants[i].write(w); err != nil {
			return err
		}
	}
	return nil
}

func (c *constant) write(w io.Writer) error {
	var m message
	m.open(initializerField, c.length())
	m = append(m, c.head...)
	m.open(rawDataField, c.size)
	if _, err := w.Write(m); err != nil {
		return err
	}
	_, err := w.Write(c.data())
	return err
}
