package gpu

import "testing"

// Computing ahead pays when what the device would wait is longer than what it
// does in vain.
func TestPace(t *testing.T) {
	const latency = 30e-6
	for _, c := range []struct {
		name  string
		pace  pace
		lanes int
		want  bool
	}{
		{"nothing measured", pace{stop: 0.25}, 1, false},
		{"one lane, fast device", pace{segment: 600e-6, record: 200e-6, stop: 0.25}, 1, true},
		{"many lanes", pace{segment: 600e-6, record: 200e-6, stop: 0.25}, 32, false},
		{"many lanes that never stop", pace{segment: 600e-6, record: 200e-6}, 32, true},
		{"a slow host", pace{segment: 600e-6, outside: 20e-3, stop: 0.25}, 32, true},
		{"a slow device", pace{segment: 60e-3, record: 200e-6, stop: 0.25}, 1, false},
	} {
		if got := c.pace.worth(c.lanes, latency); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The share of lanes that stop follows what the steps were asked for.
func TestPaceCountsStops(t *testing.T) {
	a := newAhead(4)
	all := []int{0, 1, 2, 3}
	for range 40 {
		a.note(all)
	}
	if a.pace.stop > 1e-3 {
		t.Errorf("no lane stops: %v", a.pace.stop)
	}
	for range 40 {
		a.forget(1)
		a.note(all)
	}
	if s := a.pace.stop; s < 0.24 || s > 0.26 {
		t.Errorf("one lane in four stops: %v", s)
	}
}
