// Package host runs the hrm plugin inside a Go program: a solver in a sandbox
// of WebAssembly, without cgo.
//
//	h, err := host.Open(ctx, host.Options{Module: plugin, SHA256: trusted})
//	...
//	defer h.Close()
//	results, err := h.Solve(ctx, []host.Puzzle{{Text: "53..7...."}}, host.SolveOptions{})
//
// The guest computes and nothing else: it has no files, environment,
// arguments or network, its clock stands still and its random numbers are the
// same every time. What it writes to standard error is kept for the message of
// an error. A guest that traps, takes too long or wants too much memory is
// thrown away, and the next puzzle gets a new one.
package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/hrmgo/hrm/wasm/abi"
)

// The messages of package abi.
type (
	Puzzle       = abi.Puzzle
	SolveOptions = abi.Options
	Result       = abi.Result
	Info         = abi.Info
	Error        = abi.Error // what the guest reports, for errors.As
)

var (
	// ErrModule is wrapped by the error about a module that is not accepted
	// or is no hrm plugin.
	ErrModule = errors.New("not the plugin")
	// ErrGuest is wrapped when the guest trapped or answered nonsense.
	ErrGuest = errors.New("the guest failed")
	// ErrMemory is wrapped when the guest wanted more than MemoryLimit. Such an
	// error is an ErrGuest too.
	ErrMemory = errors.New("beyond the memory limit")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("host: closed")
)

// DefaultMemoryLimit is what the memory of a guest may grow to by default: enough
// for the published models of 27 million parameters in float32.
const DefaultMemoryLimit = 1 << 30

// Options of a host.
type Options struct {
	Module []byte // hrm-plugin.wasm
	// SHA256 is the hash of the module that the application trusts, in
	// hexadecimal. Another module is not even parsed: a hostile file of a few
	// bytes can make a decoder take all memory.
	SHA256 string

	Model []byte // a .hrm file; nil: the model in the module
	Task  string // that the model must solve; "": any

	Instances int // guests that run at once, each with its own copy of the model; 0: GOMAXPROCS
	// MemoryLimit is what the memory of a guest may grow to, in bytes, with its copy
	// of the model; 0: DefaultMemoryLimit. Beside it the process holds the compiled
	// module, once, and a request or reply while it is passed on.
	MemoryLimit int64
	// Deadline is for one puzzle, with the start of a guest where none is ready; 0:
	// none but the context's. A call ends at most 50 ms later where the processor has a
	// core for it. A start that takes longer goes on for the next puzzle.
	Deadline time.Duration
	CacheDir string // where compiled modules are kept; "": nowhere
}

// Host is a pool of guests. It may be used from several goroutines.
type Host struct {
	options  Options
	info     Info
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule
	slots    chan slot // one for each of Options.Instances
	life     context.Context
	end      context.CancelFunc // of life, with Close
	closed   chan struct{}
	close    sync.Once
}

// slot is room for a guest: one that is ready, or none yet, or why one could not be
// started.
type slot struct {
	guest *instance
	err   error
}

// Open checks, compiles and starts the plugin, and opens the model. Compiling
// takes most of the time, and is left out when CacheDir has the compiled module.
func Open(ctx context.Context, o Options) (*Host, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	h := &Host{options: o, slots: make(chan slot, o.Instances), closed: make(chan struct{})}
	h.life, h.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := h.open(ctx); err != nil {
		h.release()
		return nil, fmt.Errorf("host: %w", err)
	}
	return h, nil
}

// check fills in the defaults.
func (o *Options) check() error {
	if err := o.accept(); err != nil {
		return err
	}
	if o.Instances < 0 || o.MemoryLimit < 0 || o.Deadline < 0 {
		return fmt.Errorf("%d Instances, MemoryLimit %d, Deadline %v: want 0 or more", o.Instances, o.MemoryLimit, o.Deadline)
	}
	if o.Instances == 0 {
		o.Instances = goruntime.GOMAXPROCS(0)
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = DefaultMemoryLimit
	}
	return nil
}

// accept compares the module with its hash.
func (o *Options) accept() error {
	sum := sha256.Sum256(o.Module)
	got := hex.EncodeToString(sum[:])
	switch {
	case len(o.Module) == 0:
		return fmt.Errorf("%w: Options.Module is empty, want the bytes of hrm-plugin.wasm; go run ./wasm/build makes it", ErrModule)
	case o.SHA256 == "":
		return fmt.Errorf("%w: Options.SHA256 is empty, want the hash of the module that you trust; this one has %s", ErrModule, got)
	case !strings.EqualFold(o.SHA256, got):
		return fmt.Errorf("%w: the module has SHA-256 %s, want %s", ErrModule, got, o.SHA256)
	}
	return nil
}

const pageSize = 1 << 16 // bytes of a page of WebAssembly memory

func (h *Host) open(ctx context.Context) (err error) {
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(min(max(h.options.MemoryLimit/pageSize, 1), 1<<16)))
	if h.options.CacheDir != "" {
		if h.cache, err = wazero.NewCompilationCacheWithDir(h.options.CacheDir); err != nil {
			return err
		}
		config = config.WithCompilationCache(h.cache)
	}
	h.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, h.runtime); err != nil {
		return err
	}
	if h.compiled, err = h.runtime.CompileModule(ctx, h.options.Module); err != nil {
		if strings.Contains(err.Error(), "pages") && strings.Contains(err.Error(), "over limit") {
			return fmt.Errorf("%w: %w: %w", ErrGuest, ErrMemory, err) // it starts with more
		}
		return fmt.Errorf("%w: %w", ErrModule, err)
	}
	first, err := h.start(ctx)
	if err != nil {
		return err
	}
	h.info = first.info
	h.slots <- slot{guest: first}
	for range h.options.Instances - 1 {
		h.slots <- slot{}
	}
	return nil
}

// Info describes the model.
func (h *Host) Info() Info { return h.info }

// Close waits for the puzzles being solved and ends the guests. It may be
// called again.
func (h *Host) Close() error {
	h.close.Do(func() {
		close(h.closed)
		h.end()
		for range h.options.Instances {
			<-h.slots
		}
		h.release()
	})
	return nil
}

// release frees what open made; the runtime closes its instances.
func (h *Host) release() {
	h.end()
	if h.runtime != nil {
		_ = h.runtime.Close(context.Background())
	}
	if h.cache != nil {
		_ = h.cache.Close(context.Background())
	}
}
