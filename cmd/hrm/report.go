package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hrmgo/hrm/runtime/arc"
	"github.com/hrmgo/hrm/runtime/puzzle"
)

// report is what hrm eval measured; its JSON names are in the command's help.
type report struct {
	*loaded     `json:"-"`
	lanes       int
	Model       string `json:"model"`
	Backend     string `json:"backend"`
	MaxSegments int    `json:"max_segments"`
	Halt        string `json:"halt"`
	Restarts    int    `json:"restarts"`
	Check       bool   `json:"check"`

	score
	Unreadable       int               `json:"unreadable"`
	HaltAccuracy     float64           `json:"halt_accuracy"`
	Segments         map[int]int       `json:"segments"`
	BySource         map[string]*score `json:"by_source,omitempty"`
	ByRating         map[string]*score `json:"by_rating,omitempty"`
	BySize           map[string]*score `json:"by_size,omitempty"`
	Elapsed          float64           `json:"elapsed_s"`
	PuzzlesPerSecond float64           `json:"puzzles_per_second"`
	Interrupted      bool              `json:"interrupted,omitempty"`

	// Of ARC, where votes were counted.
	Pass1  *float64              `json:"pass_1,omitempty"`
	Pass2  *float64              `json:"pass_2,omitempty"`
	ByTask map[string]*arc.Score `json:"by_task,omitempty"`

	halted running
	arc    arc.Scores
}

// score is accuracy over a set of puzzles.
type score struct {
	Puzzles       int      `json:"puzzles"`
	ExactAccuracy float64  `json:"exact_accuracy"`
	ValidAccuracy *float64 `json:"valid_accuracy,omitempty"` // nil where the task has no rules
	CellAccuracy  float64  `json:"cell_accuracy"`
	MeanSegments  float64  `json:"mean_segments"`

	exact, valid, cells, segments running
}

// running is a sum that knows its mean.
type running struct {
	sum float64
	n   int
}

// add returns the mean including x.
func (r *running) add(x float64) float64 {
	r.sum += x
	r.n++
	return r.sum / float64(r.n)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// add counts an answer. valid is nil where no rules say.
func (s *score) add(exact bool, valid *bool, cells float64, segments int) {
	s.Puzzles++
	s.ExactAccuracy = s.exact.add(truth(exact))
	if valid != nil {
		mean := s.valid.add(truth(*valid))
		s.ValidAccuracy = &mean
	}
	s.CellAccuracy = s.cells.add(cells)
	s.MeanSegments = s.segments.add(float64(segments))
}

func newReport(l *loaded, f *evalFlags) *report {
	r := &report{
		loaded: l, lanes: f.lanes, Model: f.path, Backend: l.backend.Name(),
		MaxSegments: f.maxSegments, Halt: f.halt, Restarts: f.restarts, Check: f.check,
		Segments: map[int]int{}, BySource: map[string]*score{}, ByRating: map[string]*score{}, BySize: map[string]*score{},
	}
	if r.Model == "" {
		r.Model = "embedded"
	}
	if r.MaxSegments == 0 {
		r.MaxSegments = l.model.Config.HaltMaxSteps
	}
	return r
}

// add counts one outcome.
func (r *report) add(o *outcome) {
	if o.result.Err != nil {
		r.Unreadable++
		return
	}
	tokens, n := o.result.Tokens, o.result.Segments
	exact, cells := compare(o.Answer, tokens)
	if o.result.Vote != nil {
		exact = o.result.Valid // one of two attempts
		r.arc.Add(o.result.Vote)
	}
	var valid *bool
	if puzzle.Judges(r.task) {
		obeys := exact || o.Of(r.task).Check(o.Question, tokens) == nil
		valid = &obeys
	}
	r.score.add(exact, valid, cells, n)
	r.HaltAccuracy = r.halted.add(truth(exact == o.result.Halted))
	r.Segments[n]++
	if o.Source != "" {
		group(r.BySource, o.Source).add(exact, valid, cells, n)
	}
	if o.Rating >= 0 {
		group(r.ByRating, bucket(o.Rating)).add(exact, valid, cells, n)
	}
	if o.Rows > 0 {
		group(r.BySize, fmt.Sprintf("%dx%d", o.Rows, o.Cols)).add(exact, valid, cells, n)
	}
}

// compare returns whether every labelled cell is right, and the share of those
// that are. Label 0 is padding.
func compare(labels, tokens []int32) (exact bool, cells float64) {
	right, labelled := 0, 0
	for i, label := range labels {
		if label == 0 {
			continue
		}
		labelled++
		if tokens[i] == label {
			right++
		}
	}
	return right == labelled, float64(right) / float64(max(labelled, 1))
}

func group(groups map[string]*score, name string) *score {
	if groups[name] == nil {
		groups[name] = &score{}
	}
	return groups[name]
}

// ratingBuckets are the lower ends of the buckets.
var ratingBuckets = []int{0, 1, 5, 10, 20, 50, 100, 150, 200, 300}

// bucket names the bucket of a rating: "0", "1-4", ..., "100+".
func bucket(rating int) string {
	i, found := slices.BinarySearch(ratingBuckets, rating)
	if !found {
		i--
	}
	if i == len(ratingBuckets)-1 {
		return fmt.Sprintf("%d+", ratingBuckets[i])
	}
	if last := ratingBuckets[i+1] - 1; last > ratingBuckets[i] {
		return fmt.Sprintf("%d-%d", ratingBuckets[i], last)
	}
	return fmt.Sprint(ratingBuckets[i])
}

func (r *report) finish(elapsed time.Duration, interrupted bool) {
	r.Elapsed = elapsed.Seconds()
	r.PuzzlesPerSecond = float64(r.Puzzles) / max(r.Elapsed, 1e-9)
	r.Interrupted = interrupted
	if r.ByTask = r.arc.ByTask; len(r.ByTask) > 0 {
		first, second := r.arc.Pass()
		r.Pass1, r.Pass2 = &first, &second
	}
}

// String returns the report as text.
func (r *report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "model\t%s\ndevice\t%s\nthinking\t%s\n", r.Model, r.Backend, r.setting())
	fmt.Fprintf(w, "puzzles\t%s", thousands(int64(r.Puzzles)))
	if r.Unreadable > 0 {
		fmt.Fprintf(w, " (and %d unreadable)", r.Unreadable)
	}
	fmt.Fprintf(w, "\nexact accuracy\t%s\n", percent(r.ExactAccuracy))
	fmt.Fprintf(w, "cell accuracy\t%s\n", percent(r.CellAccuracy))
	if r.ValidAccuracy != nil {
		fmt.Fprintf(w, "valid\t%s\n", percent(*r.ValidAccuracy))
	}
	fmt.Fprintf(w, "halt accuracy\t%s\n", percent(r.HaltAccuracy))
	fmt.Fprintf(w, "segments\t%.2f on average\n", r.MeanSegments)
	fmt.Fprintf(w, "speed\t%.1f puzzles/s, %.2f s in all\n", r.PuzzlesPerSecond, r.Elapsed)
	w.Flush()
	r.histogram(&b)
	table(&b, "source", r.BySource, slices.Sorted(maps.Keys(r.BySource)))
	table(&b, "rating", r.ByRating, slices.SortedFunc(maps.Keys(r.ByRating), byLowerEnd))
	table(&b, "size", r.BySize, slices.SortedFunc(maps.Keys(r.BySize), bySize))
	r.arcTable(&b)
	if r.Interrupted {
		b.WriteString("\ninterrupted: not all puzzles were tried\n")
	}
	return b.String()
}

// arcTable writes what became of each ARC task.
func (r *report) arcTable(b *strings.Builder) {
	if r.Pass1 == nil {
		return
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "task\ttests\tpass@1\tpass@2")
	for _, name := range slices.Sorted(maps.Keys(r.ByTask)) {
		s := r.ByTask[name]
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", name, s.Tests, percent(s.Pass1), percent(s.Pass2))
	}
	fmt.Fprintf(w, "all %d\t%d\t%s\t%s\n", len(r.ByTask), r.Puzzles, percent(*r.Pass1), percent(*r.Pass2))
	w.Flush()
}

// setting says what any figure depends on.
func (r *report) setting() string {
	s := fmt.Sprintf("halt %s, at most %s", r.Halt, count(r.MaxSegments, "segment"))
	if r.Restarts > 0 {
		s += ", " + count(r.Restarts, "restart")
	}
	if r.Check {
		s += " by the rules"
	}
	return s
}

// clip shortens text to so many characters.
func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

// byLowerEnd orders the names of rating buckets.
func byLowerEnd(a, b string) int {
	var x, y int
	fmt.Sscanf(a, "%d", &x)
	fmt.Sscanf(b, "%d", &y)
	return x - y
}

// bySize orders the names of sizes by their cells.
func bySize(a, b string) int {
	var r, c, y, x int
	fmt.Sscanf(a, "%dx%d", &r, &c)
	fmt.Sscanf(b, "%dx%d", &y, &x)
	return cmp.Or(cmp.Compare(r*c, y*x), cmp.Compare(r, y))
}

// histogram draws how many puzzles took how many segments.
func (r *report) histogram(b *strings.Builder) {
	most := slices.Max(append(slices.Collect(maps.Values(r.Segments)), 1))
	b.WriteString("\nsegments  puzzles\n")
	for _, n := range slices.Sorted(maps.Keys(r.Segments)) {
		bar := strings.Repeat("█", (40*r.Segments[n]+most-1)/most)
		fmt.Fprintf(b, "%8d  %7d  %s\n", n, r.Segments[n], bar)
	}
}

// table writes the scores of the groups, when there is more than one.
func table(b *strings.Builder, what string, groups map[string]*score, names []string) {
	if len(names) < 2 {
		return
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	judged := groups[names[0]].ValidAccuracy != nil // all or none
	valid := "valid\t"
	if !judged {
		valid = ""
	}
	fmt.Fprintf(w, "%s\tpuzzles\texact\t%scells\tsegments\n", what, valid)
	for _, name := range names {
		s := groups[name]
		if judged {
			valid = percent(*s.ValidAccuracy) + "\t"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s%s\t%.2f\n", clip(name, 31), s.Puzzles, percent(s.ExactAccuracy), valid, percent(s.CellAccuracy), s.MeanSegments)
	}
	w.Flush()
}
