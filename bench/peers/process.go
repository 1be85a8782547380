package main

import (
	"fmt"
	"os"
	"strings"
)

// resident returns the bytes of memory that a process holds, as Linux tells; 0
// elsewhere.
func resident(process int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	for line := range strings.Lines(string(status)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// programBytes returns the size of the files that a process has mapped as code:
// the program and its libraries. 0 where the system does not tell.
func programBytes(process int) (sum int64) {
	maps, _ := os.ReadFile(fmt.Sprintf("/proc/%d/maps", process))
	seen := map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.Contains(f[1], "x") || !strings.HasPrefix(f[5], "/") || seen[f[5]] {
			continue
		}
		seen[f[5]] = true
		if info, err := os.Stat(f[5]); err == nil {
			sum += info.Size()
		}
	}
	return sum
}
