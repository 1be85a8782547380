package gpu

import (
	"errors"
	"slices"
	"time"
)

// KernelTime is what one kernel took in all of its dispatches.
type KernelTime struct {
	Name       string
	Dispatches int
	Seconds    float64
}

// profile times dispatches, each by itself, while it is set on a device.
type profile struct {
	wait  *Buffer
	times map[string]*KernelTime
}

// profileRepeats is how often a dispatch is repeated to be timed: its time is
// the difference between one and that many more, so that the way to the GPU
// and back is not in it.
const profileRepeats = 8

// Profile runs what run records, every dispatch repeated, and returns the
// times by kernel, the longest first. What the kernels compute is then wrong:
// throw it away.
func (d *Device) Profile(run func() error) ([]KernelTime, error) {
	wait, err := d.NewBuffer("profile", 1)
	if err != nil {
		return nil, err
	}
	defer wait.Release()
	p := &profile{wait, map[string]*KernelTime{}}
	d.profile = p
	err = run()
	d.profile = nil
	var times []KernelTime
	for _, t := range p.times {
		times = append(times, *t)
	}
	slices.SortFunc(times, func(a, b KernelTime) int {
		if a.Seconds > b.Seconds {
			return -1
		}
		return 1
	})
	return times, err
}

// measure submits what was recorded, and times its last dispatch.
func (p *profile) measure(d *Device, name string) error {
	last := slices.Clone(d.words[len(d.words)-dispatchWords:])
	if err := errors.Join(d.submit(p.read()), p.receive(d)); err != nil {
		return err
	}
	best := [2]time.Duration{time.Hour, time.Hour}
	for range 2 {
		for i, n := range [2]int{1, 1 + profileRepeats} {
			start := time.Now()
			if err := errors.Join(d.driver.Submit(slices.Repeat(last, n), p.read()), p.receive(d)); err != nil {
				return err
			}
			best[i] = min(best[i], time.Since(start))
		}
	}
	t := p.times[name]
	if t == nil {
		t = &KernelTime{Name: name}
		p.times[name] = t
	}
	t.Dispatches++
	t.Seconds += max(0, (best[1]-best[0]).Seconds()/profileRepeats)
	return nil
}

func (p *profile) read() Range { return Range{p.wait.id, 0, 4} }

func (p *profile) receive(d *Device) error { return d.driver.Receive(make([]byte, 4)) }

// Seconds is the time that what record records takes, without the way to the
// GPU and back: the difference between recording it once and more often.
func (d *Device) Seconds(record func()) (float64, error) {
	wait, err := d.NewBuffer("wait", 1)
	if err != nil {
		return 0, err
	}
	defer wait.Release()
	run := func(n int) (time.Duration, error) {
		start := time.Now()
		for range n {
			record()
		}
		err := d.wait(wait)
		return time.Since(start), err
	}
	if _, err := run(1); err != nil { // compiles
		return 0, err
	}
	once, err := run(1)
	if err != nil {
		return 0, err
	}
	repeats := 1 + min(64, int(20*time.Millisecond/(once+1)))
	best := [2]time.Duration{once, time.Hour}
	for range 3 {
		for i, n := range [2]int{1, 1 + repeats} {
			took, err := run(n)
			if err != nil {
				return 0, err
			}
			best[i] = min(best[i], took)
		}
	}
	return max(1e-9, (best[1]-best[0]).Seconds()/float64(repeats)), nil
}
