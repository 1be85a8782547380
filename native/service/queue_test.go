package service

import (
	"errors"
	"testing"
	"time"
)

// measured is a queue that knows what a puzzle takes.
func measured(each time.Duration) *queue {
	return &queue{most: 1 << 20, perClient: 1 << 20, clients: map[string]int{}, places: map[*place]struct{}{}, each: each, seen: enough}
}

// fill lets requests in until one is refused, and returns how many were.
func fill(t *testing.T, q *queue, puzzles int, within time.Duration) int {
	t.Helper()
	for n := 0; ; n++ {
		var e *Error
		if _, err := q.admit("a", puzzles, within); errors.As(err, &e) {
			if e.Code != codeNoTime || e.Retry < time.Second {
				t.Errorf("%s after %v", e.Code, e.Retry)
			}
			return n
		}
		if n > 1<<16 {
			t.Fatal("everybody is let in")
		}
	}
}

// Requests are let in as long as an equal share of the lanes answers each of them in
// time, those before included.
func TestAdmit(t *testing.T) {
	const each = 10 * time.Millisecond
	for _, puzzles := range []int{1, 5} {
		q := measured(each)
		if n, want := fill(t, q, puzzles, 2*time.Second), 100/puzzles; n != want {
			t.Errorf("%d requests of %d puzzles were let in, want %d: half of their time", n, puzzles, want)
		}
	}
	q := measured(each)
	if _, err := q.admit("b", 10, time.Second); err != nil {
		t.Fatal(err)
	}
	if n := fill(t, q, 1, time.Minute); n != 8 && n != 9 { // some of its second has passed
		t.Errorf("%d others were let in, want 8 or 9: 10 puzzles in 10 shares of the lanes take a second", n)
	}
}

// A request that is too large for its time holds up nobody, and is let in where it is
// alone; one that wants too much in company is not.
func TestAdmitLarge(t *testing.T) {
	q := measured(10 * time.Millisecond)
	if _, err := q.admit("b", 1000, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if n := fill(t, q, 1, time.Second); n != 49 {
		t.Errorf("%d small requests were let in beside a large one, want 49", n)
	}
	if _, err := q.admit("c", 1000, 10*time.Second); err == nil {
		t.Error("another large one was let in")
	}
}

// Before many have been answered, the time that each had of the machine tells what
// others will take; without any, all come in.
func TestAdmitEarly(t *testing.T) {
	q := measured(0)
	q.seen = 0
	var places []*place
	for range 20 {
		p, err := q.admit("a", 1, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, p)
	}
	for _, p := range places {
		p.leave(100 * time.Millisecond)
	}
	if n := fill(t, q, 1, time.Second); n < 5 || n > 6 { // it approaches a tenth of a second
		t.Errorf("%d were let in, want 5", n)
	}
	if len(q.places) != 6 && len(q.places) != 5 {
		t.Errorf("%d requests are under way", len(q.places))
	}
}
