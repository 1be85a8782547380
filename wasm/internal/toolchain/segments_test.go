package toolchain

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
)

// moduleOf has a memory of two pages and some data in it.
func moduleOf(counted bool, segments []segment) []byte {
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(5, []byte{1, 0, 2})...)
	m = append(m, section(7, append([]byte{1, 6}, "memory\x02\x00"...))...)
	if counted {
		m = append(m, section(sectionDataCount, []byte{byte(len(segments))})...)
	}
	m = append(m, section(sectionData, writeSegments(segments))...)
	return append(m, section(0, []byte("\x04more123"))...)
}

// memoryOf is the memory that a module starts with, in wazero.
func memoryOf(t *testing.T, module []byte) []byte {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(t.Context())
	m, err := r.Instantiate(t.Context(), module)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := m.Memory().Read(0, m.Memory().Size())
	return bytes.Clone(data)
}

// A module starts with the same memory, with fewer segments, in whatever order.
func TestJoinSegments(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 2))
	for round := range 100 {
		var segments []segment
		for at := 0; len(segments) < 1+round; at = segments[len(segments)-1].end() + rng.IntN(2*gap) {
			s := segment{at, make([]byte, 1+rng.IntN(40))}
			for i := range s.data {
				s.data[i] = byte(rng.Uint32())
			}
			segments = append(segments, s)
		}
		rng.Shuffle(len(segments), func(i, j int) { segments[i], segments[j] = segments[j], segments[i] })
		module := moduleOf(round%2 == 0, segments)
		got, err := joinSegments(module)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(memoryOf(t, got), memoryOf(t, module)) {
			t.Fatalf("round %d: the memory differs", round)
		}
		if joined, _ := join(segments); round > 20 && len(joined) > len(segments)*3/4 {
			t.Errorf("round %d: %d segments of %d", round, len(joined), len(segments))
		}
	}
}

func TestJoinSegmentsCompact(t *testing.T) {
	far := 9 + gap + 1
	got, err := join([]segment{{5, []byte("ab")}, {8, []byte("c")}, {far, []byte("d")}, {far + 1, []byte("e")}})
	if err != nil {
		t.Fatal(err)
	}
	want := []segment{{5, []byte("ab\x00c")}, {far, []byte("de")}}
	if len(got) != len(want) {
		t.Fatalf("%d segments, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].at != want[i].at || !bytes.Equal(got[i].data, want[i].data) {
			t.Errorf("segment %d: %d %q, want %d %q", i, got[i].at, got[i].data, want[i].at, want[i].data)
		}
	}
}

// What is cut short, and data whose address is not known here, is an error.
func TestJoinSegmentsRefuses(t *testing.T) {
	module := moduleOf(true, []segment{{70_000, []byte("abc")}, {71_000, []byte("d")}})
	for n := range module {
		if out, err := joinSegments(module[:n]); err == nil && !bytes.Equal(out, module[:n]) {
			t.Errorf("%d bytes of %d: no error", n, len(module))
		}
	}
	for name, body := range map[string]string{
		"passive": "\x01\x01\x03abc", "a global's address": "\x01\x00\x23\x00\x0b\x00", "an address below 0": "\x01\x00\x41\x7f\x0b\x00",
		"an address without end": "\x01\x00\x41\x80\x80\x80\x80\x80\x80\x00\x0b\x00", "an overlap": "\x02\x00\x41\x00\x0b\x03abc\x00\x41\x02\x0b\x01d",
		"a sum": "\x01\x00\x41\x01\x41\x01\x6a\x0b\x00",
	} {
		if _, err := joinSegments(append([]byte("\x00asm\x01\x00\x00\x00"), section(sectionData, []byte(body))...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
