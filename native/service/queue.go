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
	each    time.Duration // between two answers, while many wait
	seen    int           // answers that say so
	last    time.Time     // of an answer
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
}

// admit lets a client's puzzles in, if they fit and what is there is likely to be answered
// within a quarter of the request's time. Requests share the lanes, so that each takes
// up to twice as long as in a queue, and how long a puzzle takes is a guess.
func (q *queue) admit(client string, puzzles int, within time.Duration) (*place, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	wait := time.Duration(0)
	if q.seen >= enough {
		wait = time.Duration(q.total) * q.each
	}
	switch {
	case q.total+puzzles > q.most:
		over := time.Duration(q.total+puzzles-q.most) * q.each
		return nil, busy(over, codeQueueFull, "%d puzzles wait and at most %d may: ask again later", q.total, q.most)
	case q.clients[client]+puzzles > q.perClient:
		over := time.Duration(q.clients[client]+puzzles-q.perClient) * q.each
		return nil, busy(over, codeClientFull, "%d of your puzzles wait and at most %d may: ask again when they are answered", q.clients[client], q.perClient)
	case wait > within/4:
		return nil, busy(wait-within/4, codeNoTime, "what waits takes about %v, too long for a request of %v: ask again later", wait.Round(time.Millisecond), within)
	}
	q.total += puzzles
	q.clients[client] += puzzles
	return &place{q, client}, nil
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

// leave gives the room of a puzzle back.
func (p *place) leave() {
	q := p.q
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if q.total > many && !q.last.IsZero() {
		q.seen++
		q.each += (now.Sub(q.last) - q.each) / time.Duration(min(q.seen, enough))
	}
	if q.last = now; q.total <= many {
		q.last = time.Time{}
	}
	q.total--
	if q.clients[p.client]--; q.clients[p.client] <= 0 {
		delete(q.clients, p.client)
	}
}
