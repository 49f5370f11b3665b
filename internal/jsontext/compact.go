package jsontext

import "strings"

// Compact returns a value that the scanner has passed without the white space between its parts.
func Compact(value string) string {
	if !strings.ContainsAny(value, " \n\r\t") {
		return value
	}
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			s := Scanner{Text: value, Pos: i}
			s.string()
			b = append(b, value[i:s.Pos]...)
			i = s.Pos - 1
		case !isSpace(c):
			b = append(b, c)
		}
	}
	return string(b)
}
