//go:build !linux

package service

import "net"

// turnAway does nothing where a system has no way to: who connects in the moment in
// which the listener closes is reset.
func turnAway(net.Listener) {}
