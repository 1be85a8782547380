package service

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// queue bounds the puzzles of all requests that have no answer yet, in number and in
// the time that they are likely to take.
type queue struct {
	most, perClient int

	mu      sync.Mutex
	total   int
	clients map[string]int
	places  map[*place]struct{}
	each    time.Duration // that a puzzle takes of the machine, while many are under way
	seen    int           // answers that say so
	last    time.Time     // of an answer
	early   time.Duration // the same by the puzzles' own time, until enough say so
}

const (
	// many is how many puzzles keep the lanes full: only then the time between answers
	// is what one takes.
	many = 16
	// enough is how many answers tell that time: lanes answer several at once.
	enough = 32
)

// place is what a request has in the queue: a number of puzzles, each of which leaves
// it alone.
type place struct {
	q      *queue
	client string
	left   int       // puzzles
	until  time.Time // they should be answered
	guard  time.Time // until then nobody may come who would make it late; zero: it was too large from the start
}

// admit lets a client's puzzles in, if they fit and are likely to be answered within a
// time. The lanes are shared equally between requests, so that with r of them under way
// one of n puzzles takes the time of r n. It must be no more than half of what the
// request has, since nobody knows how hard its puzzles are; and those that were let in
// before must stay in time with one more among them.
func (q *queue) admit(client string, puzzles int, within time.Duration) (*place, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, each := time.Now(), q.takes()
	switch {
	case q.total+puzzles > q.most:
		over := time.Duration(q.total+puzzles-q.most) * each
		return nil, busy(over, codeQueueFull, "%d puzzles wait and at most %d may: ask again later", q.total, q.most)
	case q.clients[client]+puzzles > q.perClient:
		over := time.Duration(q.clients[client]+puzzles-q.perClient) * each
		return nil, busy(over, codeClientFull, "%d of your puzzles wait and at most %d may: ask again when they are answered", q.clients[client], q.perClient)
	}
	p := &place{q: q, client: client, left: puzzles, until: now.Add(within)}
	sharers := time.Duration(len(q.places) + 1)
	if needs := sharers * time.Duration(puzzles) * each; needs > within/2 && sharers > 1 {
		return nil, busy(needs-within/2, codeNoTime, "with what is under way it would take about %v, too long for a request of %v: ask again later", needs.Round(time.Millisecond), within)
	}
	for other := range q.places {
		if needs := sharers * time.Duration(other.left) * each; now.Before(other.guard) && needs > other.until.Sub(now) {
			return nil, busy(needs-other.until.Sub(now), codeNoTime, "what is under way would be late: ask again later")
		}
	}
	if time.Duration(puzzles)*each <= within/4 {
		p.guard = now.Add(within / 10 * 9) // later it is late by its own puzzles
	}
	q.places[p] = struct{}{}
	q.total += puzzles
	q.clients[client] += puzzles
	return p, nil
}

// takes returns what a puzzle takes of the machine, by those before; 0: nobody knows.
func (q *queue) takes() time.Duration {
	if q.seen >= enough {
		return q.each
	}
	return q.early
}

// full tells before a body is read that no puzzle would be let in.
func (q *queue) full() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.total < q.most {
		return nil
	}
	return busy(time.Second, codeQueueFull, "%d puzzles wait and at most %d may: ask again later", q.total, q.most)
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

func busy(retry time.Duration, code, format string, args ...any) *Error {
	return &Error{http.StatusTooManyRequests, code, fmt.Sprintf(format, args...), max(retry, time.Second)}
}

// leave gives the room of a puzzle back, which had so much of the machine's time.
func (p *place) leave(spent time.Duration) {
	q := p.q
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if spent > 0 {
		q.early += (spent - q.early) / 8
	}
	if q.total > many && !q.last.IsZero() {
		q.seen++
		q.each += (now.Sub(q.last) - q.each) / time.Duration(min(q.seen, enough))
	}
	if q.last = now; q.total <= many {
		q.last = time.Time{}
	}
	q.total--
	if p.left--; p.left == 0 {
		delete(q.places, p)
	}
	if q.clients[p.client]--; q.clients[p.client] <= 0 {
		delete(q.clients, p.client)
	}
}
