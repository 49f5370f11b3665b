package localfs

import (
	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/jsontext"
)

// set is what one version of a file holds. It is never changed once it is read.
type set struct {
	texts map[string]string     // values; connections in URI or JSON form, the first of each id
	more  map[string][]string   // the further connections of an id, in their order
	bad   map[string]*fileError // entries that cannot be used
}

// value is what is under one name.
type value struct {
	text string   // of a connection in URI or JSON form
	more []string // the further connections
}

// entry is one name of a file with its value.
type entry struct {
	key  string
	line int
	text string // the value; where it is no text, its JSON
	json bool   // it is no text
}

// builder makes a set of a file's entries.
type builder struct {
	kind secrets.Kind
	path string
	set  set
	// repeats allows a connection's id to be repeated: all are kept.
	repeats bool
	// fatal mistakes leave nothing of the file that can be used, others spoil one name each.
	fatal, others []mistake
}

func newBuilder(kind secrets.Kind, path string) *builder {
	return &builder{kind: kind, path: path}
}

// expect prepares for about n entries.
func (b *builder) expect(n int) { b.set.texts = make(map[string]string, n) }

// broke notes a mistake after which no name of the file can be trusted.
func (b *builder) broke(line int, reason string) {
	b.fatal = append(b.fatal, mistake{line, reason})
}

// spoil notes a mistake that concerns one name.
func (b *builder) spoil(key string, line int, reason string) {
	m := mistake{line, reason}
	b.others = append(b.others, m)
	if b.set.bad == nil {
		b.set.bad = make(map[string]*fileError)
	}
	if b.set.bad[key] == nil {
		b.set.bad[key] = &fileError{path: b.path}
	}
	b.set.bad[key].mistakes = append(b.set.bad[key].mistakes, m)
}

// add takes an entry in.
func (b *builder) add(e entry) {
	if b.kind == secrets.KindConnection {
		b.addConnections(e)
		return
	}
	if e.json {
		e.text = jsontext.Compact(e.text)
		if b.kind == secrets.KindConfig {
			e = unwrapped(e)
		}
	}
	known := len(b.set.texts)
	b.set.texts[e.key] = e.text
	if len(b.set.texts) == known {
		b.spoil(e.key, e.line, "the name is repeated: keep one of the two values")
	}
}

// unwrapped takes the element out of a list of one, as Airflow does for config values.
func unwrapped(e entry) entry {
	if e.text[0] != '[' {
		return e
	}
	s := jsontext.Scanner{Text: e.text, Pos: 1}
	first, more, _ := s.Element(true, 1)
	if !more {
		return e
	}
	if _, more, _ = s.Element(false, 1); more {
		return e
	}
	e.text = first
	if first[0] == '"' {
		e.text, _ = jsontext.Unquote(first)
	}
	return e
}

func (b *builder) addConnections(e entry) {
	if !e.json || e.text[0] != '[' {
		text, reason := connectionText(e)
		switch {
		case reason != "":
			b.spoil(e.key, e.line, reason)
		case text != "":
			b.keep(e, text)
		}
		return
	}
	s := jsontext.Scanner{Text: e.text, Pos: 1}
	var list []string
	for first := true; ; first = false {
		element, more, _ := s.Element(first, 1)
		if !more {
			break
		}
		text, reason := connectionText(entry{key: e.key, text: element, json: true})
		if reason != "" {
			b.spoil(e.key, e.line, "in a list: "+reason)
		} else if text != "" {
			list = append(list, text)
		}
	}
	if len(list) > 0 {
		b.keep(e, list...)
	}
}

// keep stores the texts of connections, one at least, under an id, after those that are there.
func (b *builder) keep(e entry, list ...string) {
	_, have := b.set.texts[e.key]
	switch {
	case have && !b.repeats:
		b.spoil(e.key, e.line, "the id is repeated: put its connections into one list")
		return
	case !have:
		b.set.texts[e.key], list = list[0], list[1:]
	}
	if len(list) > 0 {
		if b.set.more == nil {
			b.set.more = make(map[string][]string)
		}
		b.set.more[e.key] = append(b.set.more[e.key], list...)
	}
}

// done returns the set. It is usable with an error if that is about some names only.
func (b *builder) done() (s *set, usable bool, err error) {
	if len(b.fatal)+len(b.others) > 0 {
		err = &fileError{path: b.path, mistakes: append(b.fatal, b.others...)}
	}
	if len(b.fatal) > 0 {
		return nil, false, err
	}
	return &b.set, true, err
}
