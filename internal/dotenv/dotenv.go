// Package dotenv reads .env files in the conventional dialect, with quotes, comments, export and $VAR, through godotenv.
// Its errors tell lines and reasons, never text: those of godotenv quote the file.
package dotenv

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// MaxSize is the greatest size of a file in bytes. Godotenv descends once per comment line, so that more of them than
// fit would cost too much stack.
const MaxSize = 1 << 20

// A SyntaxError says where a file is malformed and why.
type SyntaxError struct {
	Line   int // counted from 1
	Reason string
}

func (e *SyntaxError) Error() string { return e.Reason }

// Parse returns the variables that a file of at most [MaxSize] bytes sets; of a repeated name the last counts. A byte
// order mark is left out.
func Parse(data []byte) (map[string]string, *SyntaxError) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) > MaxSize {
		return nil, &SyntaxError{Line: 1, Reason: "larger than 1 MiB, the most that is read in this dialect"}
	}
	if !utf8.Valid(data) {
		return nil, &SyntaxError{Line: 1 + bytes.Count(data[:invalid(data)], []byte("\n")), Reason: "the text is not UTF-8"}
	}
	at, reason := mistake(data)
	if reason != "" {
		return nil, &SyntaxError{Line: at, Reason: reason}
	}
	vars, err := godotenv.UnmarshalBytes(data)
	if err != nil {
		return nil, &SyntaxError{Line: 1, Reason: "not a .env file in the conventional dialect"}
	}
	return vars, nil
}

func invalid(data []byte) int {
	i := 0
	for i < len(data) {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// mistake walks over the statements as godotenv does, and returns the line and the reason of the first that it refuses.
// It also refuses a last line without a sign between name and value, of which godotenv makes a value without a name.
func mistake(data []byte) (line int, reason string) {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	rest := text
	at := func() int { return 1 + strings.Count(text[:len(text)-len(rest)], "\n") }
	for {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		switch {
		case rest == "":
			return 0, ""
		case rest[0] == '#':
			_, rest = cutLine(rest, "\n")
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r == '=' || r == ':' || r == '\n' })
		if end < 0 || rest[end] == '\n' {
			return at(), "no = between name and value"
		}
		name := strings.TrimSpace(rest[:end])
		if after, ok := strings.CutPrefix(name, "export"); ok && strings.TrimLeftFunc(after, blank) != after {
			name = strings.TrimLeftFunc(after, blank)
		}
		switch {
		case name == "":
			return at(), "no name before the ="
		case !isName(name):
			return at(), "a name may hold only ASCII letters, digits, . and _"
		}
		rest = strings.TrimLeftFunc(rest[end+1:], blank)
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			_, rest = cutLine(rest, "\n\r")
			continue
		}
		quoted := closing(rest)
		if quoted < 0 {
			return at(), "a quote without an end"
		}
		rest = rest[quoted+1:]
	}
}

// closing returns where the quote that text begins with ends, or -1.
func closing(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] == text[0] && text[i-1] != '\\' {
			return i
		}
	}
	return -1
}

// cutLine takes the rest of the line off, and leaves its end.
func cutLine(text, ends string) (line, rest string) {
	if i := strings.IndexAny(text, ends); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

func isName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// blank reports white space that ends no line.
func blank(r rune) bool {
	switch r {
	case '\t', '\v', '\f', '\r', ' ', 0x85, 0xA0:
		return true
	}
	return false
}
