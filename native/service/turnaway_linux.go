package service

import (
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// newConnections is a filter of packets to a listening socket, which drops the first
// packet of a connection (SYN without ACK in byte 13 of the TCP header) and no other.
var newConnections = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13},
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0x12},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0x02, Jf: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16},
}

// turnAway lets nobody connect to a listener any more, and waits until those who have
// are accepted. To close it alone would reset them.
func turnAway(l net.Listener) {
	switch l := l.(type) {
	case *net.UnixListener:
		_ = os.Remove(l.Addr().String())
		time.Sleep(50 * time.Millisecond)
	case *net.TCPListener:
		raw, err := l.SyscallConn()
		if err != nil {
			return
		}
		waiting := func() (n int) {
			_ = raw.Control(func(fd uintptr) {
				if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
					n = int(info.Unacked) // of a listening socket: connections to be accepted
				}
			})
			return n
		}
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(newConnections)), Filter: &newConnections[0]})
		})
		for range 100 {
			time.Sleep(10 * time.Millisecond) // also for what is half open
			if waiting() == 0 {
				return
			}
		}
	}
}
