package secrets

import (
	"strings"
	"unicode/utf8"
)

// ParseURI reads a connection in URI form, type://login:password@host:port/schema?extra, as Airflow does (specification,
// connection §3); docs/differences.md lists where it differs. White space at the end is data: [Parse] takes it off.
// Time is linear in the text. The error is a [*SyntaxError].
func ParseURI(text string) (Connection, error) {
	c, err := parseURI(text, textExtra)
	if err != nil {
		return Connection{}, err
	}
	return c, nil
}

func parseURI(text string, extra extraType) (Connection, *SyntaxError) {
	u := uriParser{text: text, extra: extra}
	if !u.parse() {
		return Connection{}, &SyntaxError{Form: formURI, Part: u.part, Offset: originalOffset(text, u.at), Reason: u.reason}
	}
	return u.conn, nil
}

// uriParser holds a URI on its way into a connection. Steps return false after fail.
type uriParser struct {
	text  string    // cleaned
	extra extraType // of the query's values
	has   byteSet   // the kinds of byte in text: most texts need no more than a look at it
	pos   int       // where the next step begins in text
	conn  Connection

	part, reason string // of the failure
	at           int    // its place in text
}

func (u *uriParser) fail(part string, at int, reason string) bool {
	u.part, u.at, u.reason = part, at, reason
	return false
}

// byteSet tells which kinds of byte a text holds.
type byteSet uint8

const (
	lineBreak    byteSet = 1 << iota // tab, CR, LF
	endAuthority                     // / ? #
	bracket                          // [ ]
	escape                           // %
	upperCase                        // A-Z
	beyondASCII
)

var byteKinds = func() (kinds [256]byteSet) {
	for kind, chars := range map[byteSet]string{lineBreak: "\t\r\n", endAuthority: "/?#", bracket: "[]", escape: "%",
		upperCase: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
		for i := range len(chars) {
			kinds[chars[i]] = kind
		}
	}
	for c := utf8.RuneSelf; c < len(kinds); c++ {
		kinds[c] = beyondASCII
	}
	return kinds
}()

func kindsOf(text string) (has byteSet) {
	for i := range len(text) {
		has |= byteKinds[text[i]]
	}
	return has
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
	u.text = u.text[leadingControls(u.text):]
	if u.text == "" {
		return u.fail("", 0, "the text is blank")
	}
	u.has = kindsOf(u.text)
	if u.has&beyondASCII != 0 && !utf8.ValidString(u.text) {
		return u.fail("", 0, "the text is not UTF-8; write other bytes as %XX")
	}
	if u.has&lineBreak != 0 {
		u.text = lineBreaks.Replace(u.text)
	}
	return true
}

var lineBreaks = strings.NewReplacer("\t", "", "\r", "", "\n", "")

// leadingControls returns how many control characters and spaces text begins with.
func leadingControls(text string) int {
	for i := range len(text) {
		if text[i] > ' ' {
			return i
		}
	}
	return len(text)
}

// originalOffset returns where byte at of the cleaned text was in the text given.
func originalOffset(text string, at int) int {
	for i := leadingControls(text); i < len(text); i++ {
		if byteKinds[text[i]] == lineBreak {
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
		u.conn.Type = normalizeType(u.lower(u.text[:colon]))
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

// lower lower-cases a part of the text as Python does, except that a final Σ becomes σ as any other.
func (u *uriParser) lower(part string) string {
	if u.has&(upperCase|beyondASCII) == 0 {
		return part
	}
	if u.has&beyondASCII != 0 {
		part = strings.ReplaceAll(part, "İ", "i̇")
	}
	return strings.ToLower(part)
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
	if strings.IndexByte(t, '-') < 0 {
		return t
	}
	var scratch [64]byte
	out := append(scratch[:0], t...)
	for i, c := range out {
		if c == '-' {
			out[i] = '_'
		}
	}
	return string(out)
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
	return u.lower(protocol), true
}

// cutProtocol returns what stands before a :// that ends the authority at pos, and where the text after it begins.
func (u *uriParser) cutProtocol() (protocol string, after int, found bool) {
	rest := u.text[u.pos:]
	n := authorityLen(rest)
	if n == 0 || rest[n-1] != ':' || !strings.HasPrefix(rest[n:], "//") {
		return "", 0, false
	}
	return rest[:n-1], u.pos + n + len("//"), true
}

// authorityLen returns where an authority at the beginning of s ends.
func authorityLen(s string) int {
	for i := range len(s) {
		if byteKinds[s[i]] == endAuthority {
			return i
		}
	}
	return len(s)
}

// pathAndQuery is §3.5 and §3.6: the rest of the text. The fragment is thrown away.
func (u *uriParser) pathAndQuery() bool {
	path, query := u.text[u.pos:], ""
	if i := strings.IndexByte(path, '#'); i >= 0 {
		path = path[:i]
	}
	if i := strings.IndexByte(path, '?'); i >= 0 {
		path, query = path[:i], path[i+1:]
	}
	if path != "" {
		u.conn.Schema = unquote(path[1:])
	}
	extra, ok := extraFromQuery(query, u.extra)
	if !ok {
		return u.fail("extra", u.pos+len(path)+1, "the value of "+extraCarrier+" is not a JSON object; percent-encode it whole, & + # and % included")
	}
	u.conn.Extra = NewSecret(extra)
	return true
}
