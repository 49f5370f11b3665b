package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// VariableOr returns the variable, or def if, and only if, it is not found. Any other failure is returned.
func VariableOr(ctx context.Context, b Backend, key, def string) (string, error) {
	text, err := b.GetVariable(ctx, key)
	if err != nil && ClassOf(err) == ErrNotFound {
		return def, nil
	}
	return text, err
}

// VariableJSON decodes the variable, which holds JSON, into a T by the rules of [encoding/json]. A value that does not
// fit fails with a [SyntaxError], which tells where and holds no part of it.
func VariableJSON[T any](ctx context.Context, b Backend, key string) (T, error) {
	var v, zero T
	text, err := b.GetVariable(ctx, key)
	if err != nil {
		return zero, err
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return zero, &Error{Op: "decode", Kind: KindVariable, ID: key, Err: jsonSyntaxError(err)}
	}
	return v, nil
}

// SetVariableJSON stores v as JSON, by the rules of [encoding/json]; [VariableJSON] reads it back. A value that holds a
// Secret or a Connection is refused, for they are encoded as ***: give what Reveal returns.
//
// Errors: [ErrMalformed] for a value that cannot be encoded, before anything is written; those of SetVariable.
func (c *Chain) SetVariableJSON(ctx context.Context, key string, v any) (Written, error) {
	refuse := func(reason string) (Written, error) {
		return Written{}, &Error{Op: "encode", Kind: KindVariable, ID: key, Err: fmt.Errorf("%w: a %T: %s", ErrMalformed, v, reason)}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // its error may quote what was encoded
		return refuse("it cannot be encoded as JSON")
	}
	if bytes.Contains(text.Bytes(), []byte(masked)) {
		return refuse("it holds ***, as secrets are encoded; give their revealed text, or write your own JSON with SetVariable")
	}
	return c.SetVariable(ctx, key, string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))))
}

// jsonSyntaxError keeps the place of an error of encoding/json, and the type that did not fit. The rest of it may quote what was read.
func jsonSyntaxError(err error) *SyntaxError {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &SyntaxError{Form: "JSON", Offset: int(syntax.Offset), Reason: "not valid JSON"}
	case errors.As(err, &kind) && kind.Type != nil:
		return &SyntaxError{Form: "JSON", Offset: int(kind.Offset), Reason: "a value does not fit " + kind.Type.String()}
	}
	return &SyntaxError{Form: "JSON", Reason: "does not fit the type it is decoded into"}
}
