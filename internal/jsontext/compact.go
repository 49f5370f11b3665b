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

// AppendQuoted appends text, which is UTF-8, as JSON writes it; no character is escaped that need not be.
func AppendQuoted(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
