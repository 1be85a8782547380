// Package pull fetches the files of a model from a hub of models or from any address:
// resumed where it was cut, checked against the size and the hash that are given, and
// never taken for a model when it is something else. Every failure is one sentence that
// says what happened and what to do.
package pull

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Source is where a model is fetched from: a repository of a hub, or an address.
type Source struct {
	Owner, Repo string
	Revision    string   // a branch, a tag or a commit; "": main
	File        string   // in the repository: a file or folder; "": its root
	URL         *url.URL // else
}

const wanted = "want hf:OWNER/REPO, hf:OWNER/REPO/FILE or an https address"

// word is what an owner, a repository or a revision is called.
var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// ParseSource reads hf:OWNER/REPO[@REVISION][/FILE] or an address. One of a page or
// file of the hub, whose own address endpoint is, is that repository.
func ParseSource(text, endpoint string) (Source, error) {
	if rest, ok := strings.CutPrefix(text, "hf:"); ok {
		return parseRepo(strings.Split(strings.Trim(rest, "/"), "/"), text)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		if words := strings.Split(text, "/"); len(words) > 1 && word.MatchString(words[0]) && word.MatchString(words[1]) {
			return Source{}, fmt.Errorf("%q is no address: %s; did you mean hf:%s?", text, wanted, text)
		}
		return Source{}, fmt.Errorf("%q is no address: %s", text, wanted)
	case u.Scheme != "https" && u.Scheme != "http":
		return Source{}, fmt.Errorf("%q begins with %s:, %s", text, u.Scheme, wanted)
	}
	if hub, err := url.Parse(endpoint); err == nil && hub.Host == u.Host {
		if at, ok := strings.CutPrefix(u.Path, hub.Path); ok {
			if words := strings.Split(strings.Trim(at, "/"), "/"); len(words) > 1 {
				return parsePage(words, text)
			}
		}
	}
	u.Fragment = ""
	return Source{URL: u}, nil
}

// parsePage reads the path of an address at the hub, in whose second part words such as
// blob are between the repository and its revision.
func parsePage(words []string, text string) (Source, error) {
	if len(words) > 3 && slices.Contains([]string{"blob", "resolve", "tree", "raw"}, words[2]) {
		words[1] += "@" + words[3]
		words = slices.Delete(words, 2, 4)
	}
	return parseRepo(words, text)
}

func parseRepo(words []string, text string) (Source, error) {
	if len(words) < 2 {
		return Source{}, fmt.Errorf("%q names no repository: %s", text, wanted)
	}
	s := Source{Owner: words[0], File: strings.Join(words[2:], "/")}
	var pinned bool
	s.Repo, s.Revision, pinned = strings.Cut(words[1], "@")
	for _, w := range []string{s.Owner, s.Repo} {
		if !word.MatchString(w) || strings.Contains(w, "..") {
			return Source{}, fmt.Errorf("%q: no owner or repository is called %q; %s", text, w, wanted)
		}
	}
	if pinned && !word.MatchString(s.Revision) {
		return Source{}, fmt.Errorf("%q: no revision is called %q", text, s.Revision)
	}
	if s.File != "" && (path.Clean(s.File) != s.File || strings.HasPrefix(s.File, "..") || strings.ContainsAny(s.File, "\\\x00")) {
		return Source{}, fmt.Errorf("%q: no file is called %q", text, s.File)
	}
	return s, nil
}

// String is what ParseSource reads.
func (s Source) String() string {
	if s.URL != nil {
		return s.URL.Redacted()
	}
	text := "hf:" + s.Owner + "/" + s.Repo
	if s.Revision != "" {
		text += "@" + s.Revision
	}
	if s.File != "" {
		text += "/" + s.File
	}
	return text
}

// Same reports whether a model is from this source, at whatever commit unless it names
// one.
func (s Source) Same(from string) bool {
	other, err := ParseSource(from, DefaultEndpoint)
	if s.Revision == "" {
		other.Revision = ""
	}
	return err == nil && s.String() == other.String()
}

// Name is what to call the model when nobody says: the repository, and the file in it
// where one was named.
func (s Source) Name() string {
	name, file := s.Repo, s.File
	if s.URL != nil {
		name, file = "", path.Base(s.URL.Path)
	}
	for _, ending := range []string{".hrm", ".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".index.json"} {
		file = strings.TrimSuffix(file, ending)
	}
	if file != "checkpoint" && file != "model" && file != "" {
		name += "-" + strings.ReplaceAll(file, "/", "-")
	}
	odd := func(r rune) bool { return !word.MatchString("x" + string(r)) }
	name = strings.Join(strings.FieldsFunc(name, odd), "-")
	return strings.Trim(name, ".-_")
}

// safe reports an address over which nobody could tell that bytes were changed under
// way.
func (s Source) safe(o *Options) error {
	if s.URL == nil || s.URL.Scheme == "https" || o.SHA256 != "" || isLocal(s.URL.Hostname()) {
		return nil
	}
	return errors.New("http: does not notice when somebody changes the file under way: take an https address, or say what it must be with --sha256")
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
