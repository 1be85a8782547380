//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

import "os"

// lockFolder does nothing: these systems have no lock that ends with the process.
func lockFolder(string) (*os.File, error) { return nil, nil }
