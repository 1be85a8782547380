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
	"syscall"
	"time"
)

// Listen opens HOST:PORT, or a socket of the file system: unix:PATH.
func Listen(address string) (net.Listener, error) {
	path, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return net.Listen("tcp", address)
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
	web := &http.Server{
		Handler: s, MaxHeaderBytes: 1 << 16, TLSConfig: encryption,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: s.options.Timeout + 30*time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() {
		if encryption != nil {
			failed <- web.ServeTLS(l, "", "")
		} else {
			failed <- web.Serve(l)
		}
	}()
	select {
	case err := <-failed:
		_ = web.Close()
		return err
	case <-ctx.Done():
	}
	return s.drain(web, l, delay)
}

// drain ends a server so that everything that was asked is answered.
func (s *Server) drain(web *http.Server, l net.Listener, delay time.Duration) error {
	s.Drain()
	s.waitsFor("draining: not ready, still answering")
	time.Sleep(delay)
	turnAway(l)
	ended, cancel := context.WithTimeout(context.Background(), s.options.Timeout+5*time.Second)
	defer cancel()
	go func() {
		for ticker := time.Tick(time.Second); ; {
			s.waitsFor("draining: nobody can connect any more")
			select {
			case <-ended.Done():
				return
			case <-ticker:
			}
		}
	}()
	if err := web.Shutdown(ended); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	requests, puzzles := s.UnderWay()
	return errors.Join(fmt.Errorf("%d requests with %d puzzles had no answer when their time was over", requests, puzzles), web.Close())
}

func (s *Server) waitsFor(what string) {
	requests, puzzles := s.UnderWay()
	s.options.Log.Info(what, "requests", requests, "puzzles", puzzles)
}
