package secrets

import (
	"strings"
	"unicode/utf8"

	"github.com/secretchain/secrets/internal/jsontext"
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
	var u uriParser
	if !u.split(text) {
		return Connection{}, &SyntaxError{Form: formURI, Part: u.part, Offset: originalOffset(text, u.at), Reason: u.reason}
	}
	return u.connection(extra), nil
}

// uriParser takes a URI apart, and makes a connection of the parts. All that can be wrong is found by the first of the two,
// which decodes nothing but an extra that is carried whole. Steps return false after fail.
type uriParser struct {
	text     string  // cleaned
	has      byteSet // the kinds of byte in text: most texts need no more than a look at it
	pos, end int     // where the next step begins in text, and where the authority ends

	// The parts, as they are written.
	scheme, protocol, userInfo, host, hostPort, path, query string
	port                                                    int
	carried                                                 string // the extra, if the query carries it whole

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

// split takes the steps in the order of the specification.
func (u *uriParser) split(text string) bool {
	if !u.clean(text) || !u.cutScheme() {
		return false
	}
	if strings.HasPrefix(u.text[u.pos:], "//") {
		u.beginAuthority(u.pos + len("//"))
		if !u.cutProtocol() || !u.authority() {
			return false
		}
	}
	return u.pathAndQuery()
}

// clean is §3.1: leading control characters and spaces go, and so does every tab, CR and LF.
func (u *uriParser) clean(text string) bool {
	u.text = text[leadingControls(text):]
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

// cutScheme is §3.2. What follows the scheme, or a text without one, has to begin with a slash: everything else is a text
// that Airflow would tear apart in silence (§7, D2).
func (u *uriParser) cutScheme() bool {
	colon := strings.IndexByte(u.text, ':')
	if colon > 0 && isScheme(u.text[:colon]) {
		if !strings.HasPrefix(u.text[colon+1:], "/") {
			return u.fail("scheme", colon+1, "write // after the type, as in type://host")
		}
		u.scheme, u.pos = u.text[:colon], colon+1
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

// beginAuthority says where the authority, or what looks like one, begins. It ends at the first of / ? #.
func (u *uriParser) beginAuthority(at int) {
	u.pos, u.end = at, len(u.text)
	for i := at; i < len(u.text); i++ {
		if byteKinds[u.text[i]] == endAuthority {
			u.end = i
			return
		}
	}
}

// cutProtocol is §3.3 with rule L1: it steps over the protocol that the host carries, if it carries one.
// A second :// after /, ? or # is data, so only one that ends what would be the authority counts.
func (u *uriParser) cutProtocol() bool {
	protocol, found := u.textBeforeSlashes()
	switch {
	case !found || u.scheme == "":
		return true
	case strings.ContainsAny(protocol, "@:"):
		return u.fail("host", u.pos, "login, password or port before the host's own protocol; write type://protocol://login:password@host:port, "+
			"and percent-encode a :// that is data")
	case !isScheme(protocol):
		return true
	}
	u.protocol = protocol
	u.beginAuthority(u.end + len("//"))
	if again, found := u.textBeforeSlashes(); found {
		return u.fail("host", u.pos+len(again), "a third ://; percent-encode those that are data")
	}
	return true
}

// textBeforeSlashes returns what stands before a :// that ends the authority.
func (u *uriParser) textBeforeSlashes() (text string, found bool) {
	text, found = strings.CutSuffix(u.text[u.pos:u.end], ":")
	return text, found && strings.HasPrefix(u.text[u.end:], "//")
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
	extra, found := carriedExtra(query)
	switch {
	case !found:
		u.query = query
	case jsontext.IsBlank(extra):
	case jsontext.IsObject(extra):
		u.carried = extra
	default:
		return u.fail("extra", u.pos+len(path)+1, "the value of "+extraCarrier+" is not a JSON object; percent-encode it whole, & + # and % included")
	}
	u.path = path
	return true
}
