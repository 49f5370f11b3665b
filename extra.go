package secrets

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/secretchain/secrets/internal/jsontext"
)

// isNoExtra reports whether text is blank or an empty JSON object, which is as good as none.
func isNoExtra(text string) bool {
	s := jsontext.Scanner{Text: text}
	s.Space()
	if s.Peek() == '{' {
		s.Pos++
		s.Space()
		if s.Peek() != '}' {
			return false
		}
		s.Pos++
		s.Space()
	}
	return s.Pos == len(text)
}

// ExtraMap returns the extra as a map of the caller's own, empty when there is none. Numbers are [json.Number], so none loses a digit.
// The error is a [*SyntaxError].
func (c Connection) ExtraMap() (map[string]any, error) {
	m := map[string]any{}
	if err := c.DecodeExtra(&m); err != nil {
		return nil, err
	}
	return m, nil
}

// NestedExtraMap returns what ExtraMap does, with every text at the top level that is JSON itself replaced by what it
// stands for, as Airflow's get_extra_dejson(nested=True).
func (c Connection) NestedExtraMap() (map[string]any, error) {
	m, err := c.ExtraMap()
	if err != nil {
		return nil, err
	}
	for key, value := range m {
		var nested any
		if text, ok := value.(string); ok && json.Valid([]byte(text)) && decodeJSON(text, &nested) == nil {
			m[key] = nested
		}
	}
	return m, nil
}

// DecodeExtra fills v, a pointer, from the extra by the rules of encoding/json; in fields of type any, numbers are
// [json.Number]. Without an extra v stays as it is. The error is a [*SyntaxError] and names no value, whatever v's own
// UnmarshalJSON may say; it is a [*json.InvalidUnmarshalError] where v is not a pointer.
func (c Connection) DecodeExtra(v any) error {
	text := c.Extra.Reveal()
	if jsontext.IsBlank(text) {
		text = "{}"
	}
	if !jsontext.IsObject(text) {
		return &SyntaxError{Form: formConnection, Part: "extra", Reason: "not a JSON object"}
	}
	err := decodeJSON(text, v)
	if err == nil {
		return nil
	}
	if invalid, ok := errors.AsType[*json.InvalidUnmarshalError](err); ok {
		return invalid
	}
	e := jsonSyntaxError(err)
	e.Form, e.Part = formConnection, "extra"
	return e
}

// decodeJSON fills v from text, which is one JSON value.
func decodeJSON(text string, v any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

// sameExtra reports whether two extras hold the same JSON, or neither holds any.
func sameExtra(a, b Secret) bool {
	if a.Equal(b) {
		return true
	}
	x, y := a.Reveal(), b.Reveal()
	if isNoExtra(x) || isNoExtra(y) {
		return isNoExtra(x) && isNoExtra(y)
	}
	if !jsontext.IsObject(x) || !jsontext.IsObject(y) {
		return false
	}
	var v, w any
	return decodeJSON(x, &v) == nil && decodeJSON(y, &w) == nil && reflect.DeepEqual(v, w)
}
