package puzzle

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSymmetry(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	q, a := mustEncode(t, Sudoku{}, easyQ), mustEncode(t, Sudoku{}, easyA)
	var q2, a2, back [81]int32
	transposed := 0
	for range 500 {
		s := RandomSymmetry(rng)
		inv := s.Inverse()
		s.Apply(q2[:], q)
		s.Apply(a2[:], a)
		if err := (Sudoku{}).Check(q2[:], a2[:]); err != nil {
			t.Fatal(err)
		}
		if inv.Apply(back[:], q2[:]); !slices.Equal(back[:], q) {
			t.Fatal("the inverse does not undo the symmetry")
		}
		if s.From[1]/9 != s.From[0]/9 {
			transposed++
		}
	}
	if transposed < 200 || transposed > 300 {
		t.Errorf("%d of 500 transposed", transposed)
	}
	if n := testing.AllocsPerRun(100, func() { s := RandomSymmetry(rng); s.Apply(q2[:], q) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkSymmetry(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var src, dst [81]int32
	for b.Loop() {
		s := RandomSymmetry(rng)
		s.Apply(dst[:], src[:])
	}
}
