package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// modelFlags choose the model and the processor that runs it.
type modelFlags struct {
	path    string
	task    string // of the embedded model
	threads int
	device  string
	cmd     *cobra.Command
}

func (f *modelFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.path, "model", "m", "", "`FILE` of the model, as hrm import writes it, its name in hrm models, or folder of a training run, whose best.hrm is taken (default the embedded model for --task)")
	f.addDevice(cmd)
}

// addDevice registers all flags but --model.
func (f *modelFlags) addDevice(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.task, "task", "", "`TASK` that the model must solve; without --model the embedded one for it (default what the input looks like, else sudoku)")
	cmd.Flags().IntVar(&f.threads, "threads", 0, "processor threads (default all)")
	cmd.Flags().StringVar(&f.device, "device", "auto", "`DEVICE`: cpu, webgpu, or auto, the faster of the two")
	completeModel(cmd)
	f.cmd = cmd
}

// loaded is a model on its backend.
type loaded struct {
	model   *runtime.Model
	backend runtime.Backend
	task    puzzle.Task
	solver  *solver.Solver
	file    io.Closer
}

// with returns the solver with options.
func (l *loaded) with(o solver.Options) *solver.Solver { return l.solver.With(o) }

// close ends what is under way.
func (l *loaded) close() {
	l.solver.Close()
	l.file.Close()
}

// load opens the model, knows its task, and starts its backend for so many puzzles
// at once.
func (f *modelFlags) load(lanes int) (*loaded, error) {
	if lanes < 1 {
		return nil, fmt.Errorf("--lanes is %d, want 1 or more", lanes)
	}
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
	s := solver.New(b, task, lanes)
	return &loaded{m, b, s.Task, s, file}, nil
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
	if f.path == "" {
		m, err := native.Embedded(f.task)
		return m, io.NopCloser(nil), err
	}
	m, file, err := native.Open(f.path)
	if err == nil && f.task != "" && m.Task != "" && m.Task != f.task {
		file.Close()
		return nil, nil, fmt.Errorf("%s solves %s, want %s", f.path, m.Task, f.task)
	}
	return m, file, err
}

// look sets the task, or the model, to what the first puzzle looks like, where there is
// an embedded model for that and neither a model nor a task was asked for. It returns in,
// with what it has looked at still to be read.
func (f *modelFlags) look(args []string, in io.Reader) io.Reader {
	if f.path != "" || f.task != "" || len(embedded.Models) < 2 {
		return in
	}
	var t puzzle.Task
	switch {
	case len(args) == 0 || args[0] == "-":
		ahead := bufio.NewReaderSize(in, 1<<16)
		in, t = ahead, puzzle.Recognise(ahead)
	case isFile(args[0]):
		if r, err := puzzle.Open(args[0], nil); err == nil {
			t = r.Task()
			r.Close()
		}
	default:
		t = puzzle.Recognise(bufio.NewReader(strings.NewReader(strings.Join(args, "\n"))))
	}
	if _, sizes := t.(puzzle.Sudokus); sizes {
		f.path = embedded.SudokuSizes
	} else if t != nil && embedded.For(t.Name()) != nil {
		f.task = t.Name()
	}
	return in
}

func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// taskOf returns the task that a model solves.
func taskOf(m *runtime.Model) (puzzle.Task, error) {
	t, err := solver.TaskOf(m)
	if err != nil {
		return nil, fmt.Errorf("hrm cannot read or write what the model is for: %w; see hrm inspect", err)
	}
	return t, nil
}

// completeModel offers the names of models for --model, and files.
func completeModel(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("model", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return native.Names(), cobra.ShellCompDirectiveDefault
	})
}
