package gpu_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hrmgo/hrm/gpu"
	"github.com/hrmgo/hrm/runtime"
)

// unitsOf are the four units of candidate i of a sudoku, each by its number among its
// kind.
func unitsOf(s runtime.Shape, i int) [4]int {
	n := s.Cols
	high, wide := s.BoxSize()
	row, col, digit := i/n/n, i/n%n, i%n
	return [4]int{row*n + digit, col*n + digit, (row/high*high+col/wide)*n + digit, i / n}
}

func candidateConfig(width int) *runtime.Config {
	return &runtime.Config{Mixing: runtime.CandidateMixing, Hidden: width, VocabSize: runtime.FirstDigit + 16, SeqLen: 256}
}

var sudokuShapes = []runtime.Shape{{Rows: 9, Cols: 9}, {Rows: 16, Cols: 16}, {Rows: 6, Cols: 6}, {Rows: 4, Cols: 4}}

// Lanes of sudokus of four sizes, channels four at a time and one by one; what lies
// behind a lane is read by nobody, and behind all lanes are units of zeros.
func TestCandidates(t *testing.T) {
	d := open(t)
	for _, width := range []int{8, 5} {
		for name, shapes := range map[string][]runtime.Shape{"all": sudokuShapes, "one": {{Rows: 9, Cols: 9}}} {
			t.Run(fmt.Sprintf("%d/%s", width, name), func(t *testing.T) { testCandidates(t, d, width, shapes) })
		}
	}
}

func testCandidates(t *testing.T, d *gpu.Device, width int, shapes []runtime.Shape) {
	c, tokens := candidateConfig(width), 0
	for _, s := range shapes {
		tokens = max(tokens, s.Len())
	}
	on, kernel := grids(t, d, c, shapes, tokens), gpu.Candidates{D: width}
	r := random(uint64(width))
	x, before, units := normal(r, on.Rows()*width), normal(r, on.Rows()*width), normal(r, kernel.Len(on))
	wantUnits, wantY := make([]float64, len(units)), make([]float64, len(x))
	kind := len(units) / 4
	for lane, s := range shapes {
		first, end := lane*on.P*width, (lane*on.P+c.PositionsOf(s))*width
		for i := range c.PositionsOf(s) {
			for k, unit := range unitsOf(s, i) {
				for j := range width {
					from, at := first+i*width+j, k*kind+(lane*tokens+unit)*width+j
					wantUnits[at] += float64(x[from]) / math.Sqrt(float64(s.Cols))
					wantY[from] += float64(units[at]) / math.Sqrt(float64(s.Cols))
				}
			}
		}
		for i := end; i < first+on.P*width; i++ {
			x[i] = float32(math.NaN())
		}
	}
	gotUnits, y, sum := upload(t, d, normal(r, len(units))), upload(t, d, normal(r, len(x))), upload(t, d, before)
	given := upload(t, d, units).view()
	kernel.Gather(d, gotUnits.view(), upload(t, d, x).view(), on)
	kernel.Spread(d, y.view(), given, on)
	kernel.SpreadBack(d, sum.view(), given, on)
	near(t, "units", download[float32](t, d, gotUnits), wantUnits)
	near(t, "y", download[float32](t, d, y), wantY)
	axpy(wantY, 1, doubles(before))
	near(t, "sum", download[float32](t, d, sum), wantY)
}

func TestCandidatesSay(t *testing.T) {
	d := open(t)
	c := candidateConfig(4)
	shapes, tokens := sudokuShapes, 256
	on := grids(t, d, c, shapes, tokens)
	h := gpu.Heads{Lanes: len(shapes), P: tokens, Tokens: tokens, Vocab: c.VocabSize}
	r := random(3)
	candidates, dLogits := normal(r, on.Rows()), normal(r, h.Lanes*tokens*h.Vocab)
	want, wantBack := make([]float64, len(dLogits)), make([]float64, len(candidates))
	for lane, s := range shapes {
		for cell := range s.Len() {
			row, at := (lane*tokens+cell)*h.Vocab, lane*on.P+cell*s.Cols
			runtime.CandidateLogits(c, want[row:row+h.Vocab], doubles(candidates[at:at+s.Cols]))
			for k := range s.Cols {
				wantBack[at+k] = float64(dLogits[row+runtime.FirstDigit+k])
			}
		}
		for i := lane*on.P + c.PositionsOf(s); i < (lane+1)*on.P; i++ {
			candidates[i] = float32(math.NaN())
		}
	}
	logits, back := upload(t, d, normal(r, len(want))), upload(t, d, normal(r, len(candidates)))
	d.Say(logits.view(), upload(t, d, candidates).view(), c, on, h)
	d.SayBack(back.view(), upload(t, d, dLogits).view(), c, on, h)
	nearLogits(t, "logits", download[float32](t, d, logits), want)
	near(t, "gradient", download[float32](t, d, back), wantBack)
}

// A batch has room for the largest grid of candidates, whatever it is asked for.
func TestCandidatesThatDoNotFit(t *testing.T) {
	d := open(t)
	m := smallModels(t)["candidates"]
	b, err := gpu.New(d, m)
	check(t, err)
	defer b.Close()
	batch, err := b.NewBatch(1, runtime.DefaultMaxTokens)
	check(t, err)
	defer batch.Close()
	if _, err := b.NewBatch(1<<20, 36); !errors.Is(err, gpu.ErrLimit) {
		t.Errorf("a batch of a million lanes: got %v, want ErrLimit", err)
	}
	for side, ok := range map[int]bool{4: true, 6: true, 16: true, 5: false, 26: false} {
		err := batch.Reset(0, runtime.Input{Tokens: make([]int32, side*side), Rows: side, Cols: side})
		if (err == nil) != ok {
			t.Errorf("%d x %d: %v", side, side, err)
		}
	}
	check(t, batch.Reset(0, runtime.Input{Tokens: make([]int32, 36)}))
	var out runtime.Output
	check(t, batch.Step(t.Context(), []int{0}, &out))
	if most := runtime.MaxDigits * runtime.MaxDigits; out.Stride != most {
		t.Errorf("room for %d tokens, want %d", out.Stride, most)
	}
}

// The rows of the embedding are those of runtime.Config.Parts, and the shapes of lanes
// say which tokens there are.
func TestCandidatesRoles(t *testing.T) {
	d := open(t)
	c := candidateConfig(4)
	on := grids(t, d, c, sudokuShapes, c.SeqLen)
	h := gpu.Heads{Lanes: len(sudokuShapes), P: c.SeqLen, Tokens: c.SeqLen, Vocab: c.VocabSize}
	r := random(4)
	tokens, want := make([]int32, h.Lanes*h.P), make([]int32, on.Rows())
	for lane, s := range sudokuShapes {
		own := tokens[lane*h.P:][:s.Len()]
		for i := range own {
			own[i] = int32(r.IntN(runtime.FirstDigit + s.Cols))
		}
		for i := range on.P {
			want[lane*on.P+i] = -1
			if i < c.PositionsOf(s) {
				parts := c.Parts(own, s, i)
				want[lane*on.P+i] = int32(parts.Rows()[0])
			}
		}
	}
	got := upload(t, d, make([]int32, len(want)))
	d.Roles(got.view(), upload(t, d, tokens).view(), c, on, h)
	if roles := download[int32](t, d, got); !slices.Equal(roles, want) {
		t.Errorf("roles %v, want %v", roles, want)
	}
}
