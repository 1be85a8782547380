package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server inside this process, with its store in a folder.
type Server struct {
	Folder string
	Host   string // 127.0.0.1
	Port   int    // 0: the one that the folder had before, or any
	// ServerConfig is a configuration file of nats-server, for leaf nodes, WebSocket,
	// users and permissions; "": none.
	ServerConfig string
	// Change, if given, alters what the server is started with.
	Change func(*server.Options) error
}

// Local serves the queue of a folder for as long as the context lives: it starts the
// server, or, when another process serves the folder, waits to take its place when that
// ends. It returns the address, which stays the same.
func (s Server) Local(ctx context.Context) (at string, wait func(), err error) {
	if err := os.MkdirAll(s.Folder, 0o700); err != nil {
		return "", nil, err
	}
	lock := flock.New(filepath.Join(s.Folder, "lock"))
	mine, err := lock.TryLock()
	if err != nil {
		return "", nil, err
	}
	if s.Host == "" {
		s.Host = "127.0.0.1"
	}
	if err := s.port(mine); err != nil {
		return "", nil, err
	}
	at = fmt.Sprintf("nats://%s", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	done := make(chan struct{})
	var ns *server.Server
	if mine {
		if ns, err = s.start(); err != nil {
			return "", nil, errors.Join(err, lock.Unlock())
		}
	}
	go func() {
		defer close(done)
		for !mine { // until the process that serves ends
			if mine, _ = lock.TryLockContext(ctx, 200*time.Millisecond); !mine {
				return
			}
			if ns, err = s.start(); err != nil {
				mine = false
				_ = lock.Unlock()
				time.Sleep(time.Second)
			}
		}
		s.keep(ctx, ns)
		_ = lock.Unlock()
	}()
	return at, func() { <-done }, nil
}

// keep serves until the context ends. A server whose disk was full stores nothing any
// more: it is started again when there is room.
func (s *Server) keep(ctx context.Context, ns *server.Server) {
	stop := func() {
		if ns != nil {
			ns.Shutdown()
			ns.WaitForShutdown()
		}
		ns = nil
	}
	for tick := time.Tick(2 * time.Second); ; {
		select {
		case <-ctx.Done():
			stop()
			return
		case <-tick:
		}
		if (ns == nil || stuck(ns)) && room(s.Folder) {
			stop()
			ns, _ = s.start() // or at the next tick
		}
	}
}

// stuck reports a server that could not write, and therefore writes no more.
func stuck(ns *server.Server) bool {
	health := &said{}
	ns.HandleHealthz(health, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/healthz"}})
	return !ns.JetStreamEnabled() || strings.Contains(health.String(), "write error")
}

// said is what a handler answers, without a connection.
type said struct {
	strings.Builder
	header http.Header
}

func (s *said) Header() http.Header {
	if s.header == nil {
		s.header = http.Header{}
	}
	return s.header
}
func (s *said) WriteHeader(int) {}

// room reports whether a little can be written into a folder.
func room(folder string) bool {
	f, err := os.CreateTemp(folder, "room")
	if err != nil {
		return false
	}
	_, err = f.Write(make([]byte, 1<<20))
	return errors.Join(err, f.Close(), os.Remove(f.Name())) == nil
}

// port finds the port of the folder, and chooses one the first time.
func (s *Server) port(mine bool) error {
	path := filepath.Join(s.Folder, "port")
	if s.Port == 0 {
		for range 50 {
			text, err := os.ReadFile(path)
			if n, e := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && e == nil {
				s.Port = n
				return nil
			}
			if mine {
				break
			}
			time.Sleep(100 * time.Millisecond) // another process just makes it
		}
		l, err := net.Listen("tcp", net.JoinHostPort(s.Host, "0"))
		if err != nil {
			return err
		}
		s.Port = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	return os.WriteFile(path, []byte(strconv.Itoa(s.Port)+"\n"), 0o600)
}

func (s *Server) start() (*server.Server, error) {
	o := &server.Options{}
	if s.ServerConfig != "" {
		var err error
		if o, err = server.ProcessConfigFile(s.ServerConfig); err != nil {
			return nil, err
		}
	}
	o.Host, o.Port, o.NoSigs, o.JetStream = s.Host, s.Port, true, true
	if o.StoreDir == "" {
		o.StoreDir = s.Folder
	}
	o.SyncAlways = true // what is acknowledged survives the power
	if s.Change != nil {
		if err := s.Change(o); err != nil {
			return nil, err
		}
	}
	ns, err := server.NewServer(o)
	if err != nil {
		return nil, err
	}
	ns.Start()
	if !ns.ReadyForConnections(20 * time.Second) {
		ns.Shutdown()
		return nil, fmt.Errorf("the server of %s does not start at %s:%d: is the port taken, or the disk full?", s.Folder, s.Host, s.Port)
	}
	return ns, nil
}
