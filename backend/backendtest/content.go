package backendtest

import "iter"

// Content is what a fresh store holds. Texts of connections are in URI or JSON form.
type Content struct {
	Connections map[string][]string // id → its connections, in stored order
	Variables   map[string]string
	Config      map[string]string
}

// Named yields each name of a store that holds one text per name, which is the prefix of its kind and the id, with its
// text: of several connections of an id the first, of none none.
func (c Content) Named(connections, variables, config string) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		for id, texts := range c.Connections {
			if len(texts) > 0 && !yield(connections+id, texts[0]) {
				return
			}
		}
		for key, text := range c.Variables {
			if !yield(variables+key, text) {
				return
			}
		}
		for key, text := range c.Config {
			if !yield(config+key, text) {
				return
			}
		}
	}
}
