package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	cacheIn(t)
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
	b, v, err := race(t.Context(), one, two, 2)
	if err != nil || !strings.Contains(v.Why, "a segment of 2 puzzles takes") {
		t.Fatalf("%v, %q", err, v.Why)
	}
	if (v.GPU != "") != (b != runtime.Backend(two)) {
		t.Errorf("the winner is %q, and %T was kept", v.GPU, b)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// cacheIn makes the user's cache a folder of the test.
func cacheIn(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, dir)
	}
	return dir
}

// A race is remembered for its model, devices and build, for a while.
func TestRememberRace(t *testing.T) {
	cacheIn(t)
	m := deviceModel(t)
	key := raceKey("cpu/avx2", 2, 8, m)
	if _, ok := recall(key); ok {
		t.Fatal("something is remembered in an empty cache")
	}
	remember(key, verdict{GPU: "webgpu/A", Why: "faster"})
	v, ok := recall(key)
	if !ok || v.GPU != "webgpu/A" || !strings.Contains(v.String(), "faster") || !strings.Contains(v.String(), "remembered") {
		t.Fatalf("got %+v, %v", v, ok)
	}
	other := *m
	other.Config.LCycles++
	for _, k := range []string{raceKey("cpu/generic", 2, 8, m), raceKey("cpu/avx2", 1, 8, m), raceKey("cpu/avx2", 2, 9, m), raceKey("cpu/avx2", 2, 8, &other)} {
		if _, ok := recall(k); ok {
			t.Errorf("%s is remembered too", k)
		}
	}
	v.When = time.Now().Add(-25 * time.Hour)
	put(key, v)
	if _, ok := recall(key); ok {
		t.Error("a race of yesterday is remembered")
	}
	v.When = time.Now().Add(time.Hour)
	put(key, v)
	if _, ok := recall(key); ok {
		t.Error("a race of the future is remembered")
	}
}

// A damaged cache is no cache, and is written anew.
func TestDamagedCache(t *testing.T) {
	cacheIn(t)
	path := cacheFile()
	if path == "" {
		t.Fatal("no cache folder")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", "[]", `{"k":7}`, "null", strings.Repeat(" ", 1<<21)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := recall("k"); ok {
			t.Errorf("%.20q is a memory", text)
		}
		remember("k", verdict{Why: "x"})
		if v, ok := recall("k"); !ok || v.Why != "x" {
			t.Errorf("behind %.20q nothing is remembered", text)
		}
	}
}

// The cache does not grow without end.
func TestCacheIsSmall(t *testing.T) {
	cacheIn(t)
	for i := range 2 * maxVerdicts {
		remember(fmt.Sprint(i), verdict{Why: strings.Repeat("x", 200)})
	}
	if n := len(verdicts()); n > maxVerdicts {
		t.Errorf("%d races are remembered, want at most %d", n, maxVerdicts)
	}
	if _, ok := recall(fmt.Sprint(2*maxVerdicts - 1)); !ok {
		t.Error("the last race is forgotten")
	}
}

// What auto chose once it chooses again, without a race.
func TestAutoRemembers(t *testing.T) {
	cacheIn(t)
	m := deviceModel(t)
	for i := range 2 {
		b, why, err := startBackend(t.Context(), "auto", 1, 2, m)
		if err != nil {
			t.Fatal(err)
		}
		if again := strings.Contains(why, "remembered"); again != (hasGPU && i > 0) {
			t.Errorf("start %d: %q", i, why)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}
