package queue

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Push puts the puzzles of a job into the queue, in batches of a size. To push a job again
// that was cut short goes on with it: what is there, or answered, is not put twice.
func (q *Queue) Push(ctx context.Context, job string, size int, puzzles iter.Seq[Puzzle], tell func(Job)) (Job, error) {
	if !names.MatchString(job) || size < 1 {
		return Job{}, fmt.Errorf("job %q in batches of %d: want a name of letters, digits, - and _, and 1 or more", job, size)
	}
	j := Job{Name: job, Size: size, Began: time.Now().UTC()}
	subject := q.Name + ".jobs." + job
	var before Job
	there, err := q.stored(ctx, "jobs", subject, &before)
	if err != nil {
		return j, err
	}
	if there && before.Size != size {
		return j, fmt.Errorf("job %s is there in batches of %d, not %d: give it another name, or the size that it has", job, before.Size, size)
	}
	if there {
		j.Began = before.Began
	} else if err := q.put(ctx, subject, "", j); err != nil {
		return j, err
	}
	batch := Batch{Job: job}
	send := func() error {
		if len(batch.Puzzles) == 0 {
			return nil
		}
		if err := q.putBatch(ctx, &batch, there); err != nil {
			return err
		}
		j.Batches++
		j.Puzzles += len(batch.Puzzles)
		batch = Batch{Job: job, Number: j.Batches, First: j.Puzzles}
		if tell != nil {
			tell(j)
		}
		return nil
	}
	for p := range puzzles {
		if batch.Puzzles = append(batch.Puzzles, p); len(batch.Puzzles) == size {
			if err := send(); err != nil {
				return j, err
			}
		}
	}
	if err := errors.Join(send(), ctx.Err()); err != nil {
		return j, err
	}
	if there && before.Whole && before.Puzzles != j.Puzzles {
		return j, fmt.Errorf("job %s has %d puzzles, now %d: they are others, give them another name", job, before.Puzzles, j.Puzzles)
	}
	j.Whole = true
	return j, q.put(ctx, subject, "", j)
}

// putBatch puts a batch into the queue, unless the job was there before and it is
// answered.
func (q *Queue) putBatch(ctx context.Context, b *Batch, before bool) error {
	if before {
		var a Answers
		if done, err := q.stored(ctx, "done", q.subject("done", b.Job, b.Number), &a); done || err != nil {
			return err
		}
	}
	return q.put(ctx, q.subject("work", b.Job, b.Number), fmt.Sprintf("%s.%d", b.Job, b.Number), b)
}
