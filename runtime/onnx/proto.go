package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message as it is encoded: fields are appended. The
// numbers of the fields are those of onnx.proto.
type message []byte

func (m *message) varint(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

func (m *message) bytes(field protowire.Number, v []byte) {
	m.open(field, int64(len(v)))
	*m = append(*m, v...)
}

func (m *message) string(field protowire.Number, v string) { m.bytes(field, []byte(v)) }

// open appends what stands before n bytes of a field.
func (m *message) open(field protowire.Number, n int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.BytesType), uint64(n))
}

// Types of a tensor's numbers (TensorProto.DataType).
const (
	float32Type = 1
	int8Type    = 3
	int32Type   = 6
	int64Type   = 7
	boolType    = 9
)

// attribute is an encoded AttributeProto.
type attribute message

func intAttr(name string, v int) attribute {
	var m message
	m.string(1, name)
	m.varint(3, int64(v))
	m.varint(20, 2) // INT
	return attribute(m)
}

func floatAttr(name string, v float32) attribute {
	var m message
	m.string(1, name)
	m.float(2, v)
	m.varint(20, 1) // FLOAT
	return attribute(m)
}

func intsAttr(name string, v ...int) attribute {
	var m message
	m.string(1, name)
	for _, i := range v {
		m.varint(8, int64(i))
	}
	m.varint(20, 7) // INTS
	return attribute(m)
}

// valueInfo is a ValueInfoProto: the type and shape of an input or output. A
// dimension below 0 is the batch.
func valueInfo(name string, kind int64, dims ...int) message {
	var shape message
	for _, n := range dims {
		var dim message
		if n < 0 {
			dim.string(2, "batch")
		} else {
			dim.varint(1, int64(n))
		}
		shape.bytes(1, dim)
	}
	var tensor, typ, info message
	tensor.varint(1, kind)
	tensor.bytes(2, shape)
	typ.bytes(1, tensor)
	info.string(1, name)
	info.bytes(2, typ)
	return info
}
