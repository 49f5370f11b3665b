package redact

import "strings"

// index is several automata: new texts go into a small one, and small ones are merged into greater ones, so that a text
// is built into an automaton only a few times however many follow it. It is never changed.
type index struct{ tiers []*automaton }

func newIndex(texts []string) *index {
	if len(texts) == 0 {
		return &index{}
	}
	return &index{tiers: []*automaton{newAutomaton(texts)}}
}

// with returns the index with more texts. Each tier has at least eight times the texts of the next.
func (x *index) with(fresh []string) *index {
	tiers := append([]*automaton(nil), x.tiers...)
	for len(tiers) > 0 && len(tiers[len(tiers)-1].texts) < 8*len(fresh) {
		fresh = append(fresh, tiers[len(tiers)-1].texts...)
		tiers = tiers[:len(tiers)-1]
	}
	return &index{tiers: append(tiers, newAutomaton(fresh))}
}

// replace masks text and tells how much of it was read: of what a span begins within, all; else up to limit. The first
// bytes, done of them, have been masked already: a span that begins within them is masked without another mask.
func (x *index) replace(text, mask string, done, limit int) (masked string, read int) {
	var spans []span
	for _, tier := range x.tiers {
		spans = tier.find(text, spans)
	}
	if len(spans) == 0 && done == 0 {
		return text[:limit], limit
	}
	spans = joined(spans, len(x.tiers) > 1)
	var b strings.Builder
	read = done
	for _, s := range spans {
		if s.start >= limit {
			break
		}
		if s.end <= done {
			continue
		}
		if s.start >= done {
			b.WriteString(text[read:s.start])
			b.WriteString(mask)
		}
		read = s.end
	}
	if read < limit {
		b.WriteString(text[read:limit])
		read = limit
	}
	return b.String(), read
}

// open returns how many bytes at the end of text may be the beginning of a secret.
func (x *index) open(text string) int {
	n := 0
	for _, tier := range x.tiers {
		n = max(n, tier.open(text))
	}
	return n
}
