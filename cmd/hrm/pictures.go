package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime/arc"
	arcpicture "github.com/hrmgo/hrm/runtime/arc/picture"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/weights"
)

// pictures draws ARC tasks with what was answered, one picture for each.
type pictures struct {
	svg, png string
	tasks    []*puzzle.ARCTask // in the order of the input
	results  map[*puzzle.ARCTask][]arc.Result
}

func (p *pictures) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.svg, "svg", "", "ARC: draw the task with demonstrations, tests and answers to `FILE`; several tasks each to a file of a folder")
	cmd.Flags().StringVar(&p.png, "png", "", "ARC: the same as a PNG picture")
}

// wanted reports whether anything is to be drawn.
func (p *pictures) wanted() bool { return p.svg != "" || p.png != "" }

// add keeps an outcome.
func (p *pictures) add(o *outcome) {
	if o.Task == nil || !p.wanted() {
		return
	}
	if p.results == nil {
		p.results = map[*puzzle.ARCTask][]arc.Result{}
	}
	if _, known := p.results[o.Task]; !known {
		p.tasks = append(p.tasks, o.Task)
		p.results[o.Task] = nil
	}
	if o.result.Vote != nil {
		p.results[o.Task] = append(p.results[o.Task], *o.result.Vote)
	}
}

// write writes the pictures.
func (p *pictures) write(cmd *cobra.Command) error {
	if !p.wanted() {
		return nil
	}
	if len(p.tasks) == 0 {
		return errors.New("--svg and --png draw ARC tasks, of which the input holds none")
	}
	return errors.Join(
		p.each(cmd, p.svg, ".svg", arcpicture.SVG),
		p.each(cmd, p.png, ".png", arcpicture.PNG))
}

type drawing func(io.Writer, *puzzle.ARCTask, []arc.Result) error

// each draws one task to a file, or several to files of a folder.
func (p *pictures) each(cmd *cobra.Command, path, suffix string, draw drawing) error {
	switch {
	case path == "":
		return nil
	case len(p.tasks) == 1:
		return p.draw(cmd, path, p.tasks[0], draw)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("%d tasks are drawn to a folder: %w", len(p.tasks), err)
	}
	for i, t := range p.tasks {
		name := filepath.Base(filepath.Clean("/" + t.ID)) // a name in a file is no path
		if name == "/" || name == "." {
			name = fmt.Sprint(i)
		}
		if err := p.draw(cmd, filepath.Join(path, name+suffix), t, draw); err != nil {
			return err
		}
	}
	return nil
}

func (p *pictures) draw(cmd *cobra.Command, path string, t *puzzle.ARCTask, draw drawing) error {
	target, err := command.NewTarget(cmd, path)
	if err != nil {
		return err
	}
	defer target.Discard()
	err = weights.ReplaceFile(target.Path, func(w io.Writer) error { return draw(w, t, p.results[t]) })
	if err != nil {
		return err
	}
	return target.Deliver()
}
