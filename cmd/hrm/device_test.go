package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
)

func deviceModel(t *testing.T) *runtime.Model {
	m, err := runtime.NewModel(runtime.Config{
		Family: runtime.TRM, VocabSize: 5, SeqLen: 9, Hidden: 8, Heads: 2, Expansion: 0.5, LLayers: 1, HCycles: 1, LCycles: 1,
		Positions: runtime.Rope, HaltMaxSteps: 5, NormEps: 1e-5, RopeTheta: 10000,
	}, 3)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestStartBackend(t *testing.T) {
	m := deviceModel(t)
	for _, device := range []string{"cpu", "auto"} {
		b, why, err := startBackend(t.Context(), device, 1, 2, m)
		if err != nil {
			t.Fatalf("%s: %v", device, err)
		}
		if why == "" || b.Name() == "" {
			t.Errorf("%s: %q because %q", device, b.Name(), why)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := startBackend(t.Context(), "gpu", 1, 2, m); err == nil || !strings.Contains(err.Error(), "--device") {
		t.Errorf("unknown device: got %v", err)
	}
	if b, _, err := startBackend(t.Context(), "webgpu", 1, 2, m); err != nil {
		if !errors.Is(err, errNoGPU) {
			t.Errorf("webgpu: got %v, want errNoGPU", err)
		}
	} else if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// race keeps a backend that works and closes the other.
func TestRace(t *testing.T) {
	m := deviceModel(t)
	one, err := cpu.New(m, cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	two, err := cpu.New(m, cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, why, err := race(t.Context(), one, two, 2)
	if err != nil || !strings.Contains(why, "a segment of 2 puzzles takes") {
		t.Fatalf("%v, %q", err, why)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
