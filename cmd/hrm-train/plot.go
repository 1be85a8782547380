package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hrmgo/hrm/train/config"
	"github.com/hrmgo/hrm/train/curve"
)

// metricsFile is where a run keeps its record, in its folder.
const metricsFile = "metrics.jsonl"

func newPlot() *cobra.Command {
	var out, title, axis string
	cmd := &cobra.Command{
		Use:   "plot RUN...",
		Short: "Draw the learning curves of runs",
		Long: `Draws the losses in training and validation and the validation accuracies of one or
more runs, each given by its folder or its metrics.jsonl, into one PNG or SVG
picture. An SVG is dark where the reader's screen is.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("over", axis, string(curve.Steps), string(curve.Minutes)); err != nil {
				return err
			}
			return plotRuns(out, title, curve.Axis(axis), args)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "curve.png", "picture to write, .png or .svg")
	cmd.Flags().StringVar(&title, "title", "", "title of the picture")
	cmd.Flags().StringVar(&axis, "over", string(curve.Steps), "steps or minutes")
	return cmd
}

func plotRuns(out, title string, axis curve.Axis, paths []string) error {
	format := strings.TrimPrefix(filepath.Ext(out), ".")
	if format != "png" && format != "svg" {
		return fmt.Errorf("%w: picture %s: want a name that ends in .png or .svg", config.ErrConfig, out)
	}
	compared, err := readRuns(paths)
	if err != nil {
		return err
	}
	var runs []curve.Run
	for _, r := range compared {
		if len(compared) == 1 {
			r.Name = "" // the legend needs none
		}
		runs = append(runs, r.Run)
	}
	var picture bytes.Buffer
	if err := curve.Draw(&picture, format, title, axis, runs); err != nil {
		return err
	}
	return writeFile(out, picture.Bytes())
}
