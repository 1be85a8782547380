package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hrmgo/hrm/internal/version"
	"github.com/hrmgo/hrm/runtime"
)

// verdict is how a race of the devices came out.
type verdict struct {
	GPU  string    `json:"gpu,omitempty"` // name of the GPU that won; "": the processor did
	Why  string    `json:"why"`
	When time.Time `json:"when"`
}

func (v verdict) String() string {
	return fmt.Sprintf("auto, remembered from %s: %s", v.When.Format("2006-01-02 15:04"), v.Why)
}

const (
	// memory is how long a race counts: drivers and cards change.
	memory      = 24 * time.Hour
	maxVerdicts = 64
	maxCache    = 1 << 20 // bytes of the file
)

// raceKey names what a race depends on: the model's shape and formats, but not
// its weights; the processor's kernels; and this build.
func raceKey(cpuName string, threads, lanes int, m *runtime.Model) string {
	h := sha256.New()
	fmt.Fprintln(h, m.Config, m.LLevel[0].GateUp.Format, cpuName, threads, lanes, version.Read())
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// cacheFile returns where races are remembered, or "" where there is no such
// place.
func cacheFile() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "hrm", "devices.json")
}

// recall returns the verdict of a race, unless it is too old.
func recall(key string) (verdict, bool) {
	v, ok := verdicts()[key]
	age := time.Since(v.When)
	return v, ok && age >= 0 && age < memory
}

// verdicts reads the cache. A damaged one is empty.
func verdicts() map[string]verdict {
	f, err := os.Open(cacheFile())
	if err != nil {
		return nil
	}
	defer f.Close()
	var all map[string]verdict
	if json.NewDecoder(io.LimitReader(f, maxCache)).Decode(&all) != nil {
		return nil
	}
	return all
}

func remember(key string, v verdict) {
	v.When = time.Now()
	put(key, v)
}

// put writes a verdict to the cache, and drops old ones. Where it cannot be
// written the next start races again.
func put(key string, v verdict) {
	all := verdicts()
	if all == nil {
		all = map[string]verdict{}
	}
	for k, old := range all {
		if time.Since(old.When) >= memory || len(all) >= maxVerdicts {
			delete(all, k)
		}
	}
	all[key] = v
	path := cacheFile()
	text, err := json.MarshalIndent(all, "", "\t")
	if path == "" || err != nil || os.MkdirAll(filepath.Dir(path), 0o755) != nil {
		return
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "devices*")
	if err != nil {
		return
	}
	_, err = temp.Write(text)
	if temp.Close() != nil || err != nil || os.Rename(temp.Name(), path) != nil {
		os.Remove(temp.Name())
	}
}
