// Package browsers serves a page with which browsers work for a queue. Each gets a user
// of the queue's server that may do no more than that takes.
package browsers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/scale/queue"
	"github.com/hrmgo/hrm/wasm/npm"
)

// Site is the page, and what it needs of the server of the queue.
type Site struct {
	queue    string
	restarts int
	users    []user
	next     atomic.Uint32 // of the users
	password string        // of the operator
	port     int           // of WebSocket, on this machine
	mux      *http.ServeMux
}

// New returns a site for a queue. model is the .hrm file of the native workers, restarts
// what they have: then the answers are the same.
func New(queueName string, model []byte, restarts int) (*Site, error) {
	s := &Site{queue: queueName, restarts: restarts, password: rand.Text(), mux: http.NewServeMux()}
	for i := range most {
		s.users = append(s.users, newUser(i))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	library, err := npm.Handler(npm.Files, []embedded.Entry{{Name: "model", File: model}})
	if err != nil {
		return nil, err
	}
	for _, path := range []string{"GET /lib/", "GET /dist/", "GET /model.hrm", "GET /icon.svg"} {
		s.mux.Handle(path, library)
	}
	s.mux.Handle("GET /", http.FileServerFS(npm.QueuePage()))
	s.mux.HandleFunc("POST /connect.json", s.connect)
	s.mux.HandleFunc("GET /queue", s.proxy())
	return s, nil
}

// policy lets the page load nothing from elsewhere, and compile WebAssembly.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !ours(r) {
		http.Error(w, "a page of another site asks", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	s.mux.ServeHTTP(w, r)
}

// ours reports a request of no page, or of this one: a page of another site may neither
// get a user nor connect.
func ours(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	if origin != "" && (err != nil || u.Host != r.Host) {
		return false
	}
	// A name of another site may point to this machine.
	here, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if here == nil || !here.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// connect gives a browser what it connects with.
func (s *Site) connect(w http.ResponseWriter, _ *http.Request) {
	u := s.users[int(s.next.Add(1)-1)%len(s.users)]
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(struct {
		user
		Queue    string `json:"queue"`
		Restarts int    `json:"restarts"`
	}{u, s.queue, s.restarts})
}

// proxy hands WebSocket connections on to the server of the queue, so that a browser
// needs one address and certificate.
func (s *Site) proxy() http.HandlerFunc {
	to := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/"}
	p := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL = to }}
	return p.ServeHTTP
}

// Serve makes the queue at an address and serves the page until the context ends.
func (s *Site) Serve(ctx context.Context, at string, l net.Listener, cert, key string) error {
	conn, err := nats.Connect(at, nats.UserInfo(operator, s.password), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond))
	if err != nil {
		return err
	}
	defer conn.Close()
	q, err := queue.Open(ctx, conn, queue.Options{Name: s.queue})
	if err == nil {
		err = q.Ready(ctx)
	}
	if err != nil {
		return err
	}
	web := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	defer context.AfterFunc(ctx, func() { _ = web.Close() })()
	if cert != "" {
		err = web.ServeTLS(l, cert, key)
	} else {
		err = web.Serve(l)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}
