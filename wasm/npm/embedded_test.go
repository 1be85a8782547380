package npm

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
)

// The module that is checked in unpacks to a whole one.
func TestEmbeddedModule(t *testing.T) {
	h := &handler{files: Files}
	wasm, _, err := h.content(module, "")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no module is checked in: go run ./wasm/build && go run ./wasm/npm/checkin")
	}
	if err != nil || !bytes.HasPrefix(wasm, []byte("\x00asm")) {
		t.Errorf("%d bytes, %v", len(wasm), err)
	}
}
