package backend

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/jsontext"
	"github.com/secretchain/secrets/internal/nearest"
)

// argumentError is a reason that is safe to show: it holds no part of the argument's value.
type argumentError string

func (e argumentError) Error() string { return string(e) }
func (e argumentError) Unwrap() error { return secrets.ErrMalformed }

// ArgumentError makes the error that an argument type's own UnmarshalJSON or UnmarshalText returns when its reason,
// which must hold no part of the value, may be shown. [DecodeKwargs] shows no other reason.
func ArgumentError(reason string) error { return argumentError(reason) }

// KwargHinter is implemented by an arguments struct that knows of names that were renamed or removed: the hint is
// shown when one of them is given.
type KwargHinter interface{ KwargHints() map[string]string }

// DecodeKwargs fills the struct that v points to from Airflow's backend_kwargs, a JSON object whose names are the
// struct's json tags. Unknown names are refused with the list of known ones and a hint for near misses; a repeated
// name and trailing text are refused too. Blank kwargs and null are no arguments. An error wraps secrets.ErrMalformed and
// shows no value.
//
// An absent name leaves its field as it was. Null, blank and absent are told apart by fields of type [Prefix],
// pointers and types with their own UnmarshalJSON; for other fields null is as absent. A JSON string given for a field
// that is no text is read as the JSON of that field: AIRFLOW__SECRETS__BACKEND_KWARG__KEY variables hold such strings
// (specification, lookup §5.3).
func DecodeKwargs(kwargs json.RawMessage, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		panic("backend: DecodeKwargs needs a pointer to a struct")
	}
	args, err := splitObject(kwargs)
	if err != nil {
		return Refused(err)
	}
	fields := make(map[string]reflect.Value)
	collectFields(target.Elem(), fields)
	hints := map[string]string{}
	if h, ok := v.(KwargHinter); ok {
		hints = h.KwargHints()
	}
	var problems []error
	for _, arg := range args {
		field, known := fields[arg.name]
		switch {
		case !known:
			problems = append(problems, unknownArgument(arg.name, hints[arg.name], fields))
		default:
			if err := decodeArgument(arg.value, field); err != nil {
				problems = append(problems, fmt.Errorf("argument %q %w", arg.name, err))
			}
		}
	}
	return Refused(errors.Join(problems...))
}

type argument struct {
	name  string
	value json.RawMessage
}

// splitObject takes the top level of a JSON object apart, in order. Its errors tell offsets and names only.
func splitObject(text json.RawMessage) ([]argument, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	if !utf8.Valid(text) { // encoding/json would replace what is none
		return nil, errors.New("arguments are not UTF-8 text")
	}
	if text[0] != '{' {
		return nil, errors.New("arguments must be one JSON object, such as {\"connections_prefix\": \"airflow\"}")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	malformed := func() error {
		return fmt.Errorf("arguments are not valid JSON near byte %d: check quotes, commas and braces", d.InputOffset())
	}
	if _, err := d.Token(); err != nil {
		return nil, malformed()
	}
	var args []argument
	seen := make(map[string]bool)
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, malformed()
		}
		if seen[name] {
			return nil, fmt.Errorf("argument %q is given twice", shown(name))
		}
		seen[name] = true
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, malformed()
		}
		args = append(args, argument{name, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, malformed()
	}
	if len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return nil, fmt.Errorf("arguments have text after the JSON object, at byte %d", d.InputOffset())
	}
	return args, nil
}

// collectFields maps argument names to the settable fields of a struct, those of embedded structs included.
func collectFields(s reflect.Value, into map[string]reflect.Value) {
	for i := range s.NumField() {
		field := s.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			collectFields(s.Field(i), into)
		case name != "" && name != "-" && field.IsExported():
			into[name] = s.Field(i)
		}
	}
}

func decodeArgument(value json.RawMessage, field reflect.Value) error {
	if value[0] == '"' {
		if _, whole := jsontext.Unquote(string(value)); !whole { // encoding/json would put U+FFFD into a password
			return argumentError("holds half of a surrogate pair, which no text holds")
		}
	}
	if json.Unmarshal(value, field.Addr().Interface()) == nil {
		return nil
	}
	var text string
	if json.Unmarshal(value, &text) == nil && !hasOwnDecoder(field) {
		if text == "True" || text == "False" { // Python's way to write a boolean
			text = strings.ToLower(text)
		}
		if json.Unmarshal([]byte(text), field.Addr().Interface()) == nil {
			return nil
		}
	}
	var safe argumentError
	if err := json.Unmarshal(value, field.Addr().Interface()); errors.As(err, &safe) {
		return safe
	}
	return argumentError("must be " + wanted(field.Type()))
}

func hasOwnDecoder(field reflect.Value) bool {
	switch field.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// wanted says what JSON a Go type is filled from.
func wanted(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a string"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem()) + " or null"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "of another type"
}

func unknownArgument(name, hint string, fields map[string]reflect.Value) error {
	known := slices.Sorted(maps.Keys(fields))
	text := fmt.Sprintf("unknown argument %q", shown(name))
	switch near := nearest.To(strings.ToLower(name), known...); {
	case hint != "":
		text += ": " + hint
	case near != "":
		text += fmt.Sprintf(": did you mean %q?", near)
	}
	if len(known) == 0 {
		return &unknownArgumentError{text + " (none are known)", nil}
	}
	return &unknownArgumentError{text + " (known: " + strings.Join(known, ", ") + ")", known}
}

type unknownArgumentError struct {
	text  string
	known []string
}

func (e *unknownArgumentError) Error() string { return e.text }

// shown is a name as an error may quote it. A name this long is no name: perhaps a value in the wrong place.
func shown(name string) string {
	if len(name) > 64 {
		return "(a name of more than 64 bytes)"
	}
	return name
}
