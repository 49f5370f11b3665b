package fernet

import "encoding/binary"

// decode reads base64 as Python's decoder does: both alphabets, characters outside of them skipped, everything after
// complete padding ignored, unused bits of the last character not checked; missing padding is an error. Tokens are
// signed, so leniency lets no other content in, and a row that Airflow can read is never refused for its spelling.
func decode(text string) ([]byte, bool) {
	raw := make([]byte, len(text)/4*3)
	n := decodeBlocks(raw, text)
	return decodeLeniently(raw[:n], text[n/3*4:])
}

// decodeBlocks decodes 16 characters at a time, as far as they are of the alphabets, and returns how many bytes they are. A
// long token is little else, and encoding/base64 would take almost twice the time.
func decodeBlocks(raw []byte, text string) (n int) {
	for ; len(text) >= 16; text = text[16:] {
		a, b, c, d := group(text[:4]), group(text[4:8]), group(text[8:12]), group(text[12:16])
		if (a|b|c|d)&foreign != 0 {
			break
		}
		to := raw[n : n+12]
		binary.BigEndian.PutUint64(to, uint64(a)<<32|uint64(b)<<8|uint64(c)>>16)
		binary.BigEndian.PutUint32(to[8:], c<<16|d>>8)
		n += 12
	}
	return n
}

// group returns what four characters stand for in its upper three bytes.
func group(s string) uint32 {
	return sextets[0][s[0]] | sextets[1][s[1]] | sextets[2][s[2]] | sextets[3][s[3]]
}

// sextets holds, for each place in a group, what each character stands for there: its six bits where they belong in the
// upper three bytes, or foreign.
var sextets = func() (at [4][256]uint32) {
	for place := range at {
		for c := range at[place] {
			at[place][c] = foreign
		}
		for _, alphabet := range []string{"+/", "-_"} {
			for bits, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + alphabet) {
				at[place][c] = uint32(bits) << (26 - 6*place)
			}
		}
	}
	return at
}()

// foreign marks a character of neither alphabet.
const foreign = 0xff

// decodeLeniently decodes what may hold anything. It appends to raw.
func decodeLeniently(raw []byte, text string) ([]byte, bool) {
	var quad, pads int // characters of the current group of four, padding seen in it
	var bits uint32
	for i := range len(text) {
		if text[i] == '=' {
			if pads++; quad >= 2 && quad+pads >= 4 {
				switch quad {
				case 2:
					return append(raw, byte(bits>>24)), true
				default:
					return append(raw, byte(bits>>24), byte(bits>>16)), true
				}
			}
			if quad < 2 {
				pads = 0
			}
			continue
		}
		value := sextets[quad][text[i]]
		if value == foreign {
			continue
		}
		pads = 0
		bits |= value
		if quad++; quad == 4 {
			raw = append(raw, byte(bits>>24), byte(bits>>16), byte(bits>>8))
			quad, bits = 0, 0
		}
	}
	return raw, quad == 0
}
