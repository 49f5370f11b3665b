package secrets_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

func withExtra(text string) secrets.Connection {
	return secrets.Connection{Extra: secrets.NewSecret(text)}
}

func TestExtraMap(t *testing.T) {
	m, err := withExtra(` {"n": 123456789012345678901234567890, "f": 1.0, "a": "[1]", "t": "x", "o": {"d": "2"}} `).ExtraMap()
	require.NoError(t, err)
	want := map[string]any{"n": json.Number("123456789012345678901234567890"), "f": json.Number("1.0"), "a": "[1]", "t": "x",
		"o": map[string]any{"d": "2"}}
	assert.Equal(t, want, m)

	for _, none := range []string{"", " \n", "{}"} {
		m, err := withExtra(none).ExtraMap()
		require.NoError(t, err)
		assert.Equal(t, map[string]any{}, m)
		m["mine"] = true
	}
}

func TestNestedExtraMap(t *testing.T) {
	m, err := withExtra(`{"a": "[1]", "b": "x", "c": {"d": "2"}, "e": "7", "f": ""}`).NestedExtraMap()
	require.NoError(t, err)
	want := map[string]any{"a": []any{json.Number("1")}, "b": "x", "c": map[string]any{"d": "2"}, "e": json.Number("7"), "f": ""}
	assert.Equal(t, want, m)
}

func TestExtraMapRefused(t *testing.T) {
	for _, bad := range []string{"x", "[]", `{"a": 1}{}`, "{\"a\": NaN}", "{\"\xff\": 1}"} {
		m, err := withExtra(bad).ExtraMap()
		requireSyntaxError(t, err, bad)
		assert.Nil(t, m)
		m, err = withExtra(bad).NestedExtraMap()
		requireSyntaxError(t, err, bad)
		assert.Nil(t, m)
	}
}

func TestDecodeExtra(t *testing.T) {
	var v struct {
		Size  int
		Other any
	}
	v.Size = 3
	require.NoError(t, withExtra("").DecodeExtra(&v))
	assert.Equal(t, 3, v.Size, "left as it was")
	require.NoError(t, withExtra(`{"size": 5, "other": 1e400, "unknown": []}`).DecodeExtra(&v))
	assert.Equal(t, 5, v.Size)
	assert.Equal(t, json.Number("1e400"), v.Other)
}

// refusing is a type whose UnmarshalJSON fails and repeats what it was given.
type refusing struct{}

func (refusing) UnmarshalJSON(data []byte) error { return errors.New(string(data)) }

// mistyped is one whose UnmarshalJSON repeats it in the words of encoding/json.
type mistyped struct{}

func (mistyped) UnmarshalJSON(data []byte) error {
	return &json.UnmarshalTypeError{Value: string(data), Struct: string(data), Field: string(data)}
}

func TestDecodeExtraRefused(t *testing.T) {
	const planted = "HUNTER2"
	var size struct {
		Pool struct{ Size int8 }
	}
	for name, v := range map[string]struct {
		extra  string
		into   any
		reason string
	}{
		"not JSON":           {planted, &size, "not a JSON object"},
		"a list":             {`["HUNTER2"]`, &size, "not a JSON object"},
		"text after":         {`{} HUNTER2`, &size, "not a JSON object"},
		"text for a number":  {`{"pool": {"size": "HUNTER2"}}`, &size, "does not fit int8"},
		"number too large":   {`{"pool": {"size": 77777}}`, &size, "does not fit int8"},
		"own UnmarshalJSON":  {`{"a": "HUNTER2"}`, &struct{ A refusing }{}, "does not fit"},
		"own type error":     {`{"a": "HUNTER2"}`, &struct{ A mistyped }{}, "does not fit"},
		"a time":             {`{"a": "HUNTER2"}`, &struct{ A time.Time }{}, "does not fit"},
		"values of a map":    {`{"HUNTER2": "HUNTER2"}`, &map[string]int{}, "does not fit"},
		"keys of other type": {`{"HUNTER2": 1}`, &map[int]int{}, "does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			err := withExtra(v.extra).DecodeExtra(v.into)
			requireSyntaxError(t, err, v.extra)
			require.ErrorContains(t, err, v.reason)
			assert.False(t, leaks(err.Error(), planted) || leaks(err.Error(), "77777"), "the error holds a value")
		})
	}
	var invalid *json.InvalidUnmarshalError
	require.ErrorAs(t, withExtra("").DecodeExtra(size), &invalid)
	require.ErrorAs(t, withExtra("{}").DecodeExtra(nil), &invalid)
}

func TestEqual(t *testing.T) {
	base := secrets.Connection{ID: "c", Type: "t", Description: "d", Host: "h", Schema: "s", Login: "l",
		Password: secrets.NewSecret("p"), Port: 1, Extra: secrets.NewSecret(`{"a": 1, "b": {"c": [1.0, null]}}`)}
	assert.True(t, base.Equal(base))
	for field, change := range map[string]func(*secrets.Connection){
		"ID":            func(c *secrets.Connection) { c.ID = "x" },
		"Type":          func(c *secrets.Connection) { c.Type = "x" },
		"Description":   func(c *secrets.Connection) { c.Description = "x" },
		"Host":          func(c *secrets.Connection) { c.Host = "x" },
		"Schema":        func(c *secrets.Connection) { c.Schema = "x" },
		"Login":         func(c *secrets.Connection) { c.Login = "x" },
		"Password":      func(c *secrets.Connection) { c.Password = secrets.NewSecret("x") },
		"Port":          func(c *secrets.Connection) { c.Port = 2 },
		"no Extra":      func(c *secrets.Connection) { c.Extra = secrets.Secret{} },
		"number":        func(c *secrets.Connection) { c.Extra = secrets.NewSecret(`{"a": 1, "b": {"c": [1, null]}}`) },
		"order of list": func(c *secrets.Connection) { c.Extra = secrets.NewSecret(`{"a": 1, "b": {"c": [null, 1.0]}}`) },
		"not JSON":      func(c *secrets.Connection) { c.Extra = secrets.NewSecret(`{"a": 1, "b": {"c": [1.0, null]}}}`) },
	} {
		t.Run(field, func(t *testing.T) {
			other := base
			change(&other)
			assert.False(t, base.Equal(other))
			assert.False(t, other.Equal(base))
			assert.True(t, other.Equal(other))
		})
	}
	same := base
	same.Extra = secrets.NewSecret("{\"b\":{\"c\":[1.0,null]},\n\"a\":1}")
	assert.True(t, base.Equal(same), "order and space do not matter")
	for _, none := range []string{"", " ", "{}", " { } "} {
		for _, other := range []string{"", "{\n}"} {
			assert.True(t, withExtra(none).Equal(withExtra(other)))
		}
		assert.False(t, withExtra(none).Equal(withExtra("{")))
	}
}
