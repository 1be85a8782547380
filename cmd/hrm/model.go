package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// modelFlags choose the model and the processor that runs it.
type modelFlags struct {
	path    string
	threads int
	device  string
	cmd     *cobra.Command
}

func (f *modelFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.path, "model", "m", "", "`FILE` of the model, as hrm import writes it (default the embedded model)")
	cmd.Flags().IntVar(&f.threads, "threads", 0, "processor threads (default all)")
	cmd.Flags().StringVar(&f.device, "device", "auto", "`DEVICE`: cpu, webgpu, or auto, the faster of the two")
	_ = cmd.MarkFlagFilename("model", "hrm")
	f.cmd = cmd
}

// loaded is a model on its backend.
type loaded struct {
	model   *runtime.Model
	backend runtime.Backend
	task    puzzle.Task
	close   func()
}

// load opens the model, knows its task, and starts its backend.
func (f *modelFlags) load() (*loaded, error) {
	m, file, err := f.open()
	if err != nil {
		return nil, err
	}
	task, err := taskOf(m)
	if err != nil {
		file.Close()
		return nil, err
	}
	b, err := f.start(m)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &loaded{m, b, task, func() { b.Close(); file.Close() }}, nil
}

// start starts the model on its device, and says which when the user asked or
// when it is a GPU.
func (f *modelFlags) start(m *runtime.Model) (runtime.Backend, error) {
	b, why, err := startBackend(f.cmd.Context(), f.device, f.threads, runtime.DefaultLanes, m)
	if err == nil && (f.cmd.Flags().Changed("device") || strings.HasPrefix(b.Name(), "webgpu/")) {
		fmt.Fprintf(f.cmd.ErrOrStderr(), "device: %s (%s)\n", b.Name(), why)
	}
	return b, err
}

// open returns the model and what keeps its file mapped.
func (f *modelFlags) open() (*runtime.Model, io.Closer, error) {
	if f.path != "" {
		return native.Open(f.path)
	}
	m, err := native.Default()
	return m, io.NopCloser(nil), err
}

// taskOf returns the task that a model solves.
func taskOf(m *runtime.Model) (puzzle.Task, error) {
	t, err := puzzle.ForModel(m.Task, m.TaskSpec, m.Config.SeqLen, m.Config.Cols, m.Config.VocabSize)
	if err != nil {
		return nil, fmt.Errorf("hrm cannot read or write what the model is for: %w; see hrm inspect", err)
	}
	return t, nil
}
