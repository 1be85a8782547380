//go:build !js

package puzzle

import (
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
)

// listZip lists the plain files of a zip archive.
func listZip(at io.ReaderAt, size int64) ([]packed, error) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, fmt.Errorf("%w: the archive is damaged, or cut short", err)
	}
	var files []packed
	for _, f := range z.File {
		if f.Mode().IsRegular() {
			files = append(files, packed{f.Name, f.Open})
		}
	}
	return files, nil
}

func gunzip(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
