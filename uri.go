package secrets

import (
	"strings"
	"unicode/utf8"
)

// ParseURI reads a connection in URI form, type://login:password@host:port/schema?extra, as Airflow does (specification,
// connection §3); docs/differences.md lists where it differs. White space at the end is data: [Parse] takes it off.
// Time is linear in the text. The error is a [*SyntaxError].
func ParseURI(text string) (Connection, error) {
	c, err := parseURI(text)
	if err != nil {
		return Connection{}, err
	}
	return c, nil
}

func parseURI(text string) (Connection, *SyntaxError) {
	u := uriParser{text: text}
	if !u.parse() {
		return Connection{}, &SyntaxError{Form: formURI, Part: u.part, Offset: originalOffset(text, u.at), Reason: u.reason}
	}
	return u.conn, nil
}

// uriParser holds a URI on its way into a connection. Steps return false after fail.
type uriParser struct {
	text string // cleaned
	pos  int    // where the next step begins in text
	conn Connection

	part, reason string // of the failure
	at           int    // its place in text
}

func (u *uriParser) fail(part string, at int, reason string) bool {
	u.part, u.at, u.reason = part, at, reason
	return false
}

// parse takes the steps in the order of the specification.
func (u *uriParser) parse() bool {
	if !u.clean() || !u.scheme() {
		return false
	}
	if strings.HasPrefix(u.text[u.pos:], "//") {
		u.pos += 2
		protocol, ok := u.protocol()
		if !ok || !u.authority(protocol) {
			return false
		}
	}
	return u.pathAndQuery()
}

// clean is §3.1: leading control characters and spaces go, and so does every tab, CR and LF.
func (u *uriParser) clean() bool {
	text := strings.TrimLeft(u.text, leadingControls)
	if text == "" {
		u.text = ""
		return u.fail("", 0, "the text is blank")
	}
	if !utf8.ValidString(text) {
		return u.fail("", 0, "the text is not UTF-8; write other bytes as %XX")
	}
	if containsLineBreak(text) {
		text = lineBreaks.Replace(text)
	}
	u.text = text
	return true
}

const leadingControls = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f "

var lineBreaks = strings.NewReplacer("\t", "", "\r", "", "\n", "")

func isLineBreak(c byte) bool { return c == '\t' || c == '\r' || c == '\n' }

func containsLineBreak(s string) bool {
	for i := range len(s) {
		if isLineBreak(s[i]) {
			return true
		}
	}
	return false
}

// originalOffset returns where byte at of the cleaned text was in the text given.
func originalOffset(text string, at int) int {
	i := len(text) - len(strings.TrimLeft(text, leadingControls))
	for ; i < len(text); i++ {
		if isLineBreak(text[i]) {
			continue
		}
		if at == 0 {
			return i
		}
		at--
	}
	return len(text)
}

// scheme is §3.2. What follows the scheme, or a text without one, has to begin with a slash: everything else is a text
// that Airflow would tear apart in silence (§7, D2).
func (u *uriParser) scheme() bool {
	colon := strings.IndexByte(u.text, ':')
	if colon > 0 && isScheme(u.text[:colon]) {
		if !strings.HasPrefix(u.text[colon+1:], "/") {
			return u.fail("scheme", colon+1, "write // after the type, as in type://host")
		}
		u.conn.Type = normalizeType(strings.ToLower(u.text[:colon]))
		u.pos = colon + 1
		return true
	}
	switch {
	case strings.HasPrefix(u.text, "//"): // a connection without a type
		return true
	case colon > 0 && isScheme(strings.ReplaceAll(u.text[:colon], "_", "-")):
		return u.fail("scheme", 0, "a type in a URI has no _; write - for it")
	}
	return u.fail("scheme", 0, "no type; begin with type:// (letters, digits, + - . and a letter first), or with { for JSON")
}

// isScheme reports whether s may be the scheme of a URI.
func isScheme(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// normalizeType is §3.2 step 2, for both forms.
func normalizeType(t string) string {
	if t == "postgresql" {
		return "postgres"
	}
	return strings.ReplaceAll(t, "-", "_")
}

// protocol is §3.3 with rule L1: it returns the protocol that the host carries, blank for none, and steps over it.
// A second :// after /, ? or # is data, so only one that ends what would be the authority counts.
func (u *uriParser) protocol() (protocol string, ok bool) {
	if u.conn.Type == "" {
		return "", true
	}
	protocol, after, found := u.cutProtocol()
	switch {
	case !found:
		return "", true
	case strings.ContainsAny(protocol, "@:"):
		return "", u.fail("host", u.pos, "login, password or port before the host's own protocol; write type://protocol://login:password@host:port, "+
			"and percent-encode a :// that is data")
	case !isScheme(protocol):
		return "", true
	}
	u.pos = after
	if again, _, found := u.cutProtocol(); found {
		return "", u.fail("host", u.pos+len(again), "a third ://; percent-encode those that are data")
	}
	return strings.ToLower(protocol), true
}

// cutProtocol returns what stands before a :// that ends the authority at pos, and where the text after it begins.
func (u *uriParser) cutProtocol() (protocol string, after int, found bool) {
	rest := u.text[u.pos:]
	protocol, found = strings.CutSuffix(rest[:authorityLen(rest)], ":")
	if !found || !strings.HasPrefix(rest[len(protocol):], "://") {
		return "", 0, false
	}
	return protocol, u.pos + len(protocol) + len("://"), true
}

// authorityLen returns where an authority at the beginning of s ends.
func authorityLen(s string) int {
	for i := range len(s) {
		if c := s[i]; c == '/' || c == '?' || c == '#' {
			return i
		}
	}
	return len(s)
}

// pathAndQuery is §3.5 and §3.6: the rest of the text. The fragment is thrown away.
func (u *uriParser) pathAndQuery() bool {
	rest, _, _ := strings.Cut(u.text[u.pos:], "#")
	path, query, _ := strings.Cut(rest, "?")
	if path != "" {
		u.conn.Schema = unquote(path[1:])
	}
	extra, ok := extraFromQuery(query)
	if !ok {
		return u.fail("extra", u.pos+len(path)+1, "the value of "+extraCarrier+" is not a JSON object; percent-encode it whole, & + # and % included")
	}
	u.conn.Extra = NewSecret(extra)
	return true
}
