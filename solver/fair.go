package solver

import (
	"slices"
	"time"
)

// Party is somebody whose puzzles share the lanes of a solver fairly with those of
// others: whoever waits gets the next free lane before a party that has had more of
// their time. A party's own puzzles get their first attempts before any gets a further
// one, and a puzzle leaves its lane between two attempts when others are due. Answers
// do not depend on any of this. The zero value is ready for use, with one Solver.
type Party struct {
	lanes account[*waiter]
	exams account[chan struct{}]
}

// account is what one party has had of something that is shared, and wants of it.
type account[T comparable] struct {
	used    time.Duration // on the clock of its fair
	running int           // turns that it has now
	first   []T           // waits
	further []T           // waits until nothing first does
}

// fair hands out turns, by virtual time: the clock runs as fast as an equal share of
// the time used, and a party that comes begins where it stands.
type fair[T comparable] struct {
	clock   time.Duration
	typical time.Duration // of a turn: what those under way are taken to use
	parties []*account[T] // that wait or have turns
}

// add puts x into the queue of a party.
func (f *fair[T]) add(a *account[T], x T, further bool) {
	f.enter(a)
	if further {
		a.further = append(a.further, x)
	} else {
		a.first = append(a.first, x)
	}
}

func (f *fair[T]) enter(a *account[T]) {
	if a.running == 0 && !a.waits() && !slices.Contains(f.parties, a) {
		a.used = max(a.used, f.clock)
		f.parties = append(f.parties, a)
	}
}

func (a *account[T]) waits() bool { return len(a.first)+len(a.further) > 0 }

// share is what a party will have had, once its turns have ended.
func (f *fair[T]) share(a *account[T]) time.Duration {
	return a.used + time.Duration(a.running)*f.typical
}

// due returns the party whose turn is next; nil: none waits.
func (f *fair[T]) due() *account[T] {
	var next *account[T]
	for _, a := range f.parties {
		if a.waits() && (next == nil || f.share(a) < f.share(next)) {
			next = a
		}
	}
	return next
}

// peek returns what waits first in a party.
func (a *account[T]) peek() T {
	if len(a.first) > 0 {
		return a.first[0]
	}
	return a.further[0]
}

// take begins the turn of what peek returned.
func (f *fair[T]) take(a *account[T]) (x T) {
	f.enter(a)
	queue := &a.first
	if len(a.first) == 0 {
		queue = &a.further
	}
	x = (*queue)[0]
	*queue = slices.Delete(*queue, 0, 1)
	a.running++
	return x
}

// end ends a turn that took so long.
func (f *fair[T]) end(a *account[T], took time.Duration) {
	took = max(took, time.Microsecond) // turns cost something, or one party could have them all
	a.running--
	a.used += took
	f.clock += took / time.Duration(max(1, len(f.parties)))
	f.typical += (took - f.typical) / 8
	f.leave(a)
}

// leave forgets a party that wants nothing.
func (f *fair[T]) leave(a *account[T]) {
	if a.running == 0 && !a.waits() {
		if i := slices.Index(f.parties, a); i >= 0 {
			f.parties = slices.Delete(f.parties, i, i+1)
		}
	}
}

// remove takes x out of a party's queue, unless its turn has come.
func (f *fair[T]) remove(a *account[T], x T) bool {
	for _, queue := range []*[]T{&a.first, &a.further} {
		if i := slices.Index(*queue, x); i >= 0 {
			*queue = slices.Delete(*queue, i, i+1)
			f.leave(a)
			return true
		}
	}
	return false
}
