package npm

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
)

// The module that is checked in unpacks to a whole one.
func TestEmbeddedModule(t *testing.T) {
	data, err := Files.ReadFile(module + compressed)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no module is checked in: go run ./wasm/build && go run ./wasm/npm/checkin")
	}
	if err != nil {
		t.Fatal(err)
	}
	if wasm, err := unzip(data); err != nil || !bytes.HasPrefix(wasm, []byte("\x00asm")) {
		t.Errorf("%d bytes, %v", len(wasm), err)
	}
}
