package queue

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// life is how long a worker is listed after its last sign of life.
const life = 15 * time.Second

// Status is what a queue holds.
type Status struct {
	Waiting  uint64    `json:"waiting"`   // batches that nobody has
	UnderWay int       `json:"under_way"` // batches that workers have
	Done     uint64    `json:"done"`      // batches
	Dead     uint64    `json:"dead"`      // batches with puzzles without an answer
	Workers  []Beat    `json:"workers"`
	Jobs     []Job     `json:"jobs"`
	Time     time.Time `json:"time"`
}

// Beat is a worker's sign of life.
type Beat struct {
	Name    string    `json:"name"`
	Puzzles int64     `json:"puzzles"` // answered since it began
	Rate    float64   `json:"rate"`    // puzzles a second, lately
	Time    time.Time `json:"time"`
}

// beat tells every few seconds that a worker lives.
func (q *Queue) beat(ctx context.Context, w *Worker) {
	var before int64
	for {
		kv, err := q.beats(ctx)
		if err == nil {
			n := w.puzzles.Load()
			text, _ := json.Marshal(Beat{w.Name, n, float64(n-before) / (life / 3).Seconds(), time.Now().UTC()})
			before = n
			_, err = kv.Put(ctx, w.Name, text)
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("no sign of life", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(life / 3):
		}
	}
}

// beats is where workers say that they live.
func (q *Queue) beats(ctx context.Context) (jetstream.KeyValue, error) {
	return q.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: q.Name + "-workers", TTL: life})
}

// Status returns what the queue holds now.
func (q *Queue) Status(ctx context.Context) (*Status, error) {
	s := &Status{Time: time.Now()}
	for kind, to := range map[string]*uint64{"work": &s.Waiting, "done": &s.Done, "dead": &s.Dead} {
		stream, err := q.js.Stream(ctx, q.Name+"-"+kind)
		if err != nil {
			return nil, err
		}
		*to = stream.CachedInfo().State.Msgs
	}
	if c, err := q.js.Consumer(ctx, q.Name+"-work", "workers"); err == nil {
		s.UnderWay = c.CachedInfo().NumAckPending
		s.Waiting -= min(s.Waiting, uint64(s.UnderWay))
	} else if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, err
	}
	var err error
	if s.Jobs, err = q.Jobs(ctx); err != nil {
		return nil, err
	}
	s.Workers, err = q.living(ctx)
	return s, err
}

// living lists the workers that gave a sign of life lately.
func (q *Queue) living(ctx context.Context) (list []Beat, err error) {
	kv, err := q.js.KeyValue(ctx, q.Name+"-workers")
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := kv.Keys(ctx)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	for _, key := range keys {
		var b Beat
		if entry, err := kv.Get(ctx, key); err == nil && json.Unmarshal(entry.Value(), &b) == nil {
			list = append(list, b)
		}
	}
	return list, err
}

// Jobs lists the jobs of the queue.
func (q *Queue) Jobs(ctx context.Context) (jobs []Job, err error) {
	stream, err := q.js.Stream(ctx, q.Name+"-jobs")
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(q.Name+".jobs.>"))
	if err != nil {
		return nil, err
	}
	for subject := range info.State.Subjects {
		var j Job
		if there, err := q.stored(ctx, "jobs", subject, &j); err != nil {
			return nil, err
		} else if there {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}
