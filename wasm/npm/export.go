package npm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/hrmgo/hrm/native/embedded"
)

// ErrNotEmpty is returned by Export for a folder with files that it did not write.
var ErrNotEmpty = errors.New("the folder is not empty, and not an earlier export")

// Export writes the demo page of files, with models for it, into a folder that
// any static server can carry, under any address: its links are relative. Module
// and models are there with Brotli too, for servers that look for that. site is the
// address it will have, for the picture on its card, or "".
func Export(files fs.FS, models []embedded.Entry, dir, site string) error {
	h := &handler{files: files, models: models}
	names, err := h.names()
	if err != nil {
		return err
	}
	if err := emptied(dir); err != nil {
		return err
	}
	for _, name := range append(names, "files.json") {
		body, _, err := h.content(name, "")
		if err != nil {
			return err
		}
		if name == "index.html" && site != "" {
			body = bytes.Replace(body, []byte(`content="card.png"`), fmt.Appendf(nil, `content="%scard.png"`, site), 1)
		}
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), body); err != nil {
			return err
		}
		if name != module && path.Ext(name) != ".hrm" {
			continue
		}
		small, _, err := h.content(name, "br")
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, filepath.FromSlash(name+Compressed)), small); err != nil {
			return err
		}
	}
	return nil
}

// emptied makes a folder, unless there is one to write over.
func emptied(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return os.MkdirAll(dir, 0o777)
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "files.json")); err != nil {
		return fmt.Errorf("%s: %w", dir, ErrNotEmpty)
	}
	return nil
}

func write(name string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, body, 0o666)
}
