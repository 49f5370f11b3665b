package secrets

import (
	"strings"
	"unicode"
)

// A Connection says how to reach one system. Null and blank are one thing: the zero value of a field.
//
// Every printed or encoded form of it is redacted (see [Connection.String]); where its methods are not called, as for an
// unexported field, Password and Extra still stay closed, and the other fields are shown as they are. [Connection.URI] and
// [Connection.JSON] are the forms to store or pass on. A Connection is a value: copies share nothing that could change.
type Connection struct {
	ID          string // the name it is stored under; no part of the URI or JSON form
	Type        string // kind of system, such as postgres or google_cloud_platform; not interpreted
	Description string // free text; not part of the URI form
	Host        string // may begin with a protocol of its own: k8s://10.0.0.1
	Schema      string // database name, or whatever the kind of system takes it for
	Login       string
	Password    Secret
	Port        int    // 0: none
	Extra       Secret // text of one JSON object, or empty
}

// Parse reads a connection in JSON form if the text begins with {, else in URI form. White space around it is ignored,
// by Unicode's rules. The error is a [*SyntaxError]; blank text is one too.
func Parse(text string) (Connection, error) {
	rest := strings.TrimLeftFunc(text, isPythonSpace)
	lead := len(text) - len(rest)
	rest = strings.TrimRightFunc(rest, isPythonSpace)
	var c Connection
	var err *SyntaxError
	switch {
	case rest == "":
		err = &SyntaxError{Form: formURI, Reason: "the text is blank"}
	case rest[0] == '{':
		c, err = parseJSON(rest)
	default:
		c, err = parseURI(rest, textExtra)
	}
	if err != nil {
		err.Offset += lead
		return Connection{}, err
	}
	return c, nil
}

// isPythonSpace reports whether Python's str.strip removes r: the white space of Unicode and four ASCII separators.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// Equal reports whether c and d are the same connection in every field, ID and Description included. Extras are compared
// as JSON: neither spaces nor the order of keys matter, and an empty object is as good as none. Numbers are compared as
// they are written.
func (c Connection) Equal(d Connection) bool {
	return c.ID == d.ID && c.Type == d.Type && c.Description == d.Description &&
		c.Host == d.Host && c.Port == d.Port && c.Schema == d.Schema &&
		c.Login == d.Login && c.Password.Equal(d.Password) && sameExtra(c.Extra, d.Extra)
}
