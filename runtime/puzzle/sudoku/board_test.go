package sudoku

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// On 9 x 9 the search over any side finds what the fast one finds.
func TestBoardAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		full := RandomBoard(9, rng)
		g := Grid(full.Cells)
		for _, i := range rng.Perm(81)[:30+rng.IntN(30)] {
			g[i] = 0
		}
		if rng.IntN(4) == 0 {
			g[rng.IntN(81)] = uint8(1 + rng.IntN(9))
		}
		b := Board{9, g[:]}
		want, got := Solve(&g, 3), Search{Limit: 3}.RunBoard(&b)
		if got.Count != want.Count {
			t.Fatalf("%d solutions, want %d: %v", got.Count, want.Count, g)
		}
		if want.Count == 1 && !slices.Equal(got.Board.Cells, want.Grid[:]) {
			t.Errorf("%v, want %v", got.Board.Cells, want.Grid)
		}
	}
}

// Random boards of all sides obey the rules, and an empty one has many.
func TestRandomBoards(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for side := 4; side <= MaxSide; side++ {
		if _, _, ok := Boxes(side); !ok || side > 16 && testing.Short() {
			continue
		}
		b := RandomBoard(side, rng)
		for _, unit := range groupsFor(side).units {
			var seen uint32
			for _, c := range unit {
				seen |= 1 << (b.Cells[c] - 1)
			}
			if seen != 1<<side-1 {
				t.Errorf("side %d: a row, column or box holds %b", side, seen)
			}
		}
		if again := BoardOf(side, b.Tokens()); !slices.Equal(again.Cells, b.Cells) {
			t.Errorf("side %d: tokens give another board", side)
		}
		if s := (Search{Limit: 1}).RunBoard(&b); s.Count != 1 || s.Guesses != 0 {
			t.Errorf("side %d: a full board has %d solutions", side, s.Count)
		}
		if b.Cells[1] = b.Cells[0]; (Search{Limit: 1}).RunBoard(&b).Count != 0 {
			t.Errorf("side %d: a digit twice, and a solution", side)
		}
		empty := NewBoard(side)
		if s := (Search{Limit: 2, Guesses: 5000}).RunBoard(&empty); s.Count != 2 && !s.Cut {
			t.Errorf("side %d: an empty board has %d solutions", side, s.Count)
		}
	}
}
