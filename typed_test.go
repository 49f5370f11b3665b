package secrets_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/secretchain/secrets"
)

// The rows are specification, connection §3.7 and P74, and what follows from them.
func TestParseTypedURI(t *testing.T) {
	for name, c := range map[string]struct{ query, want string }{
		"P74": {"flag=true&n=42&f=1.5&nul=null&s=%22q%22&l=%5B1%2C2%5D&txt=True",
			`{"flag": true, "n": 42, "f": 1.5, "nul": null, "s": "q", "l": [1,2], "txt": "True"}`},
		"texts":                       {"a=hello&b=&c=+&d=01&e=1+2&f=-&g={x", `{"a": "hello", "b": "", "c": " ", "d": "01", "e": "1 2", "f": "-", "g": "{x"}`},
		"an object":                   {"o=%7B%22k%22%3A%22v%22%7D", `{"o": {"k":"v"}}`},
		"blanks around JSON":          {"n=+42%0A", `{"n": 42}`},
		"a long number keeps its own": {"n=12345678901234567890.10", `{"n": 12345678901234567890.10}`},
		"the last value counts":       {"a=1&a=x", `{"a": "x"}`},
		"Python's numbers":            {"a=NaN&b=-Infinity&c=[NaN]", `{"a": "NaN", "b": "-Infinity", "c": "[NaN]"}`},
		"__extra__ as it is":          {"__extra__=%7B%22a%22%3A%221%22%7D&b=2", `{"a": "1"}`},
		"bytes that are no UTF-8":     {"a=%22%FF%22", `{"a": "\ufffd"}`},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := secrets.ParseTypedURI("mysql://host/db?" + c.query)
			require.NoError(t, err)
			want := secrets.Connection{Type: "mysql", Host: "host", Schema: "db", Extra: secrets.NewSecret(c.want)}
			assert.True(t, conn.Equal(want), "another extra")
			back, err := secrets.ParseTypedURI(conn.TypedURI().Reveal())
			require.NoError(t, err)
			assert.True(t, back.Equal(want), "read back as another extra")
		})
	}
}

// A value that would make the extra nest deeper than any extra may stays a text.
func TestTypedExtraDepth(t *testing.T) {
	for depth, typed := range map[int]bool{999: true, 1000: false} {
		value := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		c, err := secrets.ParseTypedURI("t://h/?a=" + value)
		require.NoError(t, err)
		extra, err := c.ExtraMap()
		require.NoError(t, err)
		_, isText := extra["a"].(string)
		assert.Equal(t, typed, !isText, depth)
	}
}

func TestParseTypedURIFailsAsParseURI(t *testing.T) {
	const text = "t://u:a/" + planted + "@h"
	_, want := secrets.ParseURI(text)
	_, err := secrets.ParseTypedURI(text)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Equal(t, want, err)
}

func TestTypedURI(t *testing.T) {
	for name, c := range map[string]struct {
		extra   string
		carried bool // by __extra__
	}{
		"plain texts":            {`{"a": "x", "b": "True", "c": ""}`, false},
		"a number as text (G39)": {`{"a": "1"}`, true},
		"a quoted text":          {`{"a": "\"q\""}`, true},
		"null as text":           {`{"a": "x", "b": " null "}`, true},
		"a list as text":         {`{"a": "[1, 2]"}`, true},
		"what Python would take": {`{"a": "[NaN]", "b": "x"}`, true},
		"a number (G40)":         {`{"a": 1}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			conn := secrets.Connection{Type: "t", Host: "h", Extra: secrets.NewSecret(c.extra)}
			uri := conn.TypedURI().Reveal()
			assert.Equal(t, c.carried, strings.Contains(uri, "__extra__="))
			for reader, parse := range map[string]func(string) (secrets.Connection, error){"typed": secrets.ParseTypedURI, "untyped": secrets.ParseURI} {
				back, err := parse(uri)
				require.NoError(t, err, reader)
				assert.True(t, back.Equal(conn), reader)
			}
		})
	}
}

func TestTypedURIIsReadBack(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"1", "true", " null", `"q"`, "[]", "{}", "NaN", "0x1", "1e5", "-0"}))
	rapid.Check(t, func(t *rapid.T) {
		extra, err := json.Marshal(rapid.MapOf(rapid.String(), text).Draw(t, "extra"))
		require.NoError(t, err)
		c := secrets.Connection{Type: "t", Host: "h", Extra: secrets.NewSecret(string(extra))}
		for reader, parse := range map[string]func(string) (secrets.Connection, error){"typed": secrets.ParseTypedURI, "untyped": secrets.ParseURI} {
			back, err := parse(c.TypedURI().Reveal())
			require.NoError(t, err, reader)
			require.True(t, back.Equal(c), reader)
		}
	})
}
