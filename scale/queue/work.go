package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
	"github.com/hrmgo/hrm/solver/record"
)

// Worker answers batches with a solver.
type Worker struct {
	Name     string
	Solver   *solver.Solver
	InFlight int // batches at once; 2
	// Tries is how often a batch is taken up before its puzzles are taken for what kills
	// workers; 50.
	Tries int
	// Patience is how long a batch may be silent before another worker gets it, for all
	// workers that of the last one to begin; 30 seconds. They say three times as often
	// that they are at it.
	Patience time.Duration
	// Idle ends the worker when nothing came for so long; 0: never.
	Idle time.Duration
	Log  *slog.Logger

	puzzles atomic.Int64
}

// Work answers batches until the context ends, and then finishes those under way.
func (q *Queue) Work(ctx context.Context, w *Worker) error {
	if w.InFlight == 0 {
		w.InFlight = 2
	}
	if w.Tries == 0 {
		w.Tries = 50
	}
	if w.Patience == 0 {
		w.Patience = patience
	}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	beat, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go q.beat(beat, w)
	room := make(chan struct{}, w.InFlight)
	var all sync.WaitGroup
	defer all.Wait()
	last, failed := time.Now(), 0
	for ctx.Err() == nil {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		m, err := q.take(ctx, w.Patience)
		if m == nil {
			<-room
			if failed = min(failed+1, 5); err == nil {
				failed = 0
			} else if ctx.Err() == nil {
				w.Log.Warn("no batch", "error", err)
				time.Sleep(200 * time.Millisecond << failed)
			}
			if w.Idle > 0 && len(room) == 0 && time.Since(last) > w.Idle {
				return nil
			}
			continue
		}
		last, failed = time.Now(), 0
		all.Go(func() {
			defer func() { <-room }()
			if err := q.answer(context.WithoutCancel(ctx), w, m); err != nil {
				w.Log.Error("batch", "subject", m.Subject(), "error", err)
				_ = m.Nak()
			}
		})
	}
	return nil
}

// take waits a little for a batch.
func (q *Queue) take(ctx context.Context, patience time.Duration) (jetstream.Msg, error) {
	within, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := q.workers(within, patience)
	if err != nil {
		return nil, err
	}
	m, err := c.Next(jetstream.FetchMaxWait(time.Second))
	if errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return nil, nil
	}
	return m, err
}

// workers returns the consumer that all workers share.
func (q *Queue) workers(ctx context.Context, patience time.Duration) (jetstream.Consumer, error) {
	return q.js.CreateOrUpdateConsumer(ctx, q.Name+"-work", jetstream.ConsumerConfig{
		Durable: "workers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: patience, MaxDeliver: -1, MaxAckPending: 4096,
	})
}

// Ready makes what workers need that may not make it themselves, as browsers.
func (q *Queue) Ready(ctx context.Context) error {
	return retry(ctx, func() error {
		if _, err := q.workers(ctx, patience); err != nil {
			return err
		}
		_, err := q.beats(ctx)
		return err
	})
}

// answer stores the answers to a batch and acknowledges it.
func (q *Queue) answer(ctx context.Context, w *Worker, m jetstream.Msg) error {
	var b Batch
	if err := json.Unmarshal(m.Data(), &b); err != nil || !names.MatchString(b.Job) {
		return errors.Join(q.putOnce(ctx, q.Name+".dead.unread."+strconv.FormatInt(time.Now().UnixNano(), 10), Dead{Why: fmt.Sprintf("no batch: %v", err)}), m.Term())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go busy(ctx, m, w.Patience)
	tries := uint64(1)
	if meta, err := m.Metadata(); err == nil {
		tries = meta.NumDelivered
	}
	a := Answers{Batch: b.Number, Worker: w.Name}
	if tries > uint64(w.Tries) {
		a.Records = giveUp(&b, tries)
	} else {
		a.Records = w.solve(ctx, &b)
	}
	var dead []Dead
	for i, r := range a.Records {
		if r.Error != "" {
			dead = append(dead, Dead{r.Index, b.Puzzles[i], r.Error})
		}
	}
	if len(dead) > 0 {
		if err := q.putOnce(ctx, q.subject("dead", b.Job, b.Number), dead); err != nil {
			return err
		}
	}
	if err := q.putOnce(ctx, q.subject("done", b.Job, b.Number), &a); err != nil {
		return err
	}
	w.puzzles.Add(int64(len(b.Puzzles)))
	return m.Ack()
}

// busy says that a batch is thought about, so that no other worker gets it.
func busy(ctx context.Context, m jetstream.Msg, patience time.Duration) {
	for tick := time.Tick(patience / 3); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			_ = m.InProgress()
		}
	}
}

// giveUp answers a batch that has had its tries: no worker lived to answer it.
func giveUp(b *Batch, tries uint64) []record.Record {
	var records []record.Record
	for i, p := range b.Puzzles {
		records = append(records, record.Record{Index: b.First + i, Question: p.Text, Error: fmt.Sprintf("given up: its batch was taken up %d times and never answered", tries-1)})
	}
	return records
}

// solve answers the puzzles of a batch, side by side.
func (w *Worker) solve(ctx context.Context, b *Batch) []record.Record {
	var records []record.Record
	for p, a := range solver.Each(ctx, slices.Values(b.Puzzles), len(b.Puzzles), func(p Puzzle) solver.Answer {
		if p.Error != "" {
			return solver.Answer{}
		}
		read, err := w.Solver.Read(p.Text, p.Rows, p.Cols)
		if err != nil {
			a := solver.Answer{}
			a.Err = err
			return a
		}
		return w.Solver.SolvePuzzle(ctx, &read)
	}) {
		r := record.Record{Question: p.Text, Error: p.Error}
		if p.Error == "" {
			r = record.New(w.Solver.Task, &a)
		}
		r.Index, r.Where = b.First+len(records), ""
		records = append(records, r)
	}
	return records
}

// Lines returns a puzzle as it goes into a batch.
func Lines(t puzzle.Task, p *puzzle.Puzzle) Puzzle {
	return Puzzle{Text: p.Of(t).Decode(p.Question), Rows: p.Rows, Cols: p.Cols}
}
