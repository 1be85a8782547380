package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hrmgo/hrm/internal/command"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/curve"
)

//go:embed card.md.tmpl
var cardText string

var cardTemplate = template.Must(template.New("card").Parse(cardText))

// cardFile is the name of a model card on hubs, which show it.
const cardFile = "README.md"

// cardMark is in the front matter of a card that may be replaced by the next one.
const cardMark = "# written by hrm-train export"

// card is what a model card says.
type card struct {
	Name, File                 string
	Family, Task, Grid, Format string
	Parameters, Bytes          string
	Segments                   int
	Labels, Licence, Config    string
	Results                    []cardResult
	Training                   []cardLine
	front                      frontMatter
}

type cardLine struct{ Key, Text string }

type cardResult struct {
	Name, Puzzles, Exact, Cells, Segments string
}

// frontMatter is the YAML that hubs read.
type frontMatter struct {
	License string       `yaml:"license,omitempty"`
	Library string       `yaml:"library_name"`
	Tags    []string     `yaml:"tags"`
	Metrics []string     `yaml:"metrics,omitempty"`
	Index   []indexModel `yaml:"model-index,omitempty"`
}

type indexModel struct {
	Name    string        `yaml:"name"`
	Results []indexResult `yaml:"results"`
}

type indexResult struct {
	Task    named         `yaml:"task"`
	Dataset named         `yaml:"dataset"`
	Metrics []indexMetric `yaml:"metrics"`
}

type named struct {
	Type string `yaml:"type"`
	Name string `yaml:"name"`
}

type indexMetric struct {
	Type  string  `yaml:"type"`
	Name  string  `yaml:"name"`
	Value float64 `yaml:"value"`
}

// newCard describes a model that was written to a file of so many bytes.
func newCard(m *runtime.Model, file, format string, size int64, measured []curve.Record) *card {
	name := trimEndings(strings.TrimSuffix(filepath.Base(file), ".hrm"))
	c := &card{
		Name: name, File: filepath.Base(file), Family: strings.ToUpper(string(m.Config.Family)), Task: m.Task, Format: format,
		Parameters: command.Thousands(int64(parameters(&m.Config))), Bytes: command.Thousands(size), Segments: m.Config.HaltMaxSteps,
		Labels: m.Meta[metaLabels], Config: m.Meta[metaConfig],
	}
	grid := m.Config.Grid()
	c.Grid = fmt.Sprintf("grids of %d x %d", grid.Rows, grid.Cols)
	if t, err := puzzle.New(m.Task, m.TaskSpec); err == nil && m.Config.AnyShape() {
		_, sizes := t.(puzzle.Sizer)
		switch {
		case m.Config.Mixing == runtime.CandidateMixing:
			c.Grid += " and any other square with boxes"
		case sizes:
			c.Grid += " and others"
		}
	}
	c.Licence = cmp.Or(m.Meta[metaLicence], "None was given: hrm-train export --licence says one.")
	c.front = frontMatter{
		License: strings.ToLower(m.Meta[metaLicence]), Library: "hrm",
		Tags: []string{"hierarchical-reasoning-model", string(m.Config.Family), m.Task, "reasoning", "puzzles"},
	}
	c.addTraining(m.Meta)
	c.addResults(m.Task, measured)
	return c
}

func (c *card) addTraining(meta map[string]string) {
	seconds, _ := strconv.ParseFloat(meta[metaSeconds], 64)
	for _, line := range []cardLine{
		{"preset", meta[metaPreset]}, {"steps", meta[metaSteps]}, {"seed", meta[metaSeed]},
		{"wall time", short(time.Duration(seconds * float64(time.Second)))}, {"device", meta[metaDevice]},
		{"SHA-256 of the data", meta[metaData]}, {"began with", meta[metaInitial]}, {"written by", meta[metaProducer]},
	} {
		if line.Text != "" {
			line.Text = strings.ReplaceAll(line.Text, "|", "\\|")
			c.Training = append(c.Training, line)
		}
	}
}

func (c *card) addResults(task string, measured []curve.Record) {
	var results []indexResult
	for _, r := range measured {
		c.Results = append(c.Results, cardResult{
			r.Set, command.Thousands(int64(r.Puzzles)), share(r.ExactAccuracy, r.Puzzles, 2), share(r.Accuracy, r.Puzzles, 2), fmt.Sprintf("%.1f", r.Segments),
		})
		results = append(results, indexResult{
			Task: named{"other", task}, Dataset: named{r.Set, r.Set},
			Metrics: []indexMetric{
				{"accuracy", "exact, in percent", hundredths(100 * r.ExactAccuracy)}, {"accuracy", "cells, in percent", hundredths(100 * r.Accuracy)},
			},
		})
	}
	if len(results) > 0 {
		c.front.Metrics, c.front.Index = []string{"accuracy"}, []indexModel{{c.Name, results}}
	}
}

func hundredths(x float64) float64 { return math.Round(100*x) / 100 }

// text is the card as Markdown behind its front matter.
func (c *card) text() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("---\n" + cardMark + "\n")
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&c.front), enc.Close()); err != nil {
		return nil, err
	}
	b.WriteString("---\n\n")
	err := cardTemplate.Execute(&b, c)
	return b.Bytes(), err
}

// write writes the card, but not over a file that is somebody's own; said is what to
// tell.
func (c *card) write(path string) (said string, err error) {
	switch there, err := os.ReadFile(path); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return "", err
	case !bytes.HasPrefix(there, []byte("---\n"+cardMark)):
		return path + " is no model card of hrm-train, and stays: --card FILE writes one elsewhere", nil
	}
	text, err := c.text()
	if err != nil {
		return "", err
	}
	return path + ": the model card", writeFile(path, text)
}
