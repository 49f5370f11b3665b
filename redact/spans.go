package redact

import "slices"

// span is a part of a text that is to be masked.
type span struct{ start, end int }

// joined sorts spans and makes one of those that overlap.
func joined(spans []span, unsorted bool) []span {
	if !unsorted || len(spans) == 0 {
		return spans
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	all := spans[:1]
	for _, s := range spans[1:] {
		if last := &all[len(all)-1]; s.start < last.end {
			last.end = max(last.end, s.end)
		} else {
			all = append(all, s)
		}
	}
	return all
}
