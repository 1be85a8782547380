package puzzle

import "io"

// queue is what a reader of texts has found and not yet given.
type queue struct {
	ready  []func() (Puzzle, error)
	found  bool // a puzzle, or an error in one
	closed bool // nothing comes after what is ready
}

// push makes a puzzle ready, which is made when its turn comes.
func (q *queue) push(puzzle func() (Puzzle, error)) {
	q.found = true
	q.ready = append(q.ready, puzzle)
}

// fail makes an error ready.
func (q *queue) fail(bad *Error) {
	q.push(func() (Puzzle, error) { return Puzzle{}, bad })
}

// first takes the first out. While there is none, r reads on.
func (q *queue) first(r interface{ read() error }) (Puzzle, error) {
	for len(q.ready) == 0 {
		if q.closed {
			return Puzzle{}, io.EOF
		}
		if err := r.read(); err != nil {
			return Puzzle{}, err
		}
	}
	puzzle := q.ready[0]
	q.ready = q.ready[1:]
	return puzzle()
}
