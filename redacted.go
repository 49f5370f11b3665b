package secrets

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// String returns the URI form with *** for the password and the extra, and for what stands before an @ or after a ? in the
// host: scheme://login:***@host:port/schema?***. Everything else is percent-encoded, so that no odd host or login can
// forge a line of a log. ID and Description are left out. Login, host and schema are shown: a secret put there is printed.
func (c Connection) String() string {
	var scratch [256]byte
	return string(c.appendURI(scratch[:0], redacted))
}

// Format writes what String returns, whatever the verb and flags.
func (c Connection) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// GoString returns what String does.
func (c Connection) GoString() string { return c.String() }

// LogValue returns what String does.
func (c Connection) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText returns what String does. Encoding a Connection is never how to pass it on: [Connection.JSON] and
// [Connection.URI] are.
func (c Connection) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// appendRedactedHost appends a host without the login, password and query of a URL that may be in it.
func appendRedactedHost(dst []byte, host string) []byte {
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		dst = append(append(dst, masked...), '@')
		host = host[at+1:]
	}
	host, _, query := strings.Cut(host, "?")
	dst = appendQuoted(dst, host)
	if query {
		dst = append(append(dst, '?'), masked...)
	}
	return dst
}
