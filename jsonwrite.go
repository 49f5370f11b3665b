package secrets

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/secretchain/secrets/internal/jsontext"
)

// JSON returns the connection in Airflow's JSON form, blank fields left out, in ASCII but for the extra, which is copied as
// it is. It holds the password. [ParseJSON] reads it back to an equal connection, but for the ID, provided that Validate
// accepts it and Type is as parsing leaves it. An extra that is no JSON object is written as a text, which ParseJSON refuses.
func (c Connection) JSON() Secret {
	var scratch [512]byte
	out := append(scratch[:0], '{')
	field := func(name, value string) {
		if value == "" {
			return
		}
		out = appendJSONKey(out, name)
		out = appendJSONString(out, value)
	}
	field("conn_type", c.Type)
	field("description", c.Description)
	field("host", c.Host)
	field("login", c.Login)
	field("password", c.Password.Reveal())
	field("schema", c.Schema)
	if c.Port != 0 {
		out = strconv.AppendInt(appendJSONKey(out, "port"), int64(c.Port), 10)
	}
	switch extra := c.Extra.Reveal(); {
	case isNoExtra(extra):
	case jsontext.IsObject(extra):
		out = append(appendJSONKey(out, "extra"), extra...)
	default:
		field("extra", extra)
	}
	return NewSecret(string(append(out, '}')))
}

// appendJSONKey appends the name of the next member to an object that has been begun.
func appendJSONKey(dst []byte, name string) []byte {
	if len(dst) > 1 {
		dst = append(dst, ", "...)
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, `": `...)
}

// appendJSONString appends s in quotes as Python's json.dumps writes it: all ASCII, with \uXXXX for everything else.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for {
		n := 0
		for n < len(s) && jsonPlain[s[n]] {
			n++
		}
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		dst, s = appendJSONEscaped(dst, s[n:])
	}
}

// jsonPlain marks the bytes that need no escape.
var jsonPlain = func() (set [256]bool) {
	for c := ' '; c <= '~'; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// appendJSONEscaped appends the first character of s, which is not plain, and returns the rest.
func appendJSONEscaped[T string | []byte](dst []byte, s T) ([]byte, T) {
	c := s[0]
	switch c {
	case '"', '\\':
	case '\n':
		c = 'n'
	case '\r':
		c = 'r'
	case '\t':
		c = 't'
	case '\b':
		c = 'b'
	case '\f':
		c = 'f'
	default:
		r, n := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
		if high, low := utf16.EncodeRune(r); r > 0xFFFF {
			dst = appendJSONUnit(appendJSONUnit(dst, high), low)
		} else {
			dst = appendJSONUnit(dst, r)
		}
		return dst, s[n:]
	}
	return append(dst, '\\', c), s[1:]
}

func appendJSONUnit(dst []byte, unit rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
