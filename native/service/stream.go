package service

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// look is the event of one segment.
type look struct {
	Type    string        `json:"type"`    // "look"
	Index   int           `json:"index"`   // of the puzzle
	Attempt int           `json:"attempt"` // from 0
	Segment int           `json:"segment"` // from 1
	Answer  string        `json:"answer"`  // so far
	Sure    record.Number `json:"sure"`    // the mean probability of its cells
	Halting record.Number `json:"halting"` // above 0 the model wants to stop
	Guessed []int         `json:"guessed,omitempty"`
}

// resultEvent is the event of a puzzle that has ended.
type resultEvent struct {
	Type string `json:"type"` // "result"
	result
}

// endEvent is the last one.
type endEvent struct {
	Type    string `json:"type"` // "end"
	Model   string `json:"model"`
	Results int    `json:"results"`
	Solved  int    `json:"solved"`
}

// framing writes an event of a kind.
type framing struct {
	media string
	write func(kind string, text []byte) []byte
}

// streamOf returns how a client wants its events; nil: it wants one answer.
func streamOf(r *http.Request) *framing {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.TrimSpace(kind) {
		case mediaLines:
			return &framing{mediaLines, func(_ string, text []byte) []byte { return append(text, '\n') }}
		case mediaSSE:
			return &framing{mediaSSE, func(kind string, text []byte) []byte {
				return bytes.Join([][]byte{[]byte("event: "), []byte(kind), []byte("\ndata: "), text, []byte("\n\n")}, nil)
			}}
		}
	}
	return nil
}

const (
	// looksAhead is how many looks wait for a client; further ones are left out, so
	// that the lanes never wait for a network.
	looksAhead = 64
	// slowest is how long a client may take to receive an event.
	slowest = 10 * time.Second
)

// stream solves the puzzles and sends every look and every result as it comes. When
// the client does not take them, it ends.
func (j *job) stream(w http.ResponseWriter, f *framing, puzzles []func(puzzle.Task) (puzzle.Puzzle, error)) {
	looks := make(chan look, looksAhead)
	j.start(puzzles, func(i int, p *puzzle.Puzzle) func(solver.Look) {
		t := p.Of(j.solver.Task)
		return func(l solver.Look) {
			if len(looks) == cap(looks) {
				return // do not decode what nobody will see
			}
			event := look{"look", i, l.Attempt, l.Segment, t.Decode(puzzle.Answer(t, p.Question, l.Tokens)), record.Number(l.Sure()), record.Number(l.Halting), l.Guessed}
			select {
			case looks <- event:
			default:
			}
		}
	})
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := sender(w, f)
	got := make([]bool, j.n)
	for left := j.n; left > 0; {
		select {
		case event := <-looks:
			if send("look", event) != nil {
				return
			}
			continue
		case o := <-j.results:
			j.count(o)
			for len(looks) > 0 { // those of this puzzle come first
				if send("look", <-looks) != nil {
					return
				}
			}
			got[o.index] = true
			left--
			if send("result", resultEvent{"result", o.result}) != nil {
				return
			}
			continue
		case <-j.ctx.Done():
		}
		o, ok := j.next()
		if !ok {
			break
		}
		got[o.index] = true
		left--
		if send("result", resultEvent{"result", o.result}) != nil {
			return
		}
	}
	for i, there := range got {
		if !there && send("result", resultEvent{"result", j.late(i)}) != nil {
			return
		}
	}
	_ = send("end", endEvent{"end", j.m.name, j.n, j.note.solved})
}

// sender returns what writes an event at once.
func sender(w http.ResponseWriter, f *framing) func(kind string, event any) error {
	control := http.NewResponseController(w)
	return func(kind string, event any) error {
		text, err := json.Marshal(event)
		if err != nil {
			return err
		}
		_ = control.SetWriteDeadline(time.Now().Add(slowest)) // not every ResponseWriter has one
		if _, err := w.Write(f.write(kind, text)); err != nil {
			return err
		}
		return control.Flush()
	}
}
