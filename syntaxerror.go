package secrets

import (
	"strconv"
	"strings"
)

// The forms a SyntaxError speaks of.
const (
	formURI        = "URI"
	formJSON       = "JSON"
	formConnection = "connection"
)

// A SyntaxError says where a connection's text (or, from [Connection.Validate], a connection) is wrong, why, and what to do.
// It wraps [ErrMalformed]. No field of it holds any of the text.
type SyntaxError struct {
	Form   string // "URI", "JSON" or "connection"
	Part   string // the part that is wrong, such as "port"; blank: the text as a whole
	Offset int    // bytes of the given text before the place; 0: the beginning, or not known
	Reason string // what is wrong and what to do
}

// Error describes the failure in one line: malformed URI: port, at byte 17: not a number from 0 to 65535.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString("malformed ")
	b.WriteString(e.Form)
	for i, s := range []string{e.Part, e.at()} {
		if s == "" {
			continue
		}
		if i == 0 || e.Part == "" {
			b.WriteString(": ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	b.WriteString(": ")
	b.WriteString(e.Reason)
	return b.String()
}

func (e *SyntaxError) at() string {
	if e.Offset == 0 {
		return ""
	}
	return "at byte " + strconv.Itoa(e.Offset)
}

// Unwrap returns [ErrMalformed].
func (e *SyntaxError) Unwrap() error { return ErrMalformed }
