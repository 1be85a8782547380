package boxes

import "testing"

func TestOf(t *testing.T) {
	for n, want := range map[int][2]int{
		4: {2, 2}, 6: {2, 3}, 8: {2, 4}, 9: {3, 3}, 10: {2, 5}, 12: {3, 4}, 16: {4, 4}, 24: {4, 6}, 25: {5, 5},
	} {
		if rows, cols, ok := Of(n); !ok || rows != want[0] || cols != want[1] {
			t.Errorf("%d: %d x %d, %v, want %d x %d", n, rows, cols, ok, want[0], want[1])
		}
	}
	for _, n := range []int{-4, 0, 1, 2, 3, 5, 7, 23} {
		if rows, cols, ok := Of(n); ok || rows != 1 || cols != n {
			t.Errorf("%d: %d x %d, %v, want 1 x %[1]d and false", n, rows, cols, ok)
		}
	}
}
