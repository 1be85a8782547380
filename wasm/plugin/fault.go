//go:build wasip1 && fault

package main

// Faults for the tests of hosts, in builds with the tag fault: a request that
// is one of these words makes the guest fail.
func init() {
	fault = func(request []byte) {
		switch string(request) {
		case "trap":
			panic("a fault that the test asked for")
		case "loop":
			for n := 0; ; n++ {
				spin = n
			}
		case "memory":
			for {
				hoard = append(hoard, make([]byte, 1<<20))
			}
		}
	}
}

var (
	spin  int
	hoard [][]byte
)
