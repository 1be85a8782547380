// Package version says which build of a command this is.
package version

import (
	"encoding/json"
	"fmt"
	"io"
	goruntime "runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Info is the object that the version subcommand prints with --json.
type Info struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Command returns the version subcommand of a program, which knows the licences of
// what is linked into it.
func Command(program, licences string) *cobra.Command {
	var asJSON, legal bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the platform",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if legal {
				_, err := io.WriteString(cmd.OutOrStdout(), licences)
				return err
			}
			v := Read()
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
			}
			_, err := io.WriteString(cmd.OutOrStdout(), v.line(program))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&legal, "licences", false, "print the licences of all that is linked into the program")
	cmd.MarkFlagsMutuallyExclusive("json", "licences")
	return cmd
}

// Add gives a program its version subcommand and the flag --version.
func Add(root *cobra.Command, licences string) {
	v := Read()
	root.Version = v.Version
	root.SetVersionTemplate(v.line(root.Name()))
	root.AddCommand(Command(root.Name(), licences))
}

// line is the version in words.
func (v Info) line(program string) string {
	return fmt.Sprintf("%s %s (%s, %s)\n", program, v.Version, v.Go, v.Platform)
}

// Read returns what the Go toolchain recorded in this build.
func Read() Info {
	v := Info{Version: "(devel)", Go: goruntime.Version(), Platform: goruntime.GOOS + "/" + goruntime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
