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
	work    time.Duration // that the puzzles are likely to take
}

// place is what a request has in the queue: a number of puzzles, each of which leaves
// it alone.
type place struct {
	q      *queue
	client string
	each   time.Duration
	mu     sync.Mutex
	left   int
}

// admit lets a client's puzzles in, each of which is likely to take so much of the
// processor, if they fit and what is before them ends within the request's time.
func (q *queue) admit(client string, puzzles int, each, within time.Duration) (*place, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.total+puzzles > q.most:
		over := time.Duration(q.total+puzzles-q.most) * each
		return nil, busy(over, codeQueueFull, "%d puzzles wait and at most %d may: ask again later", q.total, q.most)
	case q.clients[client]+puzzles > q.perClient:
		over := time.Duration(q.clients[client]+puzzles-q.perClient) * each
		return nil, busy(over, codeClientFull, "%d of your puzzles wait and at most %d may: ask again when they are answered", q.clients[client], q.perClient)
	case q.work > within/2:
		return nil, busy(q.work-within/2, codeNoTime, "what waits takes about %v, too long for a request of %v: ask again later", q.work.Round(time.Millisecond), within)
	}
	q.total += puzzles
	q.clients[client] += puzzles
	q.work += time.Duration(puzzles) * each
	return &place{q: q, client: client, each: each, left: puzzles}, nil
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

// leave gives the room of some puzzles back; below 0: of all that are left.
func (p *place) leave(n int) {
	p.mu.Lock()
	if n < 0 || n > p.left {
		n = p.left
	}
	p.left -= n
	p.mu.Unlock()
	q := p.q
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total -= n
	q.work -= time.Duration(n) * p.each
	if q.clients[p.client] -= n; q.clients[p.client] <= 0 {
		delete(q.clients, p.client)
	}
}
