package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hrmgo/hrm/internal/nearest"
	"github.com/hrmgo/hrm/quantize"
	"github.com/hrmgo/hrm/runtime"
)

// former are the names that flags had before both programs spoke one language; they
// are understood for one more release, and no help shows them.
var former = map[string]string{"addr": "address", "output": "out", "segments": "max-segments", "format": "to"}

// Flags lets all subcommands of a program understand the former names of flags, and
// say which flag was meant where there is none of the name given.
func Flags(root *cobra.Command) {
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if now, ok := former[name]; ok {
			name = now
		}
		return pflag.NormalizedName(name)
	})
	root.SetFlagErrorFunc(flagError)
}

// flagError adds to the error about an unknown flag the nearest that there is.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := nearest.Name(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w, did you mean --%s?", err, near)
	}
	return fmt.Errorf("%w; %s --help lists them", err, cmd.CommandPath())
}

// FormatValue is a flag that names the format of a model's large matrices.
type FormatValue struct {
	Format quantize.Format
	Name   string // "" when the flag was not given and has no default
	of     []string
}

// formats are the names, and those that were taken before.
var formats = map[string]quantize.Format{
	"int8": quantize.I8, "fp16": quantize.F16, "bf16": quantize.BF16, "fp32": quantize.F32,
	"i8": quantize.I8, "f16": quantize.F16, "f32": quantize.F32,
}

// FormatName is what the commands call a format.
func FormatName(f quantize.Format) string {
	switch f {
	case quantize.I8:
		return "int8"
	case quantize.F16:
		return "fp16"
	case quantize.BF16:
		return "bf16"
	}
	return "fp32"
}

// FormatOf is FormatName of a format as model files name it.
func FormatOf(dtype string) (name string, ok bool) {
	f, ok := formats[dtype]
	return FormatName(f), ok
}

// AddFormat adds a flag --to that takes some of int8, fp16, bf16 and fp32. usage may
// hold %s where they are listed.
func AddFormat(cmd *cobra.Command, v *FormatValue, preset, usage string, of ...string) {
	v.of, v.Name, v.Format = of, preset, formats[preset]
	cmd.Flags().Var(v, "to", fmt.Sprintf(usage, list(of)))
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp))
}

// String implements pflag.Value.
func (v *FormatValue) String() string { return v.Name }

// Type implements pflag.Value.
func (v *FormatValue) Type() string { return "format" }

// Set implements pflag.Value.
func (v *FormatValue) Set(text string) error {
	f, ok := formats[text]
	if !ok || !slices.Contains(v.of, FormatName(f)) {
		return fmt.Errorf("want %s", list(v.of))
	}
	v.Format, v.Name = f, FormatName(f)
	return nil
}

// list is "a, b or c".
func list(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// HaltUsage is the help of a flag --halt.
const HaltUsage = "when to stop: learned, fixed (always --max-segments), or min:`N` (learned, not before segment N)"

// ParseHalt reads a flag --halt; fixed halts after so many segments.
func ParseHalt(text string, segments int) (runtime.Halt, error) {
	switch name, number, _ := strings.Cut(text, ":"); {
	case text == "learned":
		return runtime.HaltLearned(1), nil
	case text == "fixed":
		return runtime.HaltFixed(segments), nil
	case name == "min":
		if n, err := strconv.Atoi(number); err == nil && n >= 1 {
			return runtime.HaltLearned(n), nil
		}
	}
	return runtime.Halt{}, fmt.Errorf("--halt is %q, want learned, fixed or min:N with N from 1", text)
}

// Thousands writes a number with commas.
func Thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
