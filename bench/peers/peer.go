package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/kernels"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/onnx"
)

// peer is one of the programs that are compared, in one precision.
type peer struct {
	engine, precision string
	file              string // of the model, in the folder that writeModels fills
	env               []string
	start             func(ctx context.Context, env []string) (*engine.Engine, error)
}

// engines are the values of --engines.
var engines = []string{"hrm", "onnxruntime", "pytorch"}

// peersOf lists the programs of some engines, this module first. Its int8 also
// runs without AMX, where there is AMX.
func peersOf(names []string) []peer {
	all := []peer{{engine: "hrm", precision: "int8", file: "int8.hrm", start: startSelf}}
	if impl := kernels.Implementations(); slices.Contains(impl, "amx") && os.Getenv(kernels.EnvVar) == "" {
		all = append(all, peer{engine: "hrm", precision: "int8", file: "int8.hrm", start: startSelf, env: []string{kernels.EnvVar + "=avx512"}})
	}
	all = append(all,
		peer{engine: "hrm", precision: "fp32", file: "fp32.hrm", start: startSelf},
		peer{engine: "onnxruntime", precision: "int8", file: "int8.onnx", start: onlyContext(engine.StartONNX)},
		peer{engine: "onnxruntime", precision: "fp32", file: "fp32.onnx", start: onlyContext(engine.StartONNX)},
		peer{engine: "pytorch", precision: "fp32", file: "fp32.safetensors", start: onlyContext(engine.StartPyTorch)})
	return slices.DeleteFunc(all, func(p peer) bool { return !slices.Contains(names, p.engine) })
}

func onlyContext(start func(context.Context) (*engine.Engine, error)) func(context.Context, []string) (*engine.Engine, error) {
	return func(ctx context.Context, _ []string) (*engine.Engine, error) { return start(ctx) }
}

// startSelf starts this program as an engine.
func startSelf(ctx context.Context, env []string) (*engine.Engine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return engine.Start(ctx, env, self, "engine")
}

// present leaves out the peers that are not installed, and tells what to do.
func present(ctx context.Context, peers []peer, errOut io.Writer) ([]peer, error) {
	var there []peer
	told := map[string]bool{}
	for _, p := range peers {
		if told[p.engine] {
			continue
		}
		e, err := p.start(ctx, p.env)
		if errors.Is(err, engine.ErrMissing) {
			told[p.engine] = true
			fmt.Fprintf(errOut, "peers: %s is left out: %v\n", p.engine, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		e.Close()
		there = append(there, p)
	}
	return there, ctx.Err()
}

// writeModels writes a model in every form that a peer takes.
func writeModels(ctx context.Context, folder string, m *runtime.Model) error {
	path := func(name string) string { return filepath.Join(folder, name) }
	q, _, err := m.Convert(quantize.I8)
	if err != nil {
		return err
	}
	f, _, err := m.Convert(quantize.F32)
	if err != nil {
		return err
	}
	return errors.Join(
		f.Save(path("fp32.hrm")),
		q.Save(path("int8.hrm")),
		onnx.WriteFile(ctx, path("fp32.onnx"), f, onnx.Options{}),
		onnx.WriteFile(ctx, path("int8.onnx"), q, onnx.Options{Int8: true}),
		engine.WriteSafetensors(path("fp32.safetensors"), f))
}

// running is a peer with its model loaded.
type running struct {
	peer
	*engine.Engine
	version string
}

// load starts a peer and gives it its model.
func (p *peer) load(ctx context.Context, folder string, c *runtime.Config, threads int) (*running, error) {
	e, err := p.start(ctx, p.env)
	if err != nil {
		return nil, err
	}
	version, err := e.Load(engine.Model{Path: filepath.Join(folder, p.file), Threads: threads, States: [2]int{c.P(), c.Hidden}})
	if err != nil {
		e.Close()
		return nil, p.wrap(err)
	}
	return &running{*p, e, version}, nil
}

func (p *peer) wrap(err error) error { return fmt.Errorf("%s %s: %w", p.engine, p.precision, err) }

// loadAll loads the model in every peer.
func loadAll(ctx context.Context, peers []peer, folder string, c *runtime.Config, threads int) ([]*running, error) {
	var all []*running
	for i := range peers {
		r, err := peers[i].load(ctx, folder, c, threads)
		if err != nil {
			closeAll(all)
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func closeAll(all []*running) {
	for _, r := range all {
		r.Close()
	}
}

// row begins a row of what this peer reached.
func (r *running) row(kind string, c *runtime.Config, lanes, threads int) Row {
	return Row{
		Kind: kind, Engine: r.engine, Precision: r.precision, Version: r.version, Threads: threads,
		Lanes: lanes, Tokens: c.SeqLen, Resident: resident(r.Process()),
	}
}
