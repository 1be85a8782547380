package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Listen opens HOST:PORT, or a socket of the file system: unix:PATH.
func Listen(address string) (net.Listener, error) {
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		var plain net.ListenConfig
		plain.SetMultipathTCP(false) // such a socket takes no filter, see turnAway
		return plain.Listen(context.Background(), "tcp", address)
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && deserted(path) && os.Remove(path) == nil {
		l, err = net.Listen("unix", path)
	}
	return l, err
}

// deserted reports a socket of a process that has ended.
func deserted(path string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// Serve answers on a listener until the context ends, and then drains: for delay it
// answers as before, but is not ready and closes connections with their next answer;
// then nobody can connect any more, and what is under way is answered. encryption may
// be nil.
func (s *Server) Serve(ctx context.Context, l net.Listener, encryption *tls.Config, delay time.Duration) error {
	open := connections{open: map[net.Conn]connection{}}
	web := &http.Server{
		Handler: s, MaxHeaderBytes: 1 << 16, TLSConfig: encryption,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: s.options.Timeout + 30*time.Second, IdleTimeout: 2 * time.Minute,
		ConnState: open.set,
		ErrorLog:  slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() {
		if encryption != nil {
			served <- web.ServeTLS(l, "", "")
		} else {
			served <- web.Serve(l)
		}
	}()
	select {
	case err := <-served:
		_ = web.Close()
		return err
	case <-ctx.Done():
	}
	s.Drain()
	s.waitsFor("draining: not ready, still answering")
	time.Sleep(delay)
	turnAway(l)
	_ = l.Close()
	<-served // or Shutdown would close the listener once more, and fail
	return s.drain(web, &open)
}

// drain ends a server to which nobody can connect any more, so that everything that was
// asked is answered.
func (s *Server) drain(web *http.Server, open *connections) error {
	ended, cancel := context.WithTimeout(context.Background(), s.options.Timeout+5*time.Second)
	defer cancel()
	tell := time.NewTicker(time.Second)
	defer tell.Stop()
	s.waitsFor("draining: nobody can connect any more")
	for open.inUse() && ended.Err() == nil { // http.Server.Shutdown would drop what is just being read
		select {
		case <-tell.C:
			s.waitsFor("draining: nobody can connect any more")
		case <-ended.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	err := web.Shutdown(ended)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	requests, puzzles := s.UnderWay()
	return errors.Join(fmt.Errorf("%d requests with %d puzzles had no answer when their time was over", requests, puzzles), web.Close())
}

func (s *Server) waitsFor(what string) {
	requests, puzzles := s.UnderWay()
	s.options.Log.Info(what, "requests", requests, "puzzles", puzzles)
}

// connections are those that are open, each with its state and since when.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]connection
}

type connection struct {
	state http.ConnState
	since time.Time
}

func (c *connections) set(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(c.open, conn)
	} else {
		c.open[conn] = connection{state, time.Now()}
	}
}

// quietTime is how long nothing must have come on a connection for the end of the
// service to close it: a request that is on its way would be lost.
const quietTime = 2 * time.Second

// inUse reports a connection on which a request is answered, or may be on its way.
func (c *connections) inUse() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.open {
		if one.state == http.StateActive || time.Since(one.since) < quietTime {
			return true
		}
	}
	return false
}
