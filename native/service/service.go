// Package service answers puzzles over HTTP: it bounds what it takes, shares the lanes
// of its models fairly between requests, and says what it does.
package service

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Options bound what clients may ask. Zero values mean the defaults.
type Options struct {
	MaxBody    int64         // bytes of a request; 1 MiB
	MaxPuzzles int           // of a request; 1024
	MaxQueue   int           // puzzles of all requests under way; 4096
	MaxClient  int           // puzzles of one client under way; half of MaxQueue
	Timeout    time.Duration // of a request; 1 minute

	Hosts   []string                         // names that requests may be for; none: any
	Origins []string                         // of pages that may ask, as in https://example.com; none: no page
	Tokens  func() (map[Token]string, error) // names of those who may ask; nil: anybody may
	Log     *slog.Logger                     // nil: no log
	Version string                           // of the program, for /v2
}

func (o *Options) defaults() error {
	setDefault(&o.MaxBody, 1<<20)
	setDefault(&o.MaxPuzzles, 1024)
	setDefault(&o.MaxQueue, max(4096, o.MaxPuzzles))
	setDefault(&o.MaxClient, max(o.MaxQueue/2, min(o.MaxPuzzles, o.MaxQueue)))
	setDefault(&o.Timeout, time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxPuzzles > o.MaxClient || o.MaxClient > o.MaxQueue {
		return fmt.Errorf("a request may have %d puzzles, a client %d and the queue %d: want the first no more than the second, and that no more than the third", o.MaxPuzzles, o.MaxClient, o.MaxQueue)
	}
	return nil
}

func setDefault[T comparable](v *T, value T) {
	if *v == *new(T) {
		*v = value
	}
}

// Server answers puzzles over HTTP with models, whose lanes all requests share. The
// document at /openapi.yaml says what it understands.
type Server struct {
	options  Options
	mux      *http.ServeMux
	guard    *http.CrossOriginProtection
	models   registry
	queue    queue
	metrics  *meters
	draining atomic.Bool
	active   atomic.Int64 // requests under way
}

// New returns a server of models, of which the first is the default.
func New(models []Model, o Options) (*Server, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	s := &Server{options: o, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection()}
	for _, origin := range o.Origins {
		if err := s.guard.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("the origin %q: want one as https://example.com: %w", origin, err)
		}
	}
	s.queue = queue{most: o.MaxQueue, perClient: o.MaxClient, clients: map[string]int{}, places: map[*place]struct{}{}}
	s.metrics = newMeters(s)
	s.models.set(models, s.metrics)
	for pattern, h := range s.routes() {
		s.mux.HandleFunc(pattern, h)
	}
	return s, nil
}

// routes are the handlers by their patterns.
func (s *Server) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /v1/solve":               s.solveV1,
		"GET /v1/models":               s.listModels,
		"POST /solve":                  s.solveOld,
		"GET /health":                  s.health,
		"GET /livez":                   s.live,
		"GET /readyz":                  s.ready,
		"GET /metrics":                 s.writeMetrics,
		"GET /openapi.yaml":            s.openAPI,
		"GET /v2":                      s.inferServer,
		"GET /v2/{$}":                  s.inferServer,
		"GET /v2/health/live":          s.live,
		"GET /v2/health/ready":         s.ready,
		"GET /v2/models/{name}":        s.inferModel,
		"GET /v2/models/{name}/ready":  s.inferModelReady,
		"POST /v2/models/{name}/infer": s.infer,

		"GET /v2/models/{name}/versions/{version}":        s.versioned(s.inferModel),
		"GET /v2/models/{name}/versions/{version}/ready":  s.versioned(s.inferModelReady),
		"POST /v2/models/{name}/versions/{version}/infer": s.versioned(s.infer),
	}
}

// Replace serves other models from now on. Those before are closed when the last
// request that uses them has its answer.
func (s *Server) Replace(models []Model) {
	s.models.set(models, s.metrics)
	if len(models) > 0 {
		s.options.Log.Info("models replaced", "models", s.models.names())
	}
}

// Drain makes the server say that it is not ready, and close every connection with the
// next answer on it.
func (s *Server) Drain() { s.draining.Store(true) }

// UnderWay returns how many requests and puzzles have no answer yet.
func (s *Server) UnderWay() (requests, puzzles int) {
	return int(s.active.Load()), s.queue.length()
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	m, err := s.models.acquire("")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer m.release()
	reply(w, http.StatusOK, map[string]string{"backend": m.solver.Backend.Name(), "task": m.solver.Task.Name()})
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"live": true})
}

// ready tells a load balancer whether to send requests.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		s.fail(w, r, &Error{http.StatusServiceUnavailable, codeDraining, "the service ends: ask another", time.Second})
		return
	}
	if len(s.models.names()) == 0 {
		s.fail(w, r, &Error{http.StatusServiceUnavailable, codeUnavailable, "no model is loaded", time.Second})
		return
	}
	reply(w, http.StatusOK, map[string]any{"ready": true})
}

func (s *Server) listModels(w http.ResponseWriter, _ *http.Request) {
	list := []map[string]any{}
	for i, name := range s.models.names() {
		if m, err := s.models.acquire(name); err == nil {
			list = append(list, map[string]any{"name": name, "task": m.solver.Task.Name(), "backend": m.solver.Backend.Name(), "default": i == 0})
			m.release()
		}
	}
	reply(w, http.StatusOK, map[string]any{"models": list})
}
