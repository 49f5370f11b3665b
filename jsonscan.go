package secrets

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is how deep arrays and objects may nest: more than Airflow's own reader takes.
const maxJSONDepth = 1000

// jsonScanner walks over JSON text (RFC 8259) in one pass and without allocating. Methods return false where the text is
// malformed; pos and reason then say where and why. The zero pos is the beginning.
type jsonScanner struct {
	text   string
	pos    int
	keyAt  int // where the key of the last member begins
	reason string
}

func (s *jsonScanner) fail(reason string) bool {
	s.reason = reason
	return false
}

func (s *jsonScanner) space() {
	for s.pos < len(s.text) && isJSONSpace(s.text[s.pos]) {
		s.pos++
	}
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// peek returns the next byte, 0 at the end.
func (s *jsonScanner) peek() byte {
	if s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// end reports whether nothing but space is left.
func (s *jsonScanner) end() bool {
	s.space()
	if s.pos < len(s.text) {
		return s.fail("text after the end of the object")
	}
	return true
}

// open steps over the { that begins an object.
func (s *jsonScanner) open() bool {
	s.space()
	if s.peek() != '{' {
		return s.fail("not a JSON object, which begins with {")
	}
	s.pos++
	return true
}

// member reads the next member of an object, as it is written; first says that none was read before. At the } that ends
// the object, which it steps over, more is false. The value ends at pos.
func (s *jsonScanner) member(first bool, depth int) (key, value string, more, ok bool) {
	s.space()
	switch c := s.peek(); {
	case c == '}':
		s.pos++
		return "", "", false, true
	case !first && c != ',':
		return "", "", false, s.fail("expected , or }")
	case !first:
		s.pos++
		s.space()
	}
	s.keyAt = s.pos
	if s.peek() != '"' {
		return "", "", false, s.fail(`expected a key in " quotes`)
	}
	if !s.string() {
		return "", "", false, false
	}
	key = s.text[s.keyAt:s.pos]
	s.space()
	if s.peek() != ':' {
		return "", "", false, s.fail("expected : after a key")
	}
	s.pos++
	s.space()
	begin := s.pos
	if !s.value(depth) {
		return "", "", false, false
	}
	return key, s.text[begin:s.pos], true, true
}

// value steps over one value; depth is how many arrays and objects are around it.
func (s *jsonScanner) value(depth int) bool {
	switch c := s.peek(); {
	case c == '"':
		return s.string()
	case c == '{' || c == '[':
		if depth == maxJSONDepth {
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
		if strings.HasPrefix(s.text[s.pos:], word) {
			s.pos += len(word)
			return true
		}
	}
	return s.fail("expected a JSON value")
}

func (s *jsonScanner) object(depth int) bool {
	s.pos++
	for first := true; ; first = false {
		if _, _, more, ok := s.member(first, depth); !more {
			return ok
		}
	}
}

func (s *jsonScanner) array(depth int) bool {
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		s.space()
		if !s.value(depth) {
			return false
		}
		s.space()
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return true
		default:
			return s.fail("expected , or ]")
		}
	}
}

// string steps over a text and its quotes.
func (s *jsonScanner) string() bool {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
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
func (s *jsonScanner) escape() bool {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		if _, ok := hex4(s.text[s.pos+1:]); ok {
			s.pos += 4
			return true
		}
	}
	return s.fail(`an escape that JSON does not know; write \\ for a backslash`)
}

func (s *jsonScanner) number() bool {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *jsonScanner) digits() bool {
	begin := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	if s.pos == begin {
		return s.fail("a number without digits")
	}
	return true
}

// isJSONObject reports whether text is one JSON object that is valid UTF-8.
func isJSONObject(text string) bool {
	s := jsonScanner{text: text}
	s.space()
	return utf8.ValidString(text) && s.peek() == '{' && s.value(0) && s.end()
}

// isBlankJSON reports whether text holds nothing but the white space of JSON.
func isBlankJSON(text string) bool {
	s := jsonScanner{text: text}
	s.space()
	return s.pos == len(text)
}

// jsonText decodes a text, quotes included, that the scanner has passed. It fails for half of a surrogate pair.
func jsonText(quoted string) (text string, ok bool) {
	inner := quoted[1 : len(quoted)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	var scratch [256]byte
	decoded, ok := appendJSONText(scratch[:0], quoted)
	return string(decoded), ok
}

// appendJSONText appends what jsonText returns.
func appendJSONText(dst []byte, quoted string) ([]byte, bool) {
	s := quoted[1 : len(quoted)-1]
	for {
		plain, rest, escaped := strings.Cut(s, `\`)
		dst = append(dst, plain...)
		if !escaped {
			return dst, true
		}
		c := rest[0]
		s = rest[1:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(s)
			s = s[4:]
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), strings.HasPrefix(s, `\u`)
				if ok {
					low, _ = hex4(s[2:])
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return dst, false
				}
				s = s[6:]
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
}

// hex4 reads the four digits of a \u escape.
func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		digit := hexDigits[s[i]]
		if digit == noHex {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}
