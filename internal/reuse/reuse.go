// Package reuse keeps memory for the next time: what is computed again and again should
// allocate once.
package reuse

// Grow returns n numbers of buf, which it allocates when it must. They have any value.
func Grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}

// few is how many results Remembered keeps.
const few = 16

// Remembered returns what was made for a key, of a few of them: when there are more, it
// forgets all.
func Remembered[K comparable, T any](all *map[K]*T, key K, create func() *T) *T {
	if t := (*all)[key]; t != nil {
		return t
	}
	if len(*all) >= few || *all == nil {
		*all = map[K]*T{}
	}
	t := create()
	(*all)[key] = t
	return t
}
