package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what hrm eval measured; its JSON names are in the command's help.
type report struct {
	*loaded     `json:"-"`
	votes       *voter
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

	halted running
}

// score is accuracy over a set of puzzles.
type score struct {
	Puzzles       int     `json:"puzzles"`
	ExactAccuracy float64 `json:"exact_accuracy"`
	ValidAccuracy float64 `json:"valid_accuracy"`
	CellAccuracy  float64 `json:"cell_accuracy"`
	MeanSegments  float64 `json:"mean_segments"`

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

func (s *score) add(exact, valid bool, cells float64, segments int) {
	s.Puzzles++
	s.ExactAccuracy = s.exact.add(truth(exact))
	s.ValidAccuracy = s.valid.add(truth(valid))
	s.CellAccuracy = s.cells.add(cells)
	s.MeanSegments = s.segments.add(float64(segments))
}

func newReport(l *loaded, f *evalFlags) *report {
	r := &report{
		loaded: l, Model: f.path, Backend: l.backend.Name(),
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
	if o.second != nil && !exact {
		exact, _ = compare(o.Answer, o.second)
	}
	valid := exact || o.Of(r.task).Check(o.Question, tokens) == nil
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
}

// String returns the report as text.
func (r *report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "model\t%s on %s, %s\n", r.Model, r.Backend, r.setting())
	fmt.Fprintf(w, "puzzles\t%d", r.Puzzles)
	if r.Unreadable > 0 {
		fmt.Fprintf(w, " (and %d unreadable)", r.Unreadable)
	}
	fmt.Fprintf(w, "\nexact accuracy\t%s\n", percent(r.ExactAccuracy))
	fmt.Fprintf(w, "cell accuracy\t%s\n", percent(r.CellAccuracy))
	fmt.Fprintf(w, "valid\t%s\n", percent(r.ValidAccuracy))
	fmt.Fprintf(w, "halt accuracy\t%s\n", percent(r.HaltAccuracy))
	fmt.Fprintf(w, "segments\t%.2f on average\n", r.MeanSegments)
	fmt.Fprintf(w, "speed\t%.1f puzzles/s (%.2f s)\n", r.PuzzlesPerSecond, r.Elapsed)
	w.Flush()
	r.histogram(&b)
	table(&b, "source", r.BySource, slices.Sorted(maps.Keys(r.BySource)))
	table(&b, "rating", r.ByRating, slices.SortedFunc(maps.Keys(r.ByRating), byLowerEnd))
	table(&b, "size", r.BySize, slices.SortedFunc(maps.Keys(r.BySize), bySize))
	if r.Interrupted {
		b.WriteString("\ninterrupted: not all puzzles were tried\n")
	}
	return b.String()
}

// setting says what any figure depends on.
func (r *report) setting() string {
	s := fmt.Sprintf("halt %s, at most %s", r.Halt, count(r.MaxSegments, "segment"))
	if r.Restarts > 0 {
		s += ", " + count(r.Restarts, "restart")
	}
	if r.Check {
		s += " by the task's rules"
	}
	return s
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
	fmt.Fprintf(w, "%s\tpuzzles\texact\tvalid\tcells\tsegments\n", what)
	for _, name := range names {
		s := groups[name]
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%.2f\n", name, s.Puzzles, percent(s.ExactAccuracy), percent(s.ValidAccuracy), percent(s.CellAccuracy), s.MeanSegments)
	}
	w.Flush()
}
