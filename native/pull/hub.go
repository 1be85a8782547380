package pull

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hrmgo/hrm/runtime/checkpoint"
)

// maxList is the largest description of a repository that is read.
const maxList = 16 << 20

// repository is what the hub says of a repository at a revision.
type repository struct {
	Commit   string          `json:"sha"`
	Files    []file          `json:"siblings"`
	Tags     []string        `json:"tags"`
	CardData json.RawMessage `json:"cardData"`
}

// file is one of a repository. A large one is kept apart from git, and has a sha256.
type file struct {
	Name string `json:"rfilename"`
	Size *int64 `json:"size"`
	LFS  *struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"lfs"`
	Blob string `json:"blobId"` // sha1 as git makes it, of a small one
}

// licence is what the repository's card says, or its tags.
func (r *repository) licence() string {
	var card struct {
		Licence any `json:"license"`
		Name    any `json:"license_name"`
	}
	_ = json.Unmarshal(r.CardData, &card) // absent, or not as expected: there are the tags
	for _, v := range []any{card.Name, card.Licence} {
		if s, ok := v.(string); ok && s != "" {
			return plainText(s)
		}
	}
	for _, tag := range r.Tags {
		if s, ok := strings.CutPrefix(tag, "license:"); ok {
			return plainText(s)
		}
	}
	return ""
}

// plainText shortens what a server says to what a line holds.
func plainText(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}

// list asks the hub what a repository holds.
func (f *fetcher) list(ctx context.Context, s Source) (*repository, error) {
	revision := s.Revision
	if revision == "" {
		revision = "main"
	}
	address := fmt.Sprintf("%s/api/models/%s/%s/revision/%s?blobs=true", f.Endpoint, s.Owner, s.Repo, url.PathEscape(revision))
	var r *repository
	err := f.retry(ctx, func() (progress bool, err error) {
		r, err = f.listOnce(ctx, s, address)
		return false, err
	})
	return r, err
}

func (f *fetcher) listOnce(ctx context.Context, s Source, address string) (*repository, error) {
	ctx, cancel := context.WithTimeout(ctx, f.stall)
	defer cancel()
	req, err := f.request(ctx, address)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, f.unreachable(err, req.URL.Host)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, f.refused(resp, s.String())
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	if err != nil {
		return nil, again(f.unreachable(err, req.URL.Host))
	}
	r := &repository{}
	if err := json.Unmarshal(data, r); err != nil || len(data) > maxList || len(r.Files) == 0 {
		return nil, fmt.Errorf("%s did not answer as a hub does: %s", req.URL.Host, seems(data, resp.Header.Get("Content-Type")))
	}
	return r, nil
}

// folder returns the names of the files and folders in one of the repository.
func (r *repository) folder(dir string) (names, folders []string) {
	for _, f := range r.Files {
		rest, inside := strings.CutPrefix(f.Name, dir)
		if !inside {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if !deeper {
			names = append(names, name)
		} else if !slices.Contains(folders, name) {
			folders = append(folders, name)
		}
	}
	return names, folders
}

func (r *repository) find(name string) (file, bool) {
	i := slices.IndexFunc(r.Files, func(f file) bool { return f.Name == name })
	if i < 0 {
		return file{}, false
	}
	return r.Files[i], true
}

// choose returns the files of the model that a source names, without their
// configuration, and the folder that they lie in. An index is followed by no shards yet.
func (r *repository) choose(s Source) (names []string, dir string, err error) {
	if _, ok := r.find(s.File); ok {
		return []string{s.File}, dirOf(s.File), nil
	}
	if s.File != "" {
		dir = s.File + "/"
	}
	files, folders := r.folder(dir)
	if len(files)+len(folders) == 0 {
		all, inside := r.folder("")
		return nil, "", fmt.Errorf("%s: there is no %s in the repository, which holds %s", s, s.File, listed(append(all, inside...)))
	}
	chosen, err := checkpoint.Pick(files, folders)
	if err != nil {
		if only := r.onlyModel(dir, files); only != "" {
			return []string{dir + only}, dir, nil
		}
		return nil, "", fmt.Errorf("%s: %w; name what to fetch as %s/FILE: there are %s", s, err, s, listed(append(files, folders...)))
	}
	for i := range chosen {
		chosen[i] = dir + chosen[i]
	}
	return chosen, dir, nil
}

// onlyModel returns the one file of a folder that ends in .hrm, or that is too large
// for git.
func (r *repository) onlyModel(dir string, files []string) string {
	for _, fits := range []func(name string) bool{
		func(name string) bool { return strings.HasSuffix(name, ".hrm") },
		func(name string) bool { f, _ := r.find(dir + name); return f.LFS != nil },
	} {
		found := slices.DeleteFunc(slices.Clone(files), func(name string) bool { return !fits(name) })
		if len(found) == 1 {
			return found[0]
		}
	}
	return ""
}

// config returns the configuration of what lies in a folder: there, or further up.
func (r *repository) config(dir string) string {
	for {
		for _, name := range checkpoint.ConfigNames {
			if _, ok := r.find(dir + name); ok {
				return dir + name
			}
		}
		if dir == "" {
			return ""
		}
		dir = dirOf(strings.TrimSuffix(dir, "/"))
	}
}

func dirOf(name string) string {
	dir, _ := path.Split(name)
	return dir
}

// fileName is what a file may be called that is kept under its own name.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_ .+=@-]{0,199}$`)

// want says what a file of the repository must be.
func (r *repository) want(f *fetcher, s Source, name string) (wantedFile, error) {
	info, ok := r.find(name)
	if !ok {
		return wantedFile{}, fmt.Errorf("%s: %s is missing in the repository", s, name)
	}
	if !fileName.MatchString(path.Base(name)) {
		return wantedFile{}, fmt.Errorf("%s: a file called %q is not fetched", s, plainText(path.Base(name)))
	}
	words := strings.Split(name, "/")
	for i := range words {
		words[i] = url.PathEscape(words[i])
	}
	w := wantedFile{
		address: fmt.Sprintf("%s/%s/%s/resolve/%s/%s", f.Endpoint, s.Owner, s.Repo, url.PathEscape(r.Commit), strings.Join(words, "/")),
		name:    path.Base(name), shown: name, size: -1,
	}
	switch {
	case info.LFS != nil:
		w.size, w.sha256 = info.LFS.Size, info.LFS.SHA256
	case info.Size != nil:
		w.size, w.blob = *info.Size, info.Blob
	}
	if w.size > maxFile {
		return wantedFile{}, errors.New("the hub says that " + name + " has " + bytesOf(w.size) + ", more than any model")
	}
	return w, nil
}

// listed joins names, but not too many.
func listed(names []string) string {
	const most = 12
	if len(names) > most {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("%d more", len(names)-most))
	}
	return plainText(strings.Join(names, ", "))
}
