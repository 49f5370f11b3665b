package secrets

import (
	"strings"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// unreserved marks the bytes that are never percent-encoded (specification, connection §5).
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~") {
		set[c] = true
	}
	return set
}()

// appendQuoted appends s with every byte that is not unreserved as %XX.
func appendQuoted(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; unreserved[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// appendQueryQuoted appends s as appendQuoted does, with a space as +.
func appendQueryQuoted[T string | []byte](dst []byte, s T) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case unreserved[c]:
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// unquote decodes every %XX of s; a % that begins no such escape stays. Bytes that are no UTF-8 become U+FFFD.
func unquote(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var scratch [256]byte
	return string(appendUnquoted(scratch[:0], s))
}

// appendUnquoted appends what unquote returns.
func appendUnquoted(dst []byte, s string) []byte {
	start, escaped := len(dst), false
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			dst = append(dst, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i, escaped = i+2, true
			continue
		}
		dst = append(dst, s[i])
	}
	if escaped && !utf8.Valid(dst[start:]) {
		return append(dst[:start], replaceInvalid(dst[start:])...)
	}
	return dst
}

// appendQueryUnquoted appends what unquote returns, with each + read as a space.
func appendQueryUnquoted(dst []byte, s string) []byte {
	for {
		piece, rest, more := strings.Cut(s, "+")
		dst = appendUnquoted(dst, piece)
		if !more {
			return dst
		}
		dst, s = append(dst, ' '), rest
	}
}

// replaceInvalid returns b with each longest beginning of a character that does not end, and each byte that begins none,
// replaced by U+FFFD: Unicode's recommended practice, and Python's.
func replaceInvalid(b []byte) []byte {
	valid := make([]byte, 0, len(b)+2*utf8.UTFMax)
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if n == 1 && b[0] >= utf8.RuneSelf {
			n = brokenLen(b)
			valid = append(valid, "\uFFFD"...)
		} else {
			valid = append(valid, b[:n]...)
		}
		b = b[n:]
	}
	return valid
}

// brokenLen returns how many bytes of b, which does not begin with a character, one U+FFFD stands for.
func brokenLen(b []byte) int {
	for n := min(len(b), utf8.UTFMax-1); n > 1; n-- {
		if !utf8.FullRune(b[:n]) {
			return n
		}
	}
	return 1
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// hexValue returns the value of a digit for which isHex holds.
func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
