package secrets

import (
	"slices"
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
	for {
		n := plainLen(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		dst = append(dst, '%', upperHex[s[n]>>4], upperHex[s[n]&15])
		s = s[n+1:]
	}
}

// appendQueryQuoted appends s as appendQuoted does, with a space as +.
func appendQueryQuoted[T string | []byte](dst []byte, s T) []byte {
	for {
		n := plainLen(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		if s[n] == ' ' {
			dst = append(dst, '+')
		} else {
			dst = append(dst, '%', upperHex[s[n]>>4], upperHex[s[n]&15])
		}
		s = s[n+1:]
	}
}

// plainLen returns how many bytes at the beginning of s need no encoding.
func plainLen[T string | []byte](s T) int {
	for i := range len(s) {
		if !unreserved[s[i]] {
			return i
		}
	}
	return len(s)
}

// unquote decodes every %XX of s; a % that begins no such escape stays. Bytes that are no UTF-8 become U+FFFD.
func unquote(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var scratch [128]byte
	return string(appendUnquoted(scratch[:0], s, '+'))
}

// appendUnquoted appends what unquote returns, with each + read as plus.
func appendUnquoted(dst []byte, s string, plus byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(s))[:start+len(s)]
	n, seen := start, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = plus
		case c == '%' && i+2 < len(s):
			if high, low := hexDigits[s[i+1]], hexDigits[s[i+2]]; high|low < 16 {
				c = high<<4 | low
				i += 2
			}
		}
		seen |= c
		dst[n] = c
		n++
	}
	dst = dst[:n]
	if seen >= utf8.RuneSelf && !utf8.Valid(dst[start:]) {
		return append(dst[:start], replaceInvalid(dst[start:])...)
	}
	return dst
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

// hexDigits holds the value of each hexadecimal digit, 0xff for every other byte.
var hexDigits = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	for i := range byte(16) {
		values["0123456789abcdef"[i]], values[upperHex[i]] = i, i
	}
	return values
}()
