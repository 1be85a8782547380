package curve

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The masked checksums are those that TensorFlow's own writer gives: its files begin
// with the second, the length of brain.Event:2.
func TestChecksum(t *testing.T) {
	for text, want := range map[string]uint32{"": 0xa282ead8, "\x18\x00\x00\x00\x00\x00\x00\x00": 0x224b7fa3} {
		if got := checksum([]byte(text)); got != want {
			t.Errorf("%q: %#x, want %#x", text, got, want)
		}
	}
}

// An event file is read back frame by frame, field by field.
func TestWriteEvents(t *testing.T) {
	begun := time.Unix(1_700_000_000, 0)
	var b bytes.Buffer
	err := WriteEvents(&b, begun, []Record{
		{Kind: Train, Step: 10, Seconds: 1.5, Loss: 2, LR: 0.25},
		{Kind: Eval, Step: 20, Seconds: 3, Loss: 1, ExactAccuracy: 0.5, Puzzles: 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	var events [][]byte
	for data := b.Bytes(); len(data) > 0; {
		n := binary.LittleEndian.Uint64(data)
		if binary.LittleEndian.Uint32(data[8:]) != checksum(data[:8]) || binary.LittleEndian.Uint32(data[12+n:]) != checksum(data[12:12+n]) {
			t.Fatal("wrong checksum")
		}
		events = append(events, data[12:12+n])
		data = data[16+n:]
	}
	if len(events) != 3 || !bytes.Contains(events[0], []byte("brain.Event:2")) {
		t.Fatalf("%d events, %q", len(events), events)
	}
	at, step, scalars := decodeEvent(t, events[1])
	if at != 1_700_000_001.5 || step != 10 || scalars["loss"] != 2 || scalars["lr"] != 0.25 {
		t.Errorf("%v, step %d, %v", at, step, scalars)
	}
	if _, there := scalars["exact_accuracy"]; there {
		t.Error("an accuracy of no puzzles")
	}
	if at, step, scalars = decodeEvent(t, events[2]); at != 1_700_000_003 || step != 20 || scalars["exact_accuracy"] != 0.5 || scalars["loss"] != 1 {
		t.Errorf("%v, step %d, %v", at, step, scalars)
	}
}

// decodeEvent reads a tensorflow.Event.
func decodeEvent(t *testing.T, b []byte) (wall float64, step uint64, scalars map[string]float32) {
	t.Helper()
	scalars = map[string]float32{}
	eachField(t, b, func(n protowire.Number, v []byte, number uint64) {
		switch n {
		case 1:
			wall = math.Float64frombits(number)
		case 2:
			step = number
		case 5:
			eachField(t, v, func(_ protowire.Number, value []byte, _ uint64) {
				var tag string
				eachField(t, value, func(n protowire.Number, v []byte, number uint64) {
					if n == 1 {
						tag = string(v)
					} else {
						scalars[tag] = math.Float32frombits(uint32(number))
					}
				})
			})
		}
	})
	return wall, step, scalars
}

func eachField(t *testing.T, b []byte, field func(n protowire.Number, bytes []byte, number uint64)) {
	t.Helper()
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		b = b[size:]
		var value []byte
		var number uint64
		switch kind {
		case protowire.VarintType:
			number, size = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			number, size = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var bits uint32
			bits, size = protowire.ConsumeFixed32(b)
			number = uint64(bits)
		case protowire.BytesType:
			value, size = protowire.ConsumeBytes(b)
		}
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		field(n, value, number)
		b = b[size:]
	}
}

func TestWriteCSV(t *testing.T) {
	var b bytes.Buffer
	if err := WriteCSV(&b, []Run{{"a,b", testRecords(3)}, {"c", testRecords(2)}}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 6 || strings.Join(rows[0][:5], " ") != "run kind step seconds set" || rows[1][0] != "a,b" || rows[4][2] != "10" {
		t.Errorf("%v: %q", err, rows)
	}
}
