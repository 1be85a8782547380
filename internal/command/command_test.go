package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// program is one subcommand, called do.
func program(do func(cmd *cobra.Command) error) *cobra.Command {
	root := &cobra.Command{Use: "program", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(&cobra.Command{Use: "do", RunE: func(cmd *cobra.Command, _ []string) error { return do(cmd) }})
	return root
}

// full has room for some bytes.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, syscall.ENOSPC
	}
	return len(b), nil
}

// Output that cannot be written is an error, whatever the subcommand says, and ends
// its context.
func TestOutputIsChecked(t *testing.T) {
	printed := 0
	root := program(func(cmd *cobra.Command) error {
		for cmd.Context().Err() == nil && printed < 1000 {
			fmt.Fprintln(cmd.OutOrStdout(), "an answer") // and no look at the error
			printed++
		}
		return nil
	})
	err := Run(t.Context(), root, []string{"do"}, strings.NewReader(""), &full{25}, io.Discard)
	if !errors.Is(err, ErrOutput) || !errors.Is(err, syscall.ENOSPC) || printed != 3 {
		t.Errorf("%d lines, error %v", printed, err)
	}
	for _, args := range [][]string{{"--help"}, {"do", "--help"}} {
		if err := Run(t.Context(), root, args, strings.NewReader(""), &full{}, io.Discard); !errors.Is(err, ErrOutput) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// A subcommand that does not end when its context does is left alone, and what it
// prints afterwards goes nowhere; one that finishes something is waited for.
func TestPatience(t *testing.T) {
	release := make(chan struct{})
	stuck := func(cmd *cobra.Command) error {
		<-release
		fmt.Fprintln(cmd.OutOrStdout(), "late")
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	var out bytes.Buffer
	began := time.Now()
	if err := Run(ctx, program(stuck), []string{"do"}, strings.NewReader(""), &out, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
	time.AfterFunc(3*patience, func() { close(release) })
	var said bytes.Buffer
	slow := program(func(cmd *cobra.Command) error { Finish(cmd.Context()); return stuck(cmd) })
	var told bytes.Buffer
	if err := Run(ctx, slow, []string{"do"}, strings.NewReader(""), &said, &told); err != nil || said.String() != "late\n" {
		t.Errorf("%q, error %v", &said, err)
	}
	if !strings.Contains(told.String(), "program: interrupted: finishing") {
		t.Errorf("told %q", &told)
	}
	if out.Len() > 0 {
		t.Errorf("printed %q", &out)
	}
}

// The former names of flags are understood and not shown, and a mistyped one is told
// the nearest.
func TestFlags(t *testing.T) {
	var out, segments string
	var to FormatValue
	root := program(func(*cobra.Command) error { return nil })
	do := root.Commands()[0]
	do.Flags().StringVarP(&out, "out", "o", "", "")
	do.Flags().StringVar(&segments, "max-segments", "", "")
	AddFormat(do, &to, "fp32", "one of %s", "fp32", "fp16", "int8")
	Flags(root)
	run := func(args ...string) string {
		var printed bytes.Buffer
		if err := Run(t.Context(), root, append([]string{"do"}, args...), strings.NewReader(""), &printed, io.Discard); err != nil {
			return err.Error()
		}
		return printed.String()
	}
	if text := run("--output", "x", "--segments=9", "--format", "i8"); text != "" || out != "x" || segments != "9" || to.Format != quantize.I8 || to.Name != "int8" {
		t.Errorf("%q: out %q, segments %q, to %v", text, out, segments, to)
	}
	if text := run("--to", "fp16"); text != "" || to.Format != quantize.F16 {
		t.Errorf("%q: to %v", text, to)
	}
	for args, want := range map[string]string{
		"--max-segmets=3": "did you mean --max-segments?",
		"--segment=3":     "program do --help lists them",
		"--no-such-thing": "program do --help lists them",
		"--to=bf16":       "want fp32, fp16 or int8",
		"--to=int4":       "want fp32, fp16 or int8",
		"--output":        "needs an argument",
		"-x":              "unknown shorthand",
	} {
		if text := run(args); !strings.Contains(text, want) {
			t.Errorf("%s: %q, want %q in it", args, text, want)
		}
	}
	if text := run("--help"); strings.Contains(text, "--output") || strings.Contains(text, "--format") || !strings.Contains(text, "one of fp32, fp16 or int8") {
		t.Errorf("help %q", text)
	}
}

func TestParseHalt(t *testing.T) {
	for text, want := range map[string]runtime.Halt{"learned": runtime.HaltLearned(1), "fixed": runtime.HaltFixed(7), "min:4": runtime.HaltLearned(4)} {
		if got, err := ParseHalt(text, 7); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "min", "min:", "min:0", "min:x", "fixed:3x", "never"} {
		if got, err := ParseHalt(text, 7); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
