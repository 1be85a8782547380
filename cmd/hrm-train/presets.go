package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/train/config"
)

func newPresets() *cobra.Command {
	return &cobra.Command{
		Use:   "presets [NAME]",
		Short: "List the presets, or print one as a configuration file",
		Long: `Lists the configurations that come with hrm-train and what each is for. With a
name it prints that configuration, every key with its meaning, as a file for
hrm-train run --config.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPresets(cmd.OutOrStdout())
			}
			return printPreset(cmd.OutOrStdout(), args[0])
		},
	}
}

func listPresets(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, name := range config.Presets() {
		purpose, err := config.PresetPurpose(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\n", name, purpose)
	}
	return w.Flush()
}

func printPreset(out io.Writer, name string) error {
	c, err := config.Preset(name)
	if err != nil {
		return err
	}
	text, err := c.YAML()
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}
