// Package nearest finds the word that a misspelt one was meant to be.
package nearest

// To returns the candidate that is the fewest edits away from word, or "" if none is near enough to be meant.
func To(word string, candidates ...string) string {
	best, distance := "", max(1, min(3, len(word)/3))+1
	for _, c := range candidates {
		if d := edits(word, c, distance); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance of a and b in bytes; any number not below limit may be given as limit.
func edits(a, b string, limit int) int {
	if len(a) > 64 || max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
