//go:build !purego

package kernels

import "syscall"

// permitAMX asks Linux to let this process use tile data, from kernel 5.16 on.
// It fails where a thread's alternative signal stack has no room for them.
func permitAMX() error {
	const requestPermission, tileData = 0x1023, 18
	if _, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0); errno != 0 {
		return errno
	}
	return nil
}
