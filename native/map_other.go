//go:build !unix

package native

import (
	"io"
	"os"
)

// mapFile reads the file: these systems have no mapping in package syscall
// that is worth its care.
func mapFile(path string) ([]byte, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return readFile(f)
}
