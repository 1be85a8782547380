package pull

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hrmgo/hrm/internal/filekind"
	"github.com/hrmgo/hrm/runtime/weights"
)

// maxFile bounds a file whose size nobody says.
const maxFile = 64 << 30

// wantedFile is a file to fetch, and what it must be.
type wantedFile struct {
	address string
	name    string // in the folder of the download
	shown   string // in messages
	size    int64  // -1: unknown
	sha256  string // in hexadecimal digits, or ""
	blob    string // git's hash, or ""
}

// known is what a part of a file is a part of, in a file beside it.
type known struct {
	Address string `json:"address"`
	ETag    string `json:"etag"`
	Size    int64  `json:"size"` // -1: unknown
}

// fetcher fetches files into a folder.
type fetcher struct {
	Options
	client *http.Client
	dir    string
}

func (f *fetcher) path(w wantedFile) string { return filepath.Join(f.dir, w.name) }

// file fetches one file, as a whole and checked, and returns its sha256. What a killed
// pull had of it is not fetched again.
func (f *fetcher) file(ctx context.Context, w wantedFile) (string, error) {
	if sum, err := f.check(ctx, w, f.path(w)); err == nil {
		return sum, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(f.path(w))
	}
	part := f.path(w) + ".part"
	before, _ := os.Stat(part)
	furthest := int64(0)
	err := f.retry(ctx, func() (bool, error) {
		end, err := f.once(ctx, w)
		further := end > furthest
		furthest = max(furthest, end)
		return further, err
	})
	if err != nil {
		return "", err
	}
	sum, err := f.check(ctx, w, part)
	if err != nil && ctx.Err() == nil { // what is wrong does not get right by going on with it
		_ = errors.Join(os.Remove(part), os.Remove(part+".json"))
		if before != nil && before.Size() > 0 {
			f.note("%v, so that it is fetched from its beginning", err)
			return f.file(ctx, w)
		}
	}
	if err != nil {
		return "", err
	}
	if err := os.Rename(part, f.path(w)); err != nil {
		return "", err
	}
	_ = os.Remove(part + ".json")
	return sum, nil
}

// once makes one request for what is missing of a file, and returns how many bytes
// there are then.
func (f *fetcher) once(ctx context.Context, w wantedFile) (end int64, err error) {
	part := f.path(w) + ".part"
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	k, have := f.partOf(w, out)
	if k.Size >= 0 && have == k.Size {
		return have, nil // a pull was killed before it had checked it
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := f.request(ctx, w.address)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", "identity") // sizes and ranges are of the file itself
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if k.ETag != "" {
			req.Header.Set("If-Range", k.ETag)
		}
	}
	stalled := time.AfterFunc(f.stall, func() { cancel(errStalled) })
	defer stalled.Stop()
	resp, err := f.client.Do(req)
	if err != nil {
		return 0, f.lost(ctx, err, req.URL.Host)
	}
	defer resp.Body.Close()
	at, err := f.answer(w, resp, k, have)
	if err != nil {
		return 0, err
	}
	if at == 0 {
		if have > 0 {
			f.note("%s: the server does not go on at byte %d, it is fetched from its beginning", w.shown, have)
		}
		if k, err = f.begin(w, resp, out); err != nil {
			return 0, err
		}
	}
	if _, err := out.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	return f.copy(ctx, w, resp, out, at, k.Size, stalled)
}

// partOf returns what the bytes are a part of that an earlier try left, and how many
// there are: none, where nobody could tell that they are still of the same file.
func (f *fetcher) partOf(w wantedFile, part *os.File) (known, int64) {
	var k known
	data, err := os.ReadFile(part.Name() + ".json")
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	size, sizeErr := part.Seek(0, io.SeekEnd)
	same := err == nil && sizeErr == nil && k.Address == w.address && (w.size < 0 || k.Size == w.size) && (k.Size < 0 || size <= k.Size)
	if !same || k.ETag == "" && w.sha256 == "" && w.blob == "" {
		return known{Size: -1}, 0
	}
	return k, size
}

// begin notes what the part that is about to be written is a part of.
func (f *fetcher) begin(w wantedFile, resp *http.Response, part *os.File) (known, error) {
	k := known{Address: w.address, Size: resp.ContentLength, ETag: resp.Header.Get("ETag")}
	if k.ETag == "" || strings.HasPrefix(k.ETag, "W/") {
		k.ETag = resp.Header.Get("Last-Modified")
	}
	if k.Size < 0 {
		k.Size = w.size
	}
	if err := part.Truncate(0); err != nil {
		return k, err
	}
	data, err := json.Marshal(k)
	if err == nil {
		err = weights.ReplaceFile(part.Name()+".json", func(out io.Writer) error {
			_, err := out.Write(data)
			return err
		})
	}
	return k, f.noRoom(w, err)
}

// answer looks at the status and the headers of a response to a request for what is
// behind the first have bytes, and returns the byte that its body begins with.
func (f *fetcher) answer(w wantedFile, resp *http.Response, k known, have int64) (int64, error) {
	at := int64(0)
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || from != have || k.Size >= 0 && total >= 0 && total != k.Size {
			return 0, f.afresh(w, fmt.Errorf("%s: the server sent another part than was asked for (%s)", w.shown, plainText(resp.Header.Get("Content-Range"))))
		}
		at = from
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, f.afresh(w, fmt.Errorf("%s: the server has no byte %d of it", w.shown, have))
	default:
		return 0, f.refused(resp, w.address)
	}
	if how := resp.Header.Get("Content-Encoding"); how != "" && how != "identity" {
		return 0, fmt.Errorf("%s: the server sends it compressed (%s), although the plain file was asked for: its size and hash could not be checked; is there a proxy that does so?", w.shown, plainText(how))
	}
	return at, nil
}

// fits compares the size that a server says with the one that is wanted.
func (w *wantedFile) fits(total int64) error {
	if total >= 0 && w.size >= 0 && total != w.size {
		return fmt.Errorf("%s: the server offers %s, but it has %s: it is another file than the hub describes", w.shown, bytesOf(total), bytesOf(w.size))
	}
	if total > maxFile {
		return fmt.Errorf("%s: %s are more than any model has", w.shown, bytesOf(total))
	}
	return nil
}

// afresh forgets a part with which the server does not go on.
func (f *fetcher) afresh(w wantedFile, err error) error {
	part := f.path(w) + ".part"
	_ = errors.Join(os.Remove(part+".json"), os.Truncate(part, 0))
	return again(err)
}

// contentRange reads "bytes 5-9/10", whose total may be "*".
func contentRange(s string) (first, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, all, ok2 := strings.Cut(s, "/")
	from, _, ok3 := strings.Cut(span, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	total = -1
	if all != "*" {
		var err2 error
		total, err2 = strconv.ParseInt(all, 10, 64)
		err = errors.Join(err, err2)
	}
	return first, total, ok && ok2 && ok3 && err == nil && first >= 0
}

// copy writes a body to where the part ends, and returns where it ends then.
func (f *fetcher) copy(ctx context.Context, w wantedFile, resp *http.Response, out *os.File, at, size int64, stalled *time.Timer) (end int64, err error) {
	body := bufio.NewReaderSize(&aliveReader{resp.Body, stalled, f.stall}, 1<<18)
	if at == 0 {
		head, _ := body.Peek(filekind.Head)
		if err := notAModel(w, head, resp); err != nil {
			return 0, err
		}
		if err := w.fits(resp.ContentLength); err != nil {
			return 0, err
		}
	}
	limit := int64(maxFile)
	if size >= 0 {
		limit = size
	}
	counted := &counter{w: out, n: at, each: func(n int64) { f.progress(w.shown, n, size) }}
	n, err := io.Copy(counted, io.LimitReader(body, limit+1-at))
	end = at + n
	switch {
	case counted.err != nil:
		return end, f.noRoom(w, counted.err)
	case end > limit:
		_ = errors.Join(out.Truncate(0), os.Remove(out.Name()+".json"))
		return 0, fmt.Errorf("%s: the server sends more than the %s that it has", w.shown, bytesOf(limit))
	case err != nil:
		return end, f.lost(ctx, fmt.Errorf("after %s of %s: %w", bytesOf(end), sizeOf(size), err), resp.Request.URL.Host)
	case size >= 0 && end < size:
		return end, again(fmt.Errorf("%s ended after %s of %s", w.shown, bytesOf(end), bytesOf(size)))
	}
	return end, out.Sync()
}

// notAModel reports what a server sends in place of a file: a page, a pointer to it.
func notAModel(w wantedFile, head []byte, resp *http.Response) error {
	if len(head) == 0 && w.size != 0 {
		if resp.ContentLength > 0 {
			return nil // cut: what follows says so
		}
		return fmt.Errorf("%s: %s sent nothing", w.shown, resp.Request.URL.Host)
	}
	kind := filekind.Of(head, int64(len(head)))
	switch {
	case kind.Name == filekind.WebPage:
		return fmt.Errorf("%s: %s sent a web page (HTML) %w: give the address of the file itself, not of the page that shows it; or is there a page to log in at first?", w.shown, resp.Request.URL.Host, errNoModel)
	case strings.HasPrefix(kind.Name, filekind.Pointer):
		return fmt.Errorf("%s: %s sent %s and not the file: take the address of its download (/resolve/, not /raw/)", w.shown, resp.Request.URL.Host, kind.Name)
	case kind.Name == filekind.ServerError:
		return fmt.Errorf("%s: %s sent %s", w.shown, resp.Request.URL.Host, kind.Name)
	}
	return nil
}

// check reads a file that was fetched and compares its size and its hashes, and returns
// its sha256.
func (f *fetcher) check(ctx context.Context, w wantedFile, path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", err
	}
	if w.size >= 0 && info.Size() != w.size {
		return "", fmt.Errorf("%s has %s, want %s", w.shown, bytesOf(info.Size()), bytesOf(w.size))
	}
	sum, blob := sha256.New(), sha1.New()
	fmt.Fprintf(blob, "blob %d\x00", info.Size())
	hashes := []hash.Hash{sum}
	if w.blob != "" {
		hashes = append(hashes, blob)
	}
	for buf := make([]byte, 1<<20); ; {
		n, err := in.Read(buf)
		for _, h := range hashes {
			h.Write(buf[:n])
		}
		if err == io.EOF {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return "", err
		}
	}
	got := hex.EncodeToString(sum.Sum(nil))
	switch {
	case w.sha256 != "" && !strings.EqualFold(got, w.sha256):
		return "", fmt.Errorf("%s: its sha256 is %s, want %s: the file is another one, or was damaged under way; what came was thrown away", w.shown, got, w.sha256)
	case w.blob != "" && hex.EncodeToString(blob.Sum(nil)) != w.blob:
		return "", fmt.Errorf("%s: its hash is not %s, which the hub says: it was damaged under way; what came was thrown away", w.shown, plainText(w.blob))
	}
	return got, nil
}

// aliveReader puts off the end of a connection that brings something.
type aliveReader struct {
	r     io.Reader
	timer *time.Timer
	stall time.Duration
}

func (a *aliveReader) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if n > 0 {
		a.timer.Reset(a.stall)
	}
	return n, err
}

// counter says how much was written, and keeps the error of writing apart from that of
// reading.
type counter struct {
	w    io.Writer
	n    int64
	err  error
	each func(n int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.err = err
	c.each(c.n)
	return n, err
}
