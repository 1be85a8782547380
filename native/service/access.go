package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	requestID        = "X-Request-Id"
	statusClientLeft = 499 // in the log and the metrics: who asked has gone
)

// Token is the hash of a bearer token.
type Token [sha256.Size]byte

// TokenOf returns the hash of a token.
func TokenOf(text string) Token { return sha256.Sum256([]byte(text)) }

// note is what is known about a request under way, for the log.
type note struct {
	client  string // who counts for the client's part of the queue
	code    string // of the error
	model   string
	puzzles int
	solved  int
}

type noteKey struct{}

func noteOf(r *http.Request) *note {
	n, _ := r.Context().Value(noteKey{}).(*note)
	return n
}

// open are the paths that need no token and may be asked for by any name: probes of
// orchestrators, which tell nothing but yes or no.
var open = []string{"GET /livez", "GET /readyz", "GET /v2/health/live", "GET /v2/health/ready"}

// ServeHTTP handles one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	s.active.Add(1)
	defer s.active.Add(-1)
	n := &note{client: remote(r)}
	r = r.WithContext(context.WithValue(r.Context(), noteKey{}, n))
	id := idOf(r)
	w.Header().Set(requestID, id)
	handler, pattern := s.mux.Handler(r)
	counted := &counter{ResponseWriter: w, status: http.StatusOK, draining: &s.draining}
	defer func() {
		if failure := recover(); failure != nil {
			s.options.Log.Error("panic", "id", id, "error", fmt.Sprint(failure), "stack", string(debug.Stack()))
			counted.status = http.StatusInternalServerError
			if !counted.began {
				s.fail(counted, r, &Error{http.StatusInternalServerError, codeInternal, "the service has a fault: its log says which, see request_id", 0})
			}
		}
		s.done(r, n, id, pattern, counted, time.Since(began))
	}()
	if err := s.allowed(counted, r, n, pattern); err != nil {
		s.fail(counted, r, err)
		return
	}
	switch {
	case s.preflight(counted, r):
	case pattern == "":
		s.nowhere(counted, r, handler)
	default:
		s.mux.ServeHTTP(counted, r)
	}
}

// allowed returns why a request is refused, whatever it asks.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request, n *note, pattern string) error {
	if slices.Contains(open, pattern) {
		return nil
	}
	if host := hostOf(r.Host); len(s.options.Hosts) > 0 && n.client != localSocket && !slices.Contains(s.options.Hosts, host) {
		return &Error{http.StatusMisdirectedRequest, codeHost, fmt.Sprintf("this service is not %q; whoever runs it names its hosts with --host", host), 0}
	}
	if err := s.guard.Check(r); err != nil {
		return &Error{http.StatusForbidden, codeOrigin, "a page of another site asks; whoever runs the service names the sites that may with --cors", 0}
	}
	if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(s.options.Origins, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After, "+requestID)
		w.Header().Add("Vary", "Origin")
	}
	if s.options.Tokens == nil || r.Method == http.MethodOptions {
		return nil
	}
	tokens, err := s.options.Tokens()
	if err != nil {
		s.options.Log.Error("tokens", "error", err) // those read before hold
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	name, known := tokens[TokenOf(strings.TrimSpace(text))]
	if !known || !strings.EqualFold(scheme, "Bearer") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="hrm"`)
		return &Error{http.StatusUnauthorized, codeToken, "want the header Authorization: Bearer TOKEN with a token that is known here", 0}
	}
	n.client = name
	return nil
}

// preflight answers a browser that asks whether a page may ask.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	if r.Method != http.MethodOptions || h.Get("Access-Control-Allow-Origin") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+requestID)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// nowhere answers what no handler does, with what the multiplexer says of it.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	said := &counter{ResponseWriter: nothing{h: w.Header()}, status: http.StatusOK, draining: &s.draining}
	handler.ServeHTTP(said, r)
	switch said.status {
	case http.StatusMethodNotAllowed:
		s.fail(w, r, &Error{said.status, codeMethod, fmt.Sprintf("%.20s is not for this path, want %s", r.Method, w.Header().Get("Allow")), 0})
	case http.StatusNotFound:
		s.fail(w, r, &Error{said.status, codeNotFound, "nothing is here: see /openapi.yaml", 0})
	default:
		s.fail(w, r, &Error{http.StatusBadRequest, codeBadRequest, "the path is not in its shortest form", 0})
	}
}

// done counts a request and writes it to the log.
func (s *Server) done(r *http.Request, n *note, id, pattern string, w *counter, took time.Duration) {
	status := w.status
	if r.Context().Err() != nil && !w.began {
		status = statusClientLeft
	}
	s.metrics.request(pattern, status, took)
	level := slog.LevelInfo
	if slices.Contains(open, pattern) || pattern == "GET /metrics" {
		level = slog.LevelDebug
	}
	attributes := []slog.Attr{
		slog.String("id", id), slog.String("client", n.client), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	if n.code != "" {
		attributes = append(attributes, slog.String("code", n.code))
	}
	if n.puzzles > 0 {
		attributes = append(attributes, slog.String("model", n.model), slog.Int("puzzles", n.puzzles), slog.Int("solved", n.solved))
	}
	s.options.Log.LogAttrs(r.Context(), level, "request", attributes...)
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// idOf returns the id that a request brings, or a new one.
func idOf(r *http.Request) string {
	if id := r.Header.Get(requestID); plainID.MatchString(id) {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

const localSocket = "local" // the client behind a unix socket

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || host == "" {
		return localSocket
	}
	return host
}

// hostOf returns the name in a Host header, without its port.
func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// counter remembers what was answered, and while the service ends says with every
// answer that the connection does.
type counter struct {
	http.ResponseWriter
	status   int
	began    bool
	draining *atomic.Bool
}

func (c *counter) WriteHeader(status int) {
	if !c.began {
		c.status, c.began = status, true
		if c.draining.Load() {
			c.Header().Set("Connection", "close")
		}
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	if !c.began {
		c.WriteHeader(http.StatusOK)
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// nothing takes a header and no body.
type nothing struct{ h http.Header }

func (n nothing) Header() http.Header         { return n.h }
func (n nothing) WriteHeader(int)             {}
func (n nothing) Write(b []byte) (int, error) { return len(b), nil }
