package localfs

import (
	"strings"

	"github.com/secretchain/secrets/internal/jsontext"
)

// readJSON reads one object: name → value.
func readJSON(text string, b *builder) {
	s := jsontext.Scanner{Text: text}
	line, counted := 1, 0
	at := func(pos int) int {
		line += strings.Count(text[counted:pos], "\n")
		counted = pos
		return line
	}
	s.Space()
	switch {
	case s.Pos == len(text):
		b.broke(1, "the file is empty: an empty collection is written {}")
		return
	case strings.HasPrefix(text, byteOrderMark):
		b.broke(1, "a byte order mark, which JSON must not have")
		return
	case !s.Open():
		b.broke(at(s.Pos), "the file should contain an object: {\"name\": value}")
		return
	}
	b.expect(strings.Count(text, "\n") + 1)
	for first := true; ; first = false {
		name, value, more, ok := s.Member(first, 1)
		if !ok {
			b.broke(at(s.Pos), s.Reason)
			return
		}
		if !more {
			break
		}
		e := entry{line: at(s.Pos - len(value)), text: value, json: value[0] != '"'}
		var whole, halved bool
		if e.key, whole = jsontext.Unquote(name); !whole {
			b.broke(e.line, halfSurrogate)
			return
		}
		if !e.json {
			e.text, whole = jsontext.Unquote(value)
			halved = !whole
		}
		if halved {
			b.spoil(e.key, e.line, halfSurrogate)
			continue
		}
		b.add(e)
	}
	if !s.End() {
		b.broke(at(s.Pos), s.Reason)
	}
}
