package envbackend

import (
	"unicode"
	"unicode/utf8"
)

// appendUpper appends s in upper case by Unicode's full rules, as Python's str.upper does. Bytes that are no UTF-8 stay.
func appendUpper(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return appendUpperRunes(dst, s[i:])
		}
		if c-'a' <= 'z'-'a' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func appendUpperRunes(dst []byte, s string) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch special, ok := longUpper(r); {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, s[0])
		case ok:
			dst = append(dst, special...)
		default:
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		}
		s = s[n:]
	}
	return dst
}

// longUpper returns the upper case of the letters that have one of several characters: the unconditional rows of
// Unicode's SpecialCasing.txt. Package unicode has those of one character only.
func longUpper(r rune) (string, bool) {
	if 0x1F80 <= r && r <= 0x1FAF { // three blocks of Greek letters with iota, the second eight of each in title case
		base := [...]rune{0x1F08, 0x1F28, 0x1F68}[(r-0x1F80)/16]
		return string(base+r%8) + "Ι", true
	}
	upper, ok := specialCasing[r]
	return upper, ok
}

var specialCasing = map[rune]string{
	'ß': "SS", 'ŉ': "ʼN", 'ǰ': "J\u030c", 'ΐ': "Ι\u0308\u0301", 'ΰ': "Υ\u0308\u0301", 'և': "ԵՒ",
	'ẖ': "H\u0331", 'ẗ': "T\u0308", 'ẘ': "W\u030a", 'ẙ': "Y\u030a", 'ẚ': "Aʾ",
	'ὐ': "Υ\u0313", 'ὒ': "Υ\u0313\u0300", 'ὔ': "Υ\u0313\u0301", 'ὖ': "Υ\u0313\u0342",
	'ᾲ': "ᾺΙ", 'ᾳ': "ΑΙ", 'ᾴ': "ΆΙ", 'ᾶ': "Α\u0342", 'ᾷ': "Α\u0342Ι", 'ᾼ': "ΑΙ",
	'ῂ': "ῊΙ", 'ῃ': "ΗΙ", 'ῄ': "ΉΙ", 'ῆ': "Η\u0342", 'ῇ': "Η\u0342Ι", 'ῌ': "ΗΙ",
	'ῒ': "Ι\u0308\u0300", '\u1fd3': "Ι\u0308\u0301", 'ῖ': "Ι\u0342", 'ῗ': "Ι\u0308\u0342",
	'ῢ': "Υ\u0308\u0300", '\u1fe3': "Υ\u0308\u0301", 'ῤ': "Ρ\u0313", 'ῦ': "Υ\u0342", 'ῧ': "Υ\u0308\u0342",
	'ῲ': "ῺΙ", 'ῳ': "ΩΙ", 'ῴ': "ΏΙ", 'ῶ': "Ω\u0342", 'ῷ': "Ω\u0342Ι", 'ῼ': "ΩΙ",
	'ﬀ': "FF", 'ﬁ': "FI", 'ﬂ': "FL", 'ﬃ': "FFI", 'ﬄ': "FFL", 'ﬅ': "ST", 'ﬆ': "ST",
	'ﬓ': "ՄՆ", 'ﬔ': "ՄԵ", 'ﬕ': "ՄԻ", 'ﬖ': "ՎՆ", 'ﬗ': "ՄԽ",
}
