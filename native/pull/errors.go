package pull

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/hrmgo/hrm/internal/filekind"
)

// ErrOffline is wrapped by the error about a server that cannot be reached.
var ErrOffline = errors.New("no connection")

var (
	errMissing  = errors.New("there is no such")
	errNoModel  = errors.New("and no model")
	errStalled  = errors.New("nothing came any more")
	errRedirect = errors.New("redirected in a circle, or more than 10 times")
	errUnsafe   = errors.New("redirected from https to http, where nobody notices when the file is changed under way")
)

// temporary is an error that another try may not have.
type temporary struct {
	error
	after time.Duration // as the server asks, or 0
}

func (t *temporary) Unwrap() error { return t.error }

func again(err error) error { return &temporary{error: err} }

// retry calls try until it succeeds, fails for good, or has failed too often without
// getting on.
func (f *fetcher) retry(ctx context.Context, try func() (progress bool, err error)) error {
	for failed := 0; ; {
		progress, err := try()
		var t *temporary
		if err == nil || !errors.As(err, &t) || ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if failed++; progress {
			failed = 1
		}
		if failed == tries {
			return fmt.Errorf("%w; tried %d times; the same command goes on where this one ended", t.error, tries)
		}
		wait := min(max(f.pause<<(failed-1), t.after), 60*time.Second)
		f.note("%v; trying again", t.error)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// lost is the error about a connection that broke: that it stalled, that the user
// wanted it to end, or why.
func (f *fetcher) lost(ctx context.Context, err error, host string) error {
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
		return again(fmt.Errorf("%s: %w for %v", host, errStalled, f.stall))
	} else if cause != nil {
		return cause
	}
	return f.unreachable(err, host)
}

// unreachable says why there is no answer from a host.
func (f *fetcher) unreachable(err error, host string) error {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var certificate *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var op *net.OpError
	cause := err
	if u := new(url.Error); errors.As(err, &u) {
		cause = u.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, errRedirect), errors.Is(err, errUnsafe):
		return fmt.Errorf("%s: %w", host, cause)
	case errors.As(err, &dns):
		return fmt.Errorf("%w to %s: its name is not known (%s). %s", ErrOffline, host, dns.Err, offline)
	case errors.As(err, &authority), errors.As(err, &certificate):
		return fmt.Errorf("%s shows a certificate that this machine does not trust (%w): is there a proxy in between? SSL_CERT_FILE names further authorities", host, cause)
	case errors.As(err, &plain):
		return fmt.Errorf("%s does not speak https at that port", host)
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return fmt.Errorf("%w to %s: the proxy that HTTPS_PROXY or HTTP_PROXY names does not answer (%w)", ErrOffline, host, op.Err)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fmt.Errorf("%w to %s (%w). %s", ErrOffline, host, cause, offline)
	case errors.Is(err, context.DeadlineExceeded):
		return again(fmt.Errorf("%w to %s: no answer in %v", ErrOffline, host, f.stall))
	}
	return again(fmt.Errorf("the connection to %s broke: %w", host, cause))
}

const offline = "Without a network the models that hrm models lists are there; behind a proxy set HTTPS_PROXY, for a mirror HF_ENDPOINT"

// refused says what a status means.
func (f *fetcher) refused(resp *http.Response, what string) error {
	if prior := resp.Request.Response; prior != nil && resp.StatusCode == http.StatusForbidden {
		return again(fmt.Errorf("%s: %s, which it is kept at, answered %s: the address that the hub gave has run out", what, resp.Request.URL.Host, resp.Status))
	}
	why := plainText(resp.Header.Get("X-Error-Message"))
	if why != "" {
		why = " (" + why + ")"
	}
	login := "set HF_TOKEN to a token of an account that may read it"
	if f.Token != "" {
		login = "the token in HF_TOKEN may not read it"
	}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%s: it does not exist, or is private%s; in the latter case %s", what, why, login)
	case code == http.StatusForbidden:
		return fmt.Errorf("%s: access is refused%s: if its page asks to accept a licence do that, and %s", what, why, login)
	case code == http.StatusNotFound, code == http.StatusGone:
		missing := map[string]string{"RepoNotFound": "repository", "RevisionNotFound": "revision", "EntryNotFound": "file"}[resp.Header.Get("X-Error-Code")]
		if missing == "" {
			missing = "file"
		}
		return fmt.Errorf("%s: %w %s at %s%s", what, errMissing, missing, resp.Request.URL.Host, why)
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		t := &temporary{error: fmt.Errorf("%s: %s answered %s%s", what, resp.Request.URL.Host, resp.Status, why)}
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
			t.after = time.Duration(min(s, 3600)) * time.Second
		}
		return t
	}
	return fmt.Errorf("%s: %s answered %s%s", what, resp.Request.URL.Host, resp.Status, why)
}

// seems says what a server answered that is not what was asked for.
func seems(data []byte, contentType string) string {
	kind := filekind.Of(data, int64(len(data)))
	switch kind.Name {
	case filekind.WebPage:
		return "it sent a web page (HTML); is there a proxy, or a page to log in at first?"
	case "", filekind.JSON, filekind.Text:
		return fmt.Sprintf("it sent %s bytes of %q; is HF_ENDPOINT the address of a hub?", strconv.Itoa(len(data)), plainText(contentType))
	}
	return "it sent " + kind.Name
}

// noRoom adds to the error of a full disk what to do.
func (f *fetcher) noRoom(w wantedFile, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%s: there is no room for it in %s: %w; make some, and the same command goes on", w.shown, f.dir, err)
	}
	return err
}

// bytesOf writes a number of bytes as people say it.
func bytesOf(n int64) string {
	switch {
	case n < 1e4:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

func sizeOf(n int64) string {
	if n < 0 {
		return "an unknown size"
	}
	return bytesOf(n)
}
