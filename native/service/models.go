package service

import (
	"net/http"
	"sync"

	"github.com/hrmgo/hrm/solver"
)

// DefaultMaxTokens is the size of a puzzle up to which strangers get room, where a
// model takes grids of any size: 64 x 64.
const DefaultMaxTokens = 1 << 12

// Model is a solver under a name. Its options are those of every request that asks for
// no others, and the most that one may ask for.
type Model struct {
	Name   string
	Solver *solver.Solver
	Close  func() error // closes the solver and what it stands on
}

// model is one that is served, until its last request has its answer.
type model struct {
	name   string
	solver *solver.Solver
	close  func() error
	users  sync.WaitGroup
	meters *modelMeters
}

func (m *model) release() { m.users.Done() }

// registry holds the models that are served.
type registry struct {
	mu    sync.RWMutex
	order []string
	named map[string]*model
}

// set replaces the models. Those before are closed when nobody uses them.
func (r *registry) set(models []Model, meters *meters) {
	order, named := []string{}, map[string]*model{}
	for _, m := range models {
		order = append(order, m.Name)
		named[m.Name] = &model{name: m.Name, solver: bounded(m.Solver), close: m.Close, meters: meters.of(m.Name)}
	}
	r.mu.Lock()
	before := r.named
	r.order, r.named = order, named
	r.mu.Unlock()
	for _, m := range before {
		go func() {
			m.users.Wait()
			if m.close != nil {
				_ = m.close()
			}
		}()
	}
}

// bounded returns a solver whose answers depend on the puzzle and the seed alone: a
// puzzle has a number of attempts, not as many as a time allows.
func bounded(s *solver.Solver) *solver.Solver {
	o := s.Options
	if o.Attempts == 0 {
		o.Attempts = solver.DefaultAttempts(s.Task)
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = DefaultMaxTokens
		if c := s.Backend.Config(); !c.AnyShape() || c.SeqLen > o.MaxTokens {
			o.MaxTokens = c.SeqLen
		}
	}
	return s.With(o)
}

// acquire returns the model of a name, "" for the first, to be released.
func (r *registry) acquire(name string) (*model, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if name == "" && len(r.order) > 0 {
		name = r.order[0]
	}
	m, ok := r.named[name]
	if !ok {
		return nil, &Error{http.StatusNotFound, codeNoModel, "no model is called " + quoted(name) + ": GET /v1/models lists them", 0}
	}
	m.users.Add(1)
	return m, nil
}

func (r *registry) names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.order
}

// each calls f for every model, none of which is closed meanwhile.
func (r *registry) each(f func(*model)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, name := range r.order {
		f(r.named[name])
	}
}
