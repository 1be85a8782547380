package main

import (
	"os"
	"syscall"
)

// mostResident returns the most memory that an ended process held, in bytes.
func mostResident(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return int64(usage.Maxrss) << 10
}
