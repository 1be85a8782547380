package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// Pull appends the answers of a job to a file, a line of JSON each, in the order in which
// the puzzles were pushed, and waits for those that are not there yet. To pull into a file
// again goes on behind its last whole line.
func (q *Queue) Pull(ctx context.Context, job string, out *os.File, tell func(done int, j Job)) (Job, error) {
	lines, err := wholeLines(out)
	if err != nil {
		return Job{}, err
	}
	j, err := q.job(ctx, job)
	if err != nil {
		return j, err
	}
	for !j.Whole || lines < j.Puzzles {
		if !j.Whole { // somebody still pushes it
			if j, err = q.job(ctx, job); err != nil {
				return j, err
			}
		}
		var a Answers
		batch := lines / j.Size
		there, err := q.stored(ctx, "done", q.subject("done", job, batch), &a)
		if err != nil {
			return j, err
		}
		if !there {
			if j.Whole && lines >= j.Puzzles {
				break
			}
			select {
			case <-ctx.Done():
				return j, ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		if err := write(out, a, lines-batch*j.Size); err != nil {
			return j, err
		}
		lines = batch*j.Size + len(a.Records)
		if tell != nil {
			tell(lines, j)
		}
	}
	return j, out.Sync()
}

// write appends the answers of a batch, but for those that are there.
func write(out io.Writer, a Answers, there int) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, r := range a.Records[there:] {
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	_, err := out.Write(text.Bytes())
	return err
}

// wholeLines counts the lines of a file, cuts off the rest behind the last, and goes to
// its end.
func wholeLines(f *os.File) (n int, err error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, err
	}
	text := make([]byte, 1<<20)
	end := int64(0) // of the last whole line
	for at := int64(0); ; {
		k, err := f.ReadAt(text, at)
		n += bytes.Count(text[:k], []byte{'\n'})
		if i := bytes.LastIndexByte(text[:k], '\n'); i >= 0 {
			end = at + int64(i) + 1
		}
		if at += int64(k); err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	if err := f.Truncate(end); err != nil {
		return 0, err
	}
	_, err = f.Seek(end, io.SeekStart)
	return n, err
}

func (q *Queue) job(ctx context.Context, name string) (j Job, err error) {
	there, err := q.stored(ctx, "jobs", q.Name+".jobs."+name, &j)
	if err == nil && !there {
		err = fmt.Errorf("no job is called %q: hrm-scale status lists them", name)
	}
	if err == nil && j.Size < 1 {
		err = fmt.Errorf("job %s has batches of %d puzzles, want 1 or more", name, j.Size)
	}
	return j, err
}
