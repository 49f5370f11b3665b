package fernet

import "encoding/base64"

// decode reads base64 as Python's decoder does: both alphabets, characters outside of them skipped, everything after
// complete padding ignored, unused bits of the last character not checked; missing padding is an error. Tokens are
// signed, so leniency lets no other content in, and a row that Airflow can read is never refused for its spelling.
func decode(text string) ([]byte, bool) {
	raw := make([]byte, base64.URLEncoding.DecodedLen(len(text)))
	if n, err := base64.URLEncoding.Decode(raw, []byte(text)); err == nil {
		return raw[:n], true
	}
	return decodeLeniently(raw[:0], text)
}

// decodeLeniently is decode for what encoding/base64 refuses. It appends to raw.
func decodeLeniently(raw []byte, text string) ([]byte, bool) {
	var quad, pads int // characters of the current group of four, padding seen in it
	var bits uint32
	for i := range len(text) {
		if text[i] == '=' {
			if pads++; quad >= 2 && quad+pads >= 4 {
				switch quad {
				case 2:
					return append(raw, byte(bits>>4)), true
				default:
					return append(raw, byte(bits>>10), byte(bits>>2)), true
				}
			}
			if quad < 2 {
				pads = 0
			}
			continue
		}
		value, ok := sextet(text[i])
		if !ok {
			continue
		}
		pads = 0
		bits = bits<<6 | value
		if quad++; quad == 4 {
			raw = append(raw, byte(bits>>16), byte(bits>>8), byte(bits))
			quad, bits = 0, 0
		}
	}
	return raw, quad == 0
}

func sextet(c byte) (uint32, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return uint32(c - 'A'), true
	case 'a' <= c && c <= 'z':
		return uint32(c-'a') + 26, true
	case '0' <= c && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '-' || c == '+':
		return 62, true
	case c == '_' || c == '/':
		return 63, true
	}
	return 0, false
}
