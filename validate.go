package secrets

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/secretchain/secrets/internal/jsontext"
)

// maxIDLength is what Airflow's tables hold.
const maxIDLength = 250

// Validate reports whether c may be stored (specification, connection §2): the ID is 1 to 250 letters, digits and _ # ! ( ) - . : / \,
// the port is 0 to 65535, the extra is blank or a JSON object, and every text is UTF-8. A lookup never needs a valid ID.
// The error is a [*SyntaxError] of form "connection".
func (c Connection) Validate() error {
	part, reason := c.invalid()
	if part == "" {
		return nil
	}
	return &SyntaxError{Form: formConnection, Part: part, Reason: reason}
}

func (c Connection) invalid() (part, reason string) {
	extra := c.Extra.Reveal()
	switch {
	case c.ID == "":
		return "id", "missing"
	case utf8.RuneCountInString(c.ID) > maxIDLength:
		return "id", "longer than 250 characters"
	case strings.ContainsFunc(c.ID, isNoIDRune):
		return "id", `holds a character other than letters, digits and _ # ! ( ) - . : / \`
	case c.Port < 0 || c.Port > maxPort:
		return "port", "not from 0 to 65535"
	case !jsontext.IsBlank(extra) && !jsontext.IsObject(extra):
		return "extra", "not a JSON object"
	}
	for _, field := range [...]struct{ name, text string }{
		{"type", c.Type}, {"description", c.Description}, {"host", c.Host}, {"schema", c.Schema}, {"login", c.Login},
		{"password", c.Password.Reveal()},
	} {
		if !utf8.ValidString(field.text) {
			return field.name, "not UTF-8"
		}
	}
	return "", ""
}

// isNoIDRune reports whether r may not be in an ID. Bytes that are no UTF-8 may not.
func isNoIDRune(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune(`_#!()-.:/\`, r)
}
