package host

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hrmgo/hrm/wasm/abi"
)

// long is n where HRM_LONG is set, else few.
func long(n, few int) int {
	if os.Getenv("HRM_LONG") != "" {
		return n
	}
	return few
}

// Any bytes as a request are answered with a reply, which nearly always is an
// error, and the guest goes on.
func TestHostileRequests(t *testing.T) {
	h := open(t, Options{Instances: 1})
	good := (&abi.Request{Op: abi.OpInfo, Task: "sudoku", Puzzles: []Puzzle{{Text: easy, Tokens: []int32{1, 2}}}, Options: SolveOptions{Attempts: 4, Seed: 9}}).Encode()
	rng := rand.New(rand.NewPCG(5, 2))
	refused := 0
	for i := range long(100_000, 1000) {
		message := mutate(rng, good)
		data, err := ask(context.Background(), h, message)
		if err != nil {
			t.Fatalf("message %d, %x: %v", i, message, err)
		}
		reply, err := abi.DecodeReply(data)
		if err != nil {
			t.Fatalf("message %d, %x: reply %x: %v", i, message, data, err)
		}
		if reply.Error != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no message was refused")
	}
	solves(t, h)
}

// mutate returns a message of the same kind with some bytes changed, cut off or
// put in, or only noise. It stays an info request at worst: solving takes long.
func mutate(rng *rand.Rand, good []byte) []byte {
	m := append([]byte(nil), good...)
	switch rng.IntN(4) {
	case 0:
		m = m[:1+rng.IntN(len(m)-1)]
	case 1:
		m = make([]byte, 1+rng.IntN(40))
		for i := range m {
			m[i] = byte(rng.Uint32())
		}
	case 2:
		at := rng.IntN(len(m))
		m = append(m[:at:at], append([]byte{byte(rng.Uint32()), 0xdd, 0xff, 0xff, 0xff, 0xff}, m[at:]...)...)
	}
	for range rng.IntN(4) {
		m[rng.IntN(len(m))] = byte(rng.Uint32())
	}
	return m
}

// fake returns a module that exports what a plugin does, a version, an address
// for every request and a constant for every reply.
func fake(version int32, address uint32, reply int64, memory string) []byte {
	section := func(id byte, body ...byte) []byte { return append([]byte{id, byte(len(body))}, body...) }
	export := func(name string, kind, index byte) []byte {
		return append(append([]byte{byte(len(name))}, name...), kind, index)
	}
	code := func(instruction byte, value int64) []byte {
		body := append(append([]byte{0, instruction}, signed(value)...), 0x0b)
		return append([]byte{byte(len(body))}, body...)
	}
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(1, 3, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7e)...)
	m = append(m, section(3, 3, 0, 1, 2)...)
	m = append(m, section(5, 1, 0, 1)...)
	exports := []byte{4}
	exports = append(exports, export(memory, 2, 0)...)
	for i, name := range []string{abi.ExportVersion, abi.ExportBuffer, abi.ExportCall} {
		exports = append(exports, export(name, 0, byte(i))...)
	}
	m = append(m, section(7, exports...)...)
	body := []byte{3}
	body = append(append(append(body, code(0x41, int64(version))...), code(0x41, int64(int32(address)))...), code(0x42, reply)...)
	return append(m, section(10, body...)...)
}

// signed is the LEB128 form of a number.
func signed(v int64) (b []byte) {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// A guest that answers nonsense is an error, whatever it claims.
func TestHostileReplies(t *testing.T) {
	for name, c := range map[string]struct {
		module []byte
		want   error
		says   string
	}{
		"another version":          {fake(abi.Version+1, 0, 0, "memory"), ErrModule, "version 2"},
		"a buffer beyond":          {fake(abi.Version, 1<<16, 0, "memory"), ErrGuest, "no room"},
		"a buffer at the end":      {fake(abi.Version, 1<<32-1, 0, "memory"), ErrGuest, "no room"},
		"an empty reply":           {fake(abi.Version, 16, 0, "memory"), ErrGuest, "reply"},
		"a reply beyond":           {fake(abi.Version, 16, 1<<32|1<<16, "memory"), ErrGuest, "65536 bytes at 1 of 65536"},
		"a reply of 4 GB":          {fake(abi.Version, 16, 1<<32-1, "memory"), ErrGuest, "4294967295 bytes"},
		"a reply that wraps":       {fake(abi.Version, 16, -1, "memory"), ErrGuest, "bytes at 4294967295"},
		"a reply of zeros":         {fake(abi.Version, 16, 1<<44|4, "memory"), ErrGuest, "an integer, want a map"},
		"its own request as reply": {fake(abi.Version, 0, 9, "memory"), ErrGuest, "unknown key"},
	} {
		h, err := Open(context.Background(), Options{Module: c.module, SHA256: hashOf(c.module)})
		if err == nil {
			h.Close()
		}
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

// Instances that come and go leave no memory behind.
func TestInstancesLeaveNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("opens instances for a while")
	}
	h := open(t, Options{Instances: 1})
	churn := func(n int) {
		for range n {
			in, err := h.take(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			_ = in.module.Close(context.Background())
			in.failed = true
			h.put(in)
		}
		for range 2 {
			goruntime.GC()
		}
	}
	n := long(1000, 30)
	churn(max(20, n/10))
	before := resident(t)
	churn(n)
	if before == 0 {
		t.Skip("no /proc/self/statm here")
	}
	if after := resident(t); after > before+before/4+(8<<20) {
		t.Errorf("%d instances: resident memory went from %d to %d MB", n, before>>20, after>>20)
	} else {
		t.Logf("%d instances: resident memory went from %d to %d MB", n, before>>20, after>>20)
	}
	solves(t, h)
}

// watchResident looks at resident memory until the function that it returns is
// called, which returns the most.
func watchResident(t *testing.T) func() uint64 {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, residentNow(t))
			}
		}
	}()
	return func() uint64 { close(stop); return <-most }
}

// resident returns the resident memory of this process in bytes, after Go gave
// back what it does not use.
func resident(t *testing.T) uint64 {
	debug.FreeOSMemory()
	return residentNow(t)
}

func residentNow(t *testing.T) uint64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0 // not here
	}
	pages, err := strconv.ParseUint(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * uint64(os.Getpagesize())
}
