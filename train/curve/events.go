package curve

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// WriteEvents writes records as a TensorBoard event file: each is an event of
// scalars, at its step and at begun plus its seconds. An event is framed as
//
//	length u64, masked CRC-32C of length, tensorflow.Event, masked CRC-32C of that
func WriteEvents(w io.Writer, begun time.Time, records []Record) error {
	version := protowire.AppendTag(appendWallTime(nil, begun), 3, protowire.BytesType)
	if err := writeEvent(w, protowire.AppendString(version, "brain.Event:2")); err != nil {
		return err
	}
	for i := range records {
		r := &records[i]
		event := appendWallTime(nil, begun.Add(time.Duration(r.Seconds*float64(time.Second))))
		event = protowire.AppendTag(event, 2, protowire.VarintType)
		event = protowire.AppendVarint(event, uint64(r.Step))
		var summary []byte
		for _, s := range r.scalars() {
			summary = protowire.AppendTag(summary, 1, protowire.BytesType)
			summary = protowire.AppendBytes(summary, s.message())
		}
		event = protowire.AppendTag(event, 5, protowire.BytesType)
		if err := writeEvent(w, protowire.AppendBytes(event, summary)); err != nil {
			return err
		}
	}
	return nil
}

// scalar is one number of a record under its name.
type scalar struct {
	tag   string
	value float64
}

// scalars are the numbers that a record has. Accuracies without a puzzle are none.
func (r *Record) scalars() []scalar {
	s := []scalar{{"loss", r.Loss}}
	if r.Puzzles > 0 {
		s = append(s, scalar{"exact_accuracy", r.ExactAccuracy}, scalar{"accuracy", r.Accuracy},
			scalar{"q_halt_accuracy", r.QHaltAccuracy}, scalar{"segments", r.Segments})
	}
	if r.Kind == Train {
		s = append(s, scalar{"lm_loss", r.LMLoss}, scalar{"q_halt_loss", r.QHaltLoss}, scalar{"lr", r.LR}, scalar{"grad_norm", r.GradNorm},
			scalar{"samples_per_second", r.SamplesPerSecond})
	}
	return s
}

// message is a tensorflow.Summary.Value.
func (s scalar) message() []byte {
	b := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), s.tag)
	b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, math.Float32bits(float32(s.value)))
}

func appendWallTime(b []byte, at time.Time) []byte {
	b = protowire.AppendTag(b, 1, protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(float64(at.UnixMicro())/1e6))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is a CRC-32C as TensorFlow masks it, so that a checksum of data that
// holds checksums means something.
func checksum(b []byte) uint32 {
	sum := crc32.Checksum(b, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

func writeEvent(w io.Writer, event []byte) error {
	record := binary.LittleEndian.AppendUint64(nil, uint64(len(event)))
	record = binary.LittleEndian.AppendUint32(record, checksum(record))
	record = append(record, event...)
	_, err := w.Write(binary.LittleEndian.AppendUint32(record, checksum(event)))
	return err
}
