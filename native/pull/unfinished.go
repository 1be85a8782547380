package pull

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/hrmgo/hrm/native/cache"
)

// Unfinished is a download that was not completed, or whose import failed.
type Unfinished struct {
	From  string `json:"from"`
	Bytes int64  `json:"bytes"`
	dir   string
}

// ListUnfinished lists what is left of downloads.
func ListUnfinished() ([]Unfinished, error) {
	dir, err := cache.Downloads()
	if err != nil {
		return nil, err
	}
	entries, err := cache.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Unfinished
	for _, e := range entries {
		u := Unfinished{dir: filepath.Join(dir, e.Name())}
		from, err := os.ReadFile(filepath.Join(u.dir, sourceFile))
		if !e.IsDir() || err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		u.From = strings.TrimSpace(plainText(string(from)))
		files, _ := os.ReadDir(u.dir) // one that cannot be read has nothing to say
		for _, file := range files {
			if info, err := file.Info(); err == nil {
				u.Bytes += info.Size()
			}
		}
		all = append(all, u)
	}
	return all, nil
}

// Source is what to give to hrm pull to go on: without the commit.
func (u *Unfinished) Source() string {
	s, err := ParseSource(u.From, DefaultEndpoint)
	if err != nil {
		return u.From
	}
	s.Revision = ""
	return s.String()
}

// Is reports whether the download is of a source, at whatever commit.
func (u *Unfinished) Is(source string) bool {
	s, err := ParseSource(source, DefaultEndpoint)
	return u.From == source || err == nil && s.Same(u.From)
}

// Remove removes it, unless it is being fetched.
func (u *Unfinished) Remove() error {
	lock := flock.New(filepath.Join(u.dir, lockFile))
	mine, err := lock.TryLock()
	if err != nil {
		return err
	}
	if !mine {
		return errors.New(u.From + " is being fetched by another hrm")
	}
	return removeLocked(u.dir, lock)
}

func writeText(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s+"\n")
		return err
	}
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
