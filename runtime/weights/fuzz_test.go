package weights

import (
	"bytes"
	"reflect"
	"runtime/metrics"
	"testing"
)

// allocated returns how many bytes the program has allocated so far. The
// runtime counts small objects a span at a time, so a difference may be off by
// slack.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// slack covers spans that are counted late and what the fuzzing engine itself
// allocates meanwhile.
const slack = 1 << 20

// FuzzParse gives the reader arbitrary bytes. It must not panic, must not
// allocate more than a small multiple of what it was given, and what it
// accepts must survive being written and read again.
//
// Run for 1,000,000 executions: go test -fuzz FuzzParse -fuzztime 1000000x
func FuzzParse(f *testing.F) {
	f.Add(sampleDocument().bytes())
	for _, list := range [][]malformed{malformedDocuments, malformedHeaders, malformedTensors} {
		for _, c := range list {
			d := sampleDocument()
			c.bend(d)
			f.Add(d.bytes())
		}
	}
	f.Add(mustEncode(f, sampleHeader(), sampleTensors()))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := allocated()
		file, err := Options{SkipHash: true}.Parse(data)
		if used := allocated() - before; used > 128*uint64(len(data))+slack {
			t.Fatalf("%d bytes allocated for %d given", used, len(data))
		}
		if err != nil {
			if file != nil {
				t.Fatal("a file beside an error")
			}
			return
		}
		again, err := Encode(file.Header, file.Tensors())
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		copied, err := Parse(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !sameHeader(copied.Header, file.Header) || !sameTensors(copied.Tensors(), file.Tensors()) {
			t.Fatal("a file changed when it was written and read")
		}
	})
}

// sameHeader compares headers; a NaN is equal to itself.
func sameHeader(a, b Header) bool {
	for k, v := range a.Config {
		x, isFloat := v.(float64)
		y, _ := b.Config[k].(float64)
		if isFloat && x != x && y != y {
			continue
		}
		if !reflect.DeepEqual(v, b.Config[k]) {
			return false
		}
	}
	a.Config, b.Config = nil, nil
	a.Version, b.Version = 0, 0 // an old file is written as a new one
	return reflect.DeepEqual(a, b)
}

func sameTensors(a, b []Tensor) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !reflect.DeepEqual(a[i].Spec, b[i].Spec) || !bytes.Equal(a[i].Bytes, b[i].Bytes) {
			return false
		}
	}
	return true
}
