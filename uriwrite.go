package secrets

import (
	"strconv"
	"strings"

	"github.com/secretchain/secrets/internal/jsontext"
)

// URI returns the connection in Airflow's URI form (specification, connection §5). It holds the password.
// [ParseURI] reads it back to an equal connection, provided that Validate accepts it and Type is as parsing leaves it (no -,
// and postgres for postgresql), but for what a URI cannot carry: ID, Description, the letter case of Type and of a host, and a
// Type that is not letters, digits, + . _ after a letter, which ParseURI refuses. The JSON form carries all of them but the ID.
func (c Connection) URI() Secret {
	var scratch [256]byte
	return NewSecret(string(c.appendURI(scratch[:0], textForm)))
}

// uriForm says whom a URI is written for.
type uriForm uint8

const (
	textForm  uriForm = iota // ParseURI
	typedForm                // ParseTypedURI
	redacted                 // people
)

// appendURI takes the steps of §5; redacted, it writes *** for the password, the extra, and what a host may carry of both.
func (c *Connection) appendURI(dst []byte, form uriForm) []byte {
	if c.Type != "" { // step 1
		dst = appendScheme(dst, c.Type)
		dst = append(dst, ':')
	}
	dst = append(dst, "//"...)
	protocol, host := c.splitHost() // step 2
	if protocol != "" {
		dst = append(append(dst, protocol...), "://"...)
	}

	authority := len(dst)
	dst = appendQuoted(dst, c.Login) // step 3
	if !c.Password.IsZero() {
		dst = append(dst, ':')
		if form != redacted {
			dst = appendQuoted(dst, c.Password.Reveal())
		} else {
			dst = append(dst, masked...)
		}
	}
	if len(dst) > authority {
		dst = append(dst, '@')
	}
	if form != redacted { // step 4
		dst = appendQuoted(dst, host)
	} else {
		dst = appendRedactedHost(dst, host)
	}
	if c.Port != 0 { // step 5
		if len(dst) == authority {
			dst = append(dst, '@')
		}
		dst = strconv.AppendInt(append(dst, ':'), int64(c.Port), 10)
	}
	if c.Schema != "" { // step 6
		dst = appendQuoted(append(dst, '/'), c.Schema)
	}
	return c.appendExtra(dst, form) // step 7
}

// appendScheme appends a type as the scheme it is read back from. Bytes that no scheme may hold are encoded, so that a URI with
// such a type is refused rather than read as something else.
func appendScheme(dst []byte, t string) []byte {
	for {
		n := 0
		for n < len(t) && schemePlain[t[n]] {
			n++
		}
		dst = append(dst, t[:n]...)
		if n == len(t) {
			return dst
		}
		switch c := t[n]; {
		case c == '_':
			dst = append(dst, '-')
		case isLetter(c):
			dst = append(dst, c|0x20)
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
		t = t[n+1:]
	}
}

// schemePlain marks the bytes that a type has in common with its scheme.
var schemePlain = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyz0123456789+-.") {
		set[c] = true
	}
	return set
}()

// splitHost returns the host's own protocol, if it may be written before the login, and the rest.
func (c *Connection) splitHost() (protocol, host string) {
	if strings.IndexByte(c.Host, ':') < 0 {
		return "", c.Host
	}
	protocol, host, found := strings.Cut(c.Host, "://")
	if !found || host == "" || c.Type == "" || protocol == c.Type || !isScheme(protocol) {
		return "", c.Host
	}
	return protocol, host
}

// appendExtra is step 7: name=value pairs if every value is a text, else the whole extra under __extra__.
func (c *Connection) appendExtra(dst []byte, form uriForm) []byte {
	if c.Extra.IsZero() {
		return dst
	}
	extra := c.Extra.Reveal()
	if jsontext.IsBlank(extra) {
		return dst
	}
	if c.Schema == "" {
		dst = append(dst, '/')
	}
	dst = append(dst, '?')
	if form == redacted {
		return append(dst, masked...)
	}
	if out, ok := appendPairs(dst, extra, form); ok {
		return out
	}
	dst = append(append(dst, extraCarrier...), '=')
	return appendQueryQuoted(dst, extra)
}

// appendPairs appends the members of a JSON object as a query. It fails where reading the query would not give them back: a
// value that is not a text, or for typed reading a text that seems to be something else, half of a surrogate pair, the name
// __extra__, no member at all, and text that is no object.
func appendPairs(dst []byte, extra string, form uriForm) ([]byte, bool) {
	var scratch [256]byte
	s := jsontext.Scanner{Text: extra}
	if !s.Open() {
		return nil, false
	}
	for first := true; ; first = false {
		key, value, more, ok := s.Member(first, 1)
		if !more {
			return dst, ok && !first && s.End()
		}
		if value[0] != '"' {
			return nil, false
		}
		name, ok := jsontext.AppendUnquoted(scratch[:0], key)
		if !ok || string(name) == extraCarrier {
			return nil, false
		}
		if !first {
			dst = append(dst, '&')
		}
		dst = append(appendQueryQuoted(dst, name), '=')
		text, ok := jsontext.AppendUnquoted(scratch[:0], value)
		if !ok || form == typedForm && isTyped(string(text)) {
			return nil, false
		}
		dst = appendQueryQuoted(dst, text)
	}
}
