package secretsmanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// fields are the fields of a connection, by the names that the JSON form has for them, with the names that Airflow accepts
// for each in a secret (specification, backends §5.1).
var fields = map[string][]string{
	"login":     {"login", "user", "username", "user_name"},
	"password":  {"password", "pass", "key"},
	"host":      {"host", "remote_host", "server"},
	"port":      {"port"},
	"schema":    {"database", "schema"},
	"conn_type": {"conn_type", "conn_id", "connection_type", "engine"},
	"extra":     {"extra"},
}

// vocabulary reads connections out of secrets.
type vocabulary struct {
	fields     map[string][]string // by accepted name
	urlEncoded bool
}

// newVocabulary adds extra, whose keys are names of fields, to the names that Airflow accepts.
func newVocabulary(extra map[string][]string, urlEncoded bool) (*vocabulary, error) {
	v := &vocabulary{fields: map[string][]string{}, urlEncoded: urlEncoded}
	add := func(field string, words []string) {
		for _, word := range words {
			if !slices.Contains(v.fields[word], field) {
				v.fields[word] = append(v.fields[word], field)
			}
		}
	}
	for field, words := range fields {
		add(field, words)
	}
	for _, field := range slices.Sorted(maps.Keys(extra)) {
		words := extra[field]
		if field == "user" {
			field = "login"
		}
		if fields[field] == nil {
			return nil, backend.Refused(fmt.Errorf(`argument "extra_conn_words" has an unknown field (known: %s, user)`,
				strings.Join(slices.Sorted(maps.Keys(fields)), ", ")))
		}
		add(field, words)
	}
	return v, nil
}

// connections makes the connection of a secret's text.
func (v *vocabulary) connections(id, text string) ([]secrets.Connection, error) {
	trimmed := strings.TrimFunc(text, isSpace)
	if !strings.HasPrefix(trimmed, "{") {
		return secrets.ConnectionsFromText(id, text)
	}
	object, err := v.standardize(trimmed)
	if err != nil {
		return nil, err
	}
	conns, err := secrets.ConnectionsFromText(id, object)
	if syntax, ok := errors.AsType[*secrets.SyntaxError](err); ok {
		syntax.Offset = 0 // it counts the bytes of object, which nobody has seen
	}
	return conns, err
}

// isSpace reports whether Airflow strips r.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// standardize turns a secret's JSON object into the JSON form of a connection: for each field the value of the first key,
// in the secret's own order, that is a name of it. Other keys are left out.
func (v *vocabulary) standardize(text string) (string, error) {
	object, err := readObject(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	set := map[string]bool{}
	for _, key := range object.keys {
		for _, field := range v.fields[key] {
			if set[field] {
				continue
			}
			set[field] = true
			value := object.values[key]
			if v.urlEncoded {
				if value, err = unquote(field, value); err != nil {
					return "", err
				}
			}
			separator := `,"`
			if b.Len() == 0 {
				separator = `{"`
			}
			b.WriteString(separator + field + `":`)
			b.Write(value)
		}
	}
	if b.Len() == 0 {
		return "{}", nil
	}
	return b.String() + "}", nil
}

// orderedObject is a JSON object as Python has it: a repeated key keeps its first place and takes its last value.
type orderedObject struct {
	keys   []string
	values map[string]json.RawMessage
}

func readObject(text string) (orderedObject, error) {
	object := orderedObject{values: map[string]json.RawMessage{}}
	d := json.NewDecoder(strings.NewReader(text))
	malformed := func() (orderedObject, error) {
		return orderedObject{}, &secrets.SyntaxError{Form: "JSON", Offset: int(d.InputOffset()), Reason: "not one JSON object"}
	}
	if _, err := d.Token(); err != nil { // the { that it begins with
		return malformed()
	}
	for d.More() {
		token, err := d.Token()
		key, isKey := token.(string)
		if err != nil || !isKey {
			return malformed()
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return malformed()
		}
		if _, again := object.values[key]; !again {
			object.keys = append(object.keys, key)
		}
		object.values[key] = value
	}
	if _, err := d.Token(); err != nil || strings.TrimSpace(text[d.InputOffset():]) != "" {
		return malformed()
	}
	return object, nil
}

// unquote decodes every %XX of a JSON text; other values stay. A plus sign is not a space, and a % that begins no escape
// is itself, as in Airflow.
func unquote(field string, value json.RawMessage) (json.RawMessage, error) {
	var text string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return value, nil
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if high, low := hexDigit(text[i+1]), hexDigit(text[i+2]); high >= 0 && low >= 0 {
				decoded = append(decoded, byte(high<<4|low))
				i += 2
				continue
			}
		}
		decoded = append(decoded, text[i])
	}
	if !utf8.Valid(decoded) {
		return nil, &secrets.SyntaxError{Form: "JSON", Part: field, Reason: "its percent-encoding is not UTF-8"}
	}
	return json.Marshal(string(decoded))
}

// hexDigit returns a digit's value, -1 for what is none.
func hexDigit(c byte) int { return strings.IndexByte("0123456789abcdef", lower(c)) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'F' {
		return c + 'a' - 'A'
	}
	return c
}
