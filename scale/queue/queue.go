// Package queue puts puzzles into a queue of NATS JetStream, lets any number of workers
// answer them, and reads the answers back in order, each exactly once.
//
// A job is the puzzles of one push, cut into batches. Four streams hold it:
//
//	NAME-work  NAME.work.JOB.BATCH  batches that nobody has answered; the queue
//	NAME-done  NAME.done.JOB.BATCH  their answers; a second message of a subject is refused
//	NAME-dead  NAME.dead.JOB.BATCH  puzzles without an answer, and why
//	NAME-jobs  NAME.jobs.JOB        how many batches a job has
//
// A batch is acknowledged when its answers are stored. So a batch may be answered twice,
// by a worker that dies in between or is taken for dead, but stored once.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/hrmgo/hrm/solver/record"
)

// Puzzle is one in a batch: a line of text with its size, or why there is none.
type Puzzle struct {
	Text  string `json:"text,omitempty"`
	Rows  int    `json:"rows,omitempty"`
	Cols  int    `json:"cols,omitempty"`
	Error string `json:"error,omitempty"`
}

// Batch is what a worker takes at once.
type Batch struct {
	Job     string   `json:"job"`
	Number  int      `json:"number"` // from 0
	First   int      `json:"first"`  // the index of its first puzzle in the job
	Puzzles []Puzzle `json:"puzzles"`
}

// Answers are those to a batch.
type Answers struct {
	Batch   int             `json:"batch"`
	Worker  string          `json:"worker"`
	Records []record.Record `json:"records"`
}

// Job is what is known about the puzzles of a push.
type Job struct {
	Name    string    `json:"name"`
	Batches int       `json:"batches"`
	Puzzles int       `json:"puzzles"`
	Size    int       `json:"size"` // puzzles of a batch, of which the last may have fewer
	Whole   bool      `json:"whole"`
	Began   time.Time `json:"began"`
}

// Dead is a puzzle without an answer.
type Dead struct {
	Index  int    `json:"index"`
	Puzzle Puzzle `json:"puzzle"`
	Why    string `json:"why"`
}

// Queue is a connection to a queue.
type Queue struct {
	Name string
	js   jetstream.JetStream
	conn *nats.Conn
}

// Options of Open.
type Options struct {
	Name     string // of the queue; hrm
	Replicas int    // of every stream, in a cluster; 1
	MaxBytes int64  // of the queue of work; 0: the server's limit
	Domain   string // of JetStream, through a leaf node; "": the server's own
}

const (
	// patience is the default of Worker.Patience.
	patience = 30 * time.Second
	// remembered is how long a batch that is pushed again is known to be the same.
	remembered = 24 * time.Hour
)

// names are those of queues and jobs: what a subject may hold.
var names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Open makes the streams of a queue where they are not there.
func Open(ctx context.Context, conn *nats.Conn, o Options) (*Queue, error) {
	if o.Name == "" {
		o.Name = "hrm"
	}
	if !names.MatchString(o.Name) {
		return nil, fmt.Errorf("the queue's name is %q: want letters, digits, - and _", o.Name)
	}
	js, err := jetstream.New(conn)
	if o.Domain != "" {
		js, err = jetstream.NewWithDomain(conn, o.Domain)
	}
	if err != nil {
		return nil, err
	}
	q := &Queue{Name: o.Name, js: js, conn: conn}
	once := jetstream.StreamConfig{MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true}
	for _, s := range []struct {
		kind   string
		config jetstream.StreamConfig
	}{
		{"work", jetstream.StreamConfig{Retention: jetstream.WorkQueuePolicy, Duplicates: remembered, MaxBytes: o.MaxBytes, Discard: jetstream.DiscardNew}},
		{"done", once},
		{"dead", once},
		{"jobs", jetstream.StreamConfig{MaxMsgsPerSubject: 1}},
	} {
		s.config.Name, s.config.Replicas = q.Name+"-"+s.kind, max(1, o.Replicas)
		s.config.Subjects = []string{q.Name + "." + s.kind + ".>"}
		s.config.AllowDirect = true
		if err := retry(ctx, func() error { _, err := js.CreateOrUpdateStream(ctx, s.config); return err }); err != nil {
			return nil, fmt.Errorf("stream %s: %w", s.config.Name, err)
		}
	}
	return q, nil
}

// retry calls f until it works, for as long as the server may come back: until the
// context ends.
func retry(ctx context.Context, f func() error) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := f()
		if err == nil || ctx.Err() != nil || !temporary(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// temporary reports an error that may go away: nobody answers, or there is no room.
func temporary(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return (api.Code >= 500 || slices.Contains(passing, api.ErrorCode)) && !twice(err)
	}
	for _, e := range []error{nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting, jetstream.ErrNoStreamResponse, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// codeStore is the code of a message that a stream did not store, for whatever reason.
const codeStore = 10077

// passing are the codes of other errors that go away: too few servers of a cluster are
// there; the same message is about to be stored.
var passing = []jetstream.ErrorCode{codeStore, 10005, 10158}

// twice reports that a stream has a message of the subject.
func twice(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeStore && strings.Contains(api.Description, "per subject")
}

// subject is where a batch of a job is in a stream.
func (q *Queue) subject(kind, job string, batch int) string {
	return fmt.Sprintf("%s.%s.%s.%d", q.Name, kind, job, batch)
}

// stored reads the one message of a subject into v; false: there is none.
func (q *Queue) stored(ctx context.Context, kind, subject string, v any) (bool, error) {
	var m *jetstream.RawStreamMsg
	err := retry(ctx, func() error {
		s, err := q.js.Stream(ctx, q.Name+"-"+kind)
		if err == nil {
			m, err = s.GetLastMsgForSubject(ctx, subject)
		}
		return err
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", subject, err)
	}
	return true, json.Unmarshal(m.Data, v)
}

// put stores v under a subject. id lets the server know it again.
func (q *Queue) put(ctx context.Context, subject, id string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var options []jetstream.PublishOpt
	if id != "" {
		options = append(options, jetstream.WithMsgID(id))
	}
	return retry(ctx, func() error {
		within, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := q.js.Publish(within, subject, text, options...)
		return err
	})
}

// putOnce is put of what must not be there twice. That it is there already is no error.
func (q *Queue) putOnce(ctx context.Context, subject string, v any) error {
	if err := q.put(ctx, subject, "", v); !twice(err) {
		return err
	}
	return nil
}
