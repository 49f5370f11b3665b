package secrets

import (
	"strings"
	"unicode/utf8"

	"github.com/secretchain/secrets/internal/jsontext"
)

// ParseJSON reads a connection in JSON form: one object with the keys conn_type, description, host, login, password, schema,
// port and extra, as Airflow does (specification, connection §6); docs/differences.md lists where it differs. The key uri
// may stand for all of them but description. The key conn_id becomes the ID. Other keys are refused, team_name is ignored,
// of a repeated key the last value counts. An extra keeps its text.
// Time is linear in the text. The error is a [*SyntaxError].
func ParseJSON(text string) (Connection, error) {
	c, err := parseJSON(text)
	if err != nil {
		return Connection{}, err
	}
	return c, nil
}

// jsonKey is one of the keys that a connection may have.
type jsonKey int

const (
	keyConnType jsonKey = iota
	keyDescription
	keyHost
	keyLogin
	keyPassword
	keySchema
	keyPort
	keyExtra
	keyURI
	keyConnID
	keyTeamName
	jsonKeyCount
)

var jsonKeyNames = [jsonKeyCount]string{"conn_type", "description", "host", "login", "password", "schema", "port", "extra",
	"uri", "conn_id", "team_name"}

// jsonKeyOf returns the key that is written as raw, in its quotes.
func jsonKeyOf(raw string) (jsonKey, bool) {
	name, ok := jsontext.Unquote(raw)
	for key, known := range jsonKeyNames {
		if ok && name == known {
			return jsonKey(key), true
		}
	}
	return 0, false
}

// jsonParser holds a connection's JSON on its way into a connection. Steps do nothing once err is set.
type jsonParser struct {
	values [jsonKeyCount]jsonValue
	err    *SyntaxError
}

// jsonValue is a value as it is written, blank where its key is missing, and where it ends.
type jsonValue struct {
	raw string
	end int
}

func parseJSON(text string) (Connection, *SyntaxError) {
	if !utf8.ValidString(text) {
		return Connection{}, &SyntaxError{Form: formJSON, Reason: "the text is not UTF-8"}
	}
	var p jsonParser
	p.read(text)
	c := Connection{
		ID:          p.text(keyConnID),
		Type:        normalizeType(p.text(keyConnType)),
		Description: p.text(keyDescription),
		Host:        p.text(keyHost),
		Login:       p.text(keyLogin),
		Password:    NewSecret(p.text(keyPassword)),
		Schema:      p.text(keySchema),
		Port:        p.port(),
		Extra:       NewSecret(p.extra()),
	}
	p.text(keyTeamName)
	if uri := p.text(keyURI); uri != "" {
		c = p.fromURI(uri, c)
	}
	if p.err != nil {
		return Connection{}, p.err
	}
	return c, nil
}

func (p *jsonParser) fail(key jsonKey, reason string) {
	if p.err == nil {
		v := p.values[key]
		p.err = &SyntaxError{Form: formJSON, Part: jsonKeyNames[key], Offset: v.end - len(v.raw), Reason: reason}
	}
}

// read finds the values, so that of a repeated key only the last is ever judged.
func (p *jsonParser) read(text string) {
	s := jsontext.Scanner{Text: text}
	ok := s.Open()
	for first, more := true, ok; more; first = false {
		var raw, value string
		if raw, value, more, ok = s.Member(first, 0); !more { // 0: an extra may nest as deep here as it may elsewhere
			break
		}
		key, known := jsonKeyOf(raw)
		if !known {
			p.err = &SyntaxError{Form: formJSON, Offset: s.KeyAt,
				Reason: "unknown key; known are conn_type, description, host, login, password, schema, port and extra, or uri"}
			return
		}
		p.values[key] = jsonValue{raw: value, end: s.Pos}
	}
	if !ok || !s.End() {
		p.err = &SyntaxError{Form: formJSON, Offset: s.Pos, Reason: s.Reason}
	}
}

// text returns a key's text, blank for null.
func (p *jsonParser) text(key jsonKey) string {
	raw := p.values[key].raw
	if p.err != nil || raw == "" || raw == "null" {
		return ""
	}
	if raw[0] != '"' {
		p.fail(key, `not a text; put it in " quotes`)
		return ""
	}
	text, ok := jsontext.Unquote(raw)
	if !ok {
		p.fail(key, `half of a surrogate pair, which no text holds; write a character beyond \uFFFF as itself, or as both halves`)
	}
	return text
}

// port returns a number from 0 to 65535, or a text of its digits, as a number.
func (p *jsonParser) port() int {
	digits := p.values[keyPort].raw
	if digits != "" && digits[0] == '"' {
		digits = p.text(keyPort)
	}
	if p.err != nil || digits == "null" {
		return 0
	}
	port, ok := parsePort(digits)
	if !ok {
		p.fail(keyPort, "not a whole number from 0 to 65535")
	}
	return port
}

// extra returns the text of the object; blank for none, which false, 0, [] and a blank text are too, as in Airflow.
func (p *jsonParser) extra() string {
	raw := p.values[keyExtra].raw
	switch {
	case raw == "", raw == "false", raw == "0", isNoExtra(raw), raw[0] == '[' && jsontext.IsBlank(raw[1:len(raw)-1]):
		return ""
	case raw[0] == '{':
		return raw
	}
	text := p.text(keyExtra)
	switch {
	case p.err != nil || jsontext.IsBlank(text):
		return ""
	case !jsontext.IsObject(text):
		p.fail(keyExtra, "the text is not a JSON object")
	}
	return text
}

// fromURI returns the connection that the key uri stands for, with what may accompany it of beside.
func (p *jsonParser) fromURI(uri string, beside Connection) Connection {
	id, description := beside.ID, beside.Description
	beside.ID, beside.Description = "", ""
	if !beside.Equal(Connection{}) {
		p.fail(keyURI, "uri beside other keys; give either uri or the fields it stands for")
		return Connection{}
	}
	c, err := parseURI(uri, textExtra)
	if err != nil {
		p.fail(keyURI, strings.TrimPrefix(err.Error(), "malformed "))
	}
	c.ID, c.Description = id, description
	return c
}
