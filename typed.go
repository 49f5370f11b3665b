package secrets

import (
	"strings"

	"github.com/secretchain/secrets/internal/jsontext"
)

// ParseTypedURI is [ParseURI], but a value of the query that is JSON stands for what it says (specification, connection
// §3.7): in ?port=5432&ssl=true&q="x" port is a number, ssl is true and q is the text x. So reads the newest Airflow's
// stored model, and no other part or version of it: a text that looks like a number loses that it was one. What is in
// __extra__ is taken as it is. NaN and Infinity, which Python takes for numbers, stay texts, for no JSON can hold them.
func ParseTypedURI(text string) (Connection, error) {
	c, err := parseURI(text, typedExtra)
	if err != nil {
		return Connection{}, err
	}
	return c, nil
}

// TypedURI is [Connection.URI] for a reader like [ParseTypedURI], which reads it back to an equal connection: an extra with a
// text that such a reader would take for something else is carried by __extra__. ParseURI reads it as well.
func (c Connection) TypedURI() Secret {
	var scratch [256]byte
	return NewSecret(string(c.appendURI(scratch[:0], typedForm)))
}

// extraType says what the values of a query are.
type extraType bool

const (
	textExtra  extraType = false // texts, all of them
	typedExtra extraType = true  // what they stand for as JSON, if they are JSON
)

// typedValue returns the JSON that a value of a query stands for where extras are typed. A value that is no JSON, and a blank
// one, stands for itself.
func typedValue(text string) (json string, ok bool) {
	s := jsontext.Scanner{Text: text}
	s.Space()
	begin := s.Pos
	if !s.Value(1) {
		return "", false
	}
	json = s.Text[begin:s.Pos]
	return json, s.End()
}

// isTyped reports whether a text may be taken for something else where extras are typed, here or in Python.
func isTyped(text string) bool {
	_, ok := typedValue(text)
	return ok || strings.Contains(text, "NaN") || strings.Contains(text, "Infinity")
}
