package jsontext

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote decodes a text, quotes included, that the scanner has passed. It fails for half of a surrogate pair.
func Unquote(quoted string) (text string, ok bool) {
	inner := quoted[1 : len(quoted)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	var scratch [256]byte
	decoded, ok := AppendUnquoted(scratch[:0], quoted)
	return string(decoded), ok
}

// AppendUnquoted appends what Unquote returns.
func AppendUnquoted(dst []byte, quoted string) ([]byte, bool) {
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
		digit := hexDigit(s[i])
		if digit > 0xf {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

// hexDigit returns the value of a hexadecimal digit, more than 15 for any other byte.
func hexDigit(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return (c | 0x20) - 'a' + 10
	}
	return 0xff
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
