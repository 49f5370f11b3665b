// Package jsontext walks over JSON text (RFC 8259) where encoding/json would cost too much or show too much: it keeps
// values as they are written, tells where and why a text is malformed, and quotes none of it.
package jsontext

import (
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest: more than Airflow's own reader takes.
const MaxDepth = 1000

// A Scanner walks over Text in one pass and without allocating. Methods return false where the text is malformed; Pos and
// Reason then say where and why. The zero Pos is the beginning.
type Scanner struct {
	Text   string
	Pos    int
	KeyAt  int // where the key of the last member begins
	Reason string
}

func (s *Scanner) fail(reason string) bool {
	s.Reason = reason
	return false
}

// Space steps over white space.
func (s *Scanner) Space() {
	for s.Pos < len(s.Text) && isSpace(s.Text[s.Pos]) {
		s.Pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Peek returns the next byte, 0 at the end.
func (s *Scanner) Peek() byte {
	if s.Pos == len(s.Text) {
		return 0
	}
	return s.Text[s.Pos]
}

// End reports whether nothing but space is left.
func (s *Scanner) End() bool {
	s.Space()
	if s.Pos < len(s.Text) {
		return s.fail("text after the end of the object")
	}
	return true
}

// Open steps over the { that begins an object.
func (s *Scanner) Open() bool {
	s.Space()
	if s.Peek() != '{' {
		return s.fail("not a JSON object, which begins with {")
	}
	s.Pos++
	return true
}

// Member reads the next member of an object, as it is written; first says that none was read before. At the } that ends
// the object, which it steps over, more is false. The value ends at Pos.
func (s *Scanner) Member(first bool, depth int) (key, value string, more, ok bool) {
	s.Space()
	switch c := s.Peek(); {
	case c == '}':
		s.Pos++
		return "", "", false, true
	case !first && c != ',':
		return "", "", false, s.fail("expected , or }")
	case !first:
		s.Pos++
		s.Space()
	}
	s.KeyAt = s.Pos
	if s.Peek() != '"' {
		return "", "", false, s.fail(`expected a key in " quotes`)
	}
	if !s.string() {
		return "", "", false, false
	}
	key = s.Text[s.KeyAt:s.Pos]
	s.Space()
	if s.Peek() != ':' {
		return "", "", false, s.fail("expected : after a key")
	}
	s.Pos++
	s.Space()
	begin := s.Pos
	if !s.Value(depth) {
		return "", "", false, false
	}
	return key, s.Text[begin:s.Pos], true, true
}

// Value steps over one value; depth is how many arrays and objects are around it.
func (s *Scanner) Value(depth int) bool {
	switch c := s.Peek(); {
	case c == '"':
		return s.string()
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return s.fail("nested too deep")
		}
		if c == '{' {
			return s.object(depth + 1)
		}
		return s.array(depth + 1)
	case c == '-' || isDigit(c):
		return s.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s.Text[s.Pos:], word) {
			s.Pos += len(word)
			return true
		}
	}
	return s.fail("expected a JSON value")
}

func (s *Scanner) object(depth int) bool {
	s.Pos++
	for first := true; ; first = false {
		if _, _, more, ok := s.Member(first, depth); !more {
			return ok
		}
	}
}

func (s *Scanner) array(depth int) bool {
	s.Pos++
	for first := true; ; first = false {
		if _, more, ok := s.Element(first, depth); !more {
			return ok
		}
	}
}

// Element reads the next element of an array, as it is written; first says that none was read before. At the ] that ends
// the array, which it steps over, more is false. The value ends at Pos.
func (s *Scanner) Element(first bool, depth int) (value string, more, ok bool) {
	s.Space()
	switch c := s.Peek(); {
	case c == ']':
		s.Pos++
		return "", false, true
	case !first && c != ',':
		return "", false, s.fail("expected , or ]")
	case !first:
		s.Pos++
		s.Space()
	}
	begin := s.Pos
	if !s.Value(depth) {
		return "", false, false
	}
	return s.Text[begin:s.Pos], true, true
}

// string steps over a text and its quotes.
func (s *Scanner) string() bool {
	for s.Pos++; s.Pos < len(s.Text); s.Pos++ {
		switch c := s.Text[s.Pos]; {
		case c == '"':
			s.Pos++
			return true
		case c == '\\':
			if !s.escape() {
				return false
			}
		case c < ' ':
			return s.fail(`a control character in a text; write \n, \t or \u00XX`)
		}
	}
	return s.fail("a text without an end")
}

// escape steps to the last byte of an escape.
func (s *Scanner) escape() bool {
	s.Pos++
	switch s.Peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		if _, ok := hex4(s.Text[s.Pos+1:]); ok {
			s.Pos += 4
			return true
		}
	}
	return s.fail(`an escape that JSON does not know; write \\ for a backslash`)
}

func (s *Scanner) number() bool {
	if s.Peek() == '-' {
		s.Pos++
	}
	if s.Peek() == '0' {
		s.Pos++
	} else if !s.digits() {
		return false
	}
	if s.Peek() == '.' {
		s.Pos++
		if !s.digits() {
			return false
		}
	}
	if c := s.Peek(); c == 'e' || c == 'E' {
		s.Pos++
		if c := s.Peek(); c == '+' || c == '-' {
			s.Pos++
		}
		return s.digits()
	}
	return true
}

func (s *Scanner) digits() bool {
	begin := s.Pos
	for isDigit(s.Peek()) {
		s.Pos++
	}
	if s.Pos == begin {
		return s.fail("a number without digits")
	}
	return true
}

// IsObject reports whether text is one JSON object that is valid UTF-8.
func IsObject(text string) bool {
	s := Scanner{Text: text}
	s.Space()
	return utf8.ValidString(text) && s.Peek() == '{' && s.Value(0) && s.End()
}

// IsBlank reports whether text holds nothing but the white space of JSON.
func IsBlank(text string) bool {
	s := Scanner{Text: text}
	s.Space()
	return s.Pos == len(text)
}
