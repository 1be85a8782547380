// Package nearest finds the name that somebody meant who mistyped it.
package nearest

// Name returns the name that takes the fewest edits of a byte, the first of several,
// or "" when none is near: a third of the typed name and one more edit is too far.
func Name(typed string, names []string) string {
	best, edits := "", 2+len(typed)/3
	for _, name := range names {
		if d := distance(typed, name); d < edits {
			best, edits = name, d
		}
	}
	return best
}

// distance is the Levenshtein distance: edits of one byte from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
