package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// Codes of errors, for programs. The document at /openapi.yaml lists them.
const (
	codeBadJSON     = "bad_json"           // the body is no JSON, or has a key twice, or bytes after its end
	codeBadRequest  = "bad_request"        // it is not what was asked for
	codeTooLarge    = "body_too_large"     // for the operator's limit
	codeMediaType   = "media_type"         // the body is not said to be JSON
	codeHost        = "unknown_host"       // the request is for another host
	codeOrigin      = "foreign_page"       // a page of another site asks
	codeToken       = "no_token"           // without a token, or with an unknown one
	codeNotFound    = "not_found"          // no such path
	codeMethod      = "method_not_allowed" // not on this path
	codeNoModel     = "unknown_model"
	codeQueueFull   = "queue_full"        // too many puzzles wait
	codeClientFull  = "client_queue_full" // too many of this client's
	codeNoTime      = "no_time"           // what waits would take longer than the request has
	codeDraining    = "draining"
	codeUnavailable = "unavailable"
	codeInternal    = "internal"

	// Of one puzzle.
	codeMalformed  = "malformed"
	codeUnsolvable = "unsolvable"
	codeDoesNotFit = "does_not_fit"
	codeOutOfTime  = "out_of_time"
)

// Error is why a request has no answer. Its JSON form is
//
//	{"error": "...", "code": "queue_full", "request_id": "..."}
type Error struct {
	Status  int
	Code    string
	Message string
	Retry   time.Duration // when to ask again; 0: it would not help
}

func (e *Error) Error() string { return e.Message }

func badRequest(format string, args ...any) *Error {
	return &Error{http.StatusBadRequest, codeBadRequest, fmt.Sprintf(format, args...), 0}
}

// fail answers a request with an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{http.StatusInternalServerError, codeInternal, err.Error(), 0}
	}
	if e.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(min(max(e.Retry, time.Second), time.Minute).Seconds()))))
	}
	if e.Status == http.StatusTooManyRequests {
		s.metrics.rejected(e.Code)
	}
	if n := noteOf(r); n != nil {
		n.code = e.Code
	}
	reply(w, e.Status, map[string]string{"error": e.Message, "code": e.Code, "request_id": w.Header().Get(requestID)})
}

// codeOf returns the code of why a puzzle has no answer.
func codeOf(err error) string {
	switch {
	case errors.Is(err, puzzle.ErrUnsolvable):
		return codeUnsolvable
	case errors.Is(err, puzzle.ErrFormat):
		return codeMalformed
	case errors.Is(err, runtime.ErrInput):
		return codeDoesNotFit
	case errors.Is(err, solver.ErrClosed), errors.Is(err, runtime.ErrStopped):
		return codeUnavailable
	}
	return codeInternal
}

func reply(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // an answer that has no JSON form is no success
		status = http.StatusInternalServerError
		text, _ = json.Marshal(map[string]string{"error": err.Error(), "code": codeInternal})
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
