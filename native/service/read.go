package service

import (
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hrmgo/hrm/solver"
)

// ask is the body of POST /v1/solve.
type ask struct {
	Model   string           `json:"model"`
	Puzzles []jsontext.Value `json:"puzzles"`
	settings
}

// settings are what a request may choose, up to the operator's limits.
type settings struct {
	MaxSegments *int    `json:"max_segments"` // of an attempt
	Restarts    *int    `json:"restarts"`     // further attempts
	Check       *bool   `json:"check"`        // the rules of the task decide about restarts
	Seed        *uint64 `json:"seed"`         // of further attempts
	TimeoutMS   *int    `json:"timeout_ms"`   // of the request
}

// The forms of bodies, for errors.
const (
	formV1    = `{"puzzles": ["53..7....", ...]}, with model, max_segments, restarts, check, seed, timeout_ms where wanted`
	formOld   = `{"puzzles": ["53..7....", ...]}`
	formInfer = `{"inputs": [{"name": "puzzle", "shape": [1], "datatype": "BYTES", "data": ["53..7...."]}]}`
)

// body reads the JSON of a request into v, and takes nothing that v does not name.
func (s *Server) body(w http.ResponseWriter, r *http.Request, v any, form string, types ...string) error {
	if err := s.queue.full(); err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); !slices.Contains(types, kind) || err != nil && r.Header.Get("Content-Type") != "" {
		return &Error{http.StatusUnsupportedMediaType, codeMediaType, fmt.Sprintf("the body is %.40q, want Content-Type: application/json", r.Header.Get("Content-Type")), 0}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return &Error{http.StatusUnsupportedMediaType, codeMediaType, fmt.Sprintf("the body is packed with %.20q, want it plain", encoding), 0}
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.options.MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &Error{http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("the body has more than %d bytes, the most that is taken here", tooLarge.Limit), 0}
	}
	if err != nil {
		return badRequest("the body: %v", err)
	}
	return decode(text, v, form)
}

// decode reads strict JSON: valid UTF-8, no key twice, none in another case or unknown,
// nothing after the value.
func decode(text []byte, v any, form string) error {
	err := json.Unmarshal(text, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var wrong *json.SemanticError
	switch {
	case errors.Is(err, json.ErrUnknownName):
		_ = errors.As(err, &wrong)
		return badRequest("unknown key %s: want %s", quoted(wrong.JSONPointer.LastToken()), form)
	case errors.As(err, &wrong):
		where := string(wrong.JSONPointer)
		if where == "" {
			where = "the body"
		}
		return badRequest("%.100s is a JSON %v of another kind or size: want %s", where, wrong.JSONKind, form)
	}
	var syntax *jsontext.SyntacticError
	reason := "it ends too early"
	if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
		reason = syntax.Err.Error()
		if errors.Is(err, jsontext.ErrDuplicateName) {
			reason = "a key comes twice, " + quoted(syntax.JSONPointer.LastToken())
		}
		reason += " at byte " + strconv.FormatInt(syntax.ByteOffset, 10)
	}
	return &Error{http.StatusBadRequest, codeBadJSON, fmt.Sprintf("the body is no JSON, %.200s: want %s", reason, form), 0}
}

// quoted is a name as a client wrote it, cut short.
func quoted(name string) string {
	if len(name) > 40 {
		name = name[:40] + "..."
	}
	return strconv.Quote(name)
}

// number returns how many puzzles a request has, if it may have so many.
func (s *Server) number(n int, form string) error {
	if n < 1 || n > s.options.MaxPuzzles {
		return badRequest("%d puzzles, want 1 to %d: want %s", n, s.options.MaxPuzzles, form)
	}
	return nil
}

// apply returns a model's solver with what a request chose.
func (c *settings) apply(m *model) (*solver.Solver, error) {
	o := m.solver.Options
	o.Party = new(solver.Party)
	segments := o.MaxSegments
	if segments == 0 {
		segments = m.solver.Backend.Config().HaltMaxSteps
	}
	for _, n := range []struct {
		name        string
		value       *int
		least, most int
	}{{"max_segments", c.MaxSegments, 1, segments}, {"restarts", c.Restarts, 0, o.Attempts - 1}, {"timeout_ms", c.TimeoutMS, 1, math.MaxInt}} {
		if n.value != nil && (*n.value < n.least || *n.value > n.most) {
			return nil, badRequest("%s is %d, want %d to %d", n.name, *n.value, n.least, n.most)
		}
	}
	if c.MaxSegments != nil {
		o.MaxSegments = *c.MaxSegments
	}
	if c.Restarts != nil {
		o.Attempts = *c.Restarts + 1
	}
	if c.Check != nil {
		o.NoCheck = !*c.Check
	}
	if c.Seed != nil {
		o.Seed = *c.Seed
	}
	return m.solver.With(o), nil
}

// within returns the time of a request, of which the operator's is the most.
func (s *Server) within(c *settings) time.Duration {
	if c.TimeoutMS == nil || *c.TimeoutMS > int(s.options.Timeout/time.Millisecond) {
		return s.options.Timeout
	}
	return time.Duration(*c.TimeoutMS) * time.Millisecond
}
