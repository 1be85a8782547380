package reuse

import "testing"

func TestGrow(t *testing.T) {
	var buf []int
	if got := Grow(&buf, 3); len(got) != 3 {
		t.Errorf("%d numbers, want 3", len(got))
	}
	first := &buf[0]
	if got := Grow(&buf, 2); len(got) != 2 || &got[0] != first {
		t.Errorf("%d numbers, want the first 2 of the same memory", len(got))
	}
	if allocs := testing.AllocsPerRun(10, func() { Grow(&buf, 3) }); allocs != 0 {
		t.Errorf("%v allocations for what is there", allocs)
	}
}

func TestRemembered(t *testing.T) {
	var all map[int]*int
	made := 0
	get := func(key int) int {
		return *Remembered(&all, key, func() *int { made++; n := key * key; return &n })
	}
	for range 3 {
		for key := range few {
			if got := get(key); got != key*key {
				t.Errorf("%d for %d", got, key)
			}
		}
	}
	if made != few {
		t.Errorf("made %d, want each of %d once", made, few)
	}
	get(few)
	if len(all) > few {
		t.Errorf("%d are kept, want at most %d", len(all), few)
	}
}
