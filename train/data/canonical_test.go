package data

import (
	"math/rand/v2"
	"testing"

	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

func applyBoth(sym *puzzle.Symmetry, g *Grid) (out Grid) {
	tokens := make([]int32, 81)
	sym.Apply(tokens, g.Tokens())
	return sudoku.Of(tokens)
}

func TestCanonical(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	seen := map[Grid]bool{}
	for range 30 {
		s := Minimal(rng)
		form, full := Canonical(&s.Question, &s.Answer), CanonicalSolution(&s.Answer)
		if err := (puzzle.Sudoku{}).Check(form.Tokens(), full.Tokens()); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			sym := puzzle.RandomSymmetry(rng)
			q, a := applyBoth(&sym, &s.Question), applyBoth(&sym, &s.Answer)
			if Canonical(&q, &a) != form || CanonicalSolution(&a) != full {
				t.Fatal("a symmetry changed the canonical form")
			}
			if less(&a, &full) {
				t.Fatal("the canonical form is not the smallest")
			}
		}
		seen[full] = true
	}
	if len(seen) != 30 {
		t.Errorf("30 random grids have %d canonical forms", len(seen))
	}
}

// A grid with many automorphisms needs the ties.
func TestCanonicalSymmetricGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	full := sudoku.Of(mustTokens(someA))
	q := full
	reduce(&q, 0, rng)
	form := Canonical(&q, &full)
	for range 200 {
		sym := puzzle.RandomSymmetry(rng)
		q2, a2 := applyBoth(&sym, &q), applyBoth(&sym, &full)
		if Canonical(&q2, &a2) != form {
			t.Fatal("a symmetry changed the canonical form")
		}
	}
}

func mustTokens(s string) []int32 {
	tokens, err := puzzle.Sudoku{}.Encode(s)
	if err != nil {
		panic(err)
	}
	return tokens
}

// The minimum over all 2*9*2*1296 choices, for one grid.
func TestCanonicalAgainstAll(t *testing.T) {
	g := randomGrid(rand.New(rand.NewPCG(5, 5)))
	if got, want := CanonicalSolution(&g), slowCanonical(&g); got != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	sym := sudoku.Of(mustTokens(someA))
	if got, want := CanonicalSolution(&sym), slowCanonical(&sym); got != want {
		t.Errorf("symmetric grid: got  %v\nwant %v", got, want)
	}
}

func slowCanonical(g *Grid) Grid {
	var c canonizer
	c.all = [2]Grid{*g, transpose(g)}
	for t := range c.all {
		for r1 := range 9 {
			for k := 1; k < 3; k++ {
				for _, cols := range columnOrders() {
					f := form{band: r1 / 3, cols: cols}
					c.try(&c.all[t], &f, r1, r1/3*3+(r1+k)%3)
				}
			}
		}
	}
	return c.best
}

// columnOrders returns the 6^4 orders that keep stacks together.
func columnOrders() (out [][9]uint8) {
	for n := range 6 * 6 * 6 * 6 {
		var cols [9]uint8
		k := n / 216
		for i, s := range orders3[k] {
			for j, c := range orders3[n/[3]int{1, 6, 36}[i]%6] {
				cols[3*i+j] = uint8(3*s + c)
			}
		}
		out = append(out, cols)
	}
	return out
}

func BenchmarkCanonical(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	s := Minimal(rng)
	for b.Loop() {
		Canonical(&s.Question, &s.Answer)
	}
}
