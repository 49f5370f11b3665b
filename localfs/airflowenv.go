package localfs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// readAirflowEnv reads Airflow's own .env dialect: each line is name=value, raw. There are no quotes, no export, no
// trimming, no continuation; a line that begins with # is a comment, blanks before it allowed. As in Python a line ends
// at each of Unicode's line boundaries (specification, backends §2.1).
func readAirflowEnv(text string, b *builder) {
	text = strings.TrimPrefix(text, byteOrderMark)
	b.repeats = true
	b.expect(strings.Count(text, "\n") + 1)
	for number := 1; text != ""; number++ {
		end, next := lineEnd(text)
		line := text[:end]
		text = text[next:]
		if line == "" || isComment(line) {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		switch {
		case !ok:
			b.broke(number, "no = between name and value")
		case key == "":
			b.broke(number, "no name before the =")
		case value == "":
			b.spoil(key, number, "no value after the =")
		default:
			b.add(entry{key: key, line: number, text: value})
		}
	}
}

// lineEnd returns where the first line of text ends, and where the next begins.
func lineEnd(text string) (end, next int) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c > '\x1e' && c < utf8.RuneSelf, c < '\n':
			continue
		case c == '\r' && strings.HasPrefix(text[i+1:], "\n"):
			return i, i + 2
		case c <= '\r', '\x1c' <= c && c <= '\x1e':
			return i, i + 1
		case c == 0xc2 && strings.HasPrefix(text[i:], "\u0085"):
			return i, i + 2
		case c == 0xe2 && (strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029")):
			return i, i + 3
		}
	}
	return len(text), len(text)
}

// isComment reports whether # is the first character of the line that is no white space, in Python's sense of it.
func isComment(line string) bool {
	for i, r := range line {
		if i == 0 && r > ' ' && r < utf8.RuneSelf {
			return r == '#'
		}
		if r < '\x1c' || r > '\x1f' {
			if !unicode.IsSpace(r) {
				return r == '#'
			}
		}
	}
	return false
}
