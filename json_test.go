package secrets_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
)

func TestParseJSON(t *testing.T) {
	for _, v := range []struct {
		name, text string
		want       row
	}{
		{"J01", `{"conn_type": "my-conn-type", "login": "my-login", "password": "my-password", "host": "my-host", "port": 1234, "schema": "my-schema", "extra": {"param1": "val1", "param2": "val2"}}`,
			row{"my_conn_type", "my-host", 1234, "my-login", "my-password", "my-schema", `{"param1": "val1", "param2": "val2"}`}},
		{"J02 -", `{"conn_type": "abc-abc"}`, row{Type: "abc_abc"}},
		{"J02 _", `{"conn_type": "abc_abc"}`, row{Type: "abc_abc"}},
		{"J03", `{"conn_type": "postgresql"}`, row{Type: "postgres"}},
		{"J04", `{"conn_type": "PostgreSQL"}`, row{Type: "PostgreSQL"}},
		{"J05", `{"extra": null}`, row{}},
		{"J06", `{"extra": {"yo": "hi"}}`, row{Extra: `{"yo": "hi"}`}},
		{"J07", `{"extra": "{\"yo\": \"hi\"}"}`, row{Extra: `{"yo": "hi"}`}},
		{"J10", `{"extra": {"a": 1, "b": [true, null, "x"]}}`, row{Extra: `{"a": 1, "b": [true, null, "x"]}`}},
		{"J11", `{"password": "pass :/!@#$%^&*(){}\""}`, row{Password: `pass :/!@#$%^&*(){}"`}},
		{"J12", `{"password": "p%20q"}`, row{Password: "p%20q"}},
		{"J13", `{"password": ""}`, row{}},
		{"J14", `{"host": "db", "login": "admin", "password": "s", "port": 5432}`, row{Host: "db", Login: "admin", Password: "s", Port: 5432}},
		{"J15", `{}`, row{}},
		{"J16", `{"uri": "mysql://host_1"}`, row{Type: "mysql", Host: "host_1"}},
		{"J19", `{"conn_type": "http", "host": "https://h:8443/x"}`, row{Type: "http", Host: "https://h:8443/x"}},
		{"raw numbers", `{"extra": {"n": 123456789012345678901234567890, "f": 1.0, "e": 1E400}}`, row{Extra: `{"n": 123456789012345678901234567890, "f": 1.0, "e": 1E400}`}},
		{"empty objects", `{"extra": { }}`, row{}},
		{"port in a text", `{"port": "080"}`, row{Port: 80}},
		{"port in an escaped text", `{"port": "\u0038"}`, row{Port: 8}},
		{"port null", `{"port": null}`, row{}},
		{"port blank", `{"port": ""}`, row{}},
		{"last key wins, even over a bad value", `{"port": "x", "host": 1, "host": "h", "port": 1}`, row{Host: "h", Port: 1}},
		{"escaped key", `{"\u0068ost": "h"}`, row{Host: "h"}},
		{"every escape", `{"login": "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, row{Login: "\"\\/\b\f\n\r\té😀"}},
		{"raw characters beyond ASCII", `{"login": "é😀"}`, row{Login: "é😀"}},
		{"team_name", `{"team_name": "a", "host": "h"}`, row{Host: "h"}},
		{"uri with blanks beside it", `{"uri": "t://h", "host": "", "port": 0, "extra": {}, "login": null}`, row{Type: "t", Host: "h"}},
		{"blank uri", `{"uri": "", "host": "h"}`, row{Host: "h"}},
		{"space everywhere", " \t\r\n{ \"host\" \t:\n\"h\" , \"port\" : 1 } \n", row{Host: "h", Port: 1}},
	} {
		t.Run(v.name, func(t *testing.T) {
			c, err := secrets.ParseJSON(v.text)
			require.NoError(t, err)
			assert.Equal(t, v.want, asRow(c))

			again, err := secrets.ParseJSON(c.JSON().Reveal())
			require.NoError(t, err)
			assert.True(t, again.Equal(c), "read back as another connection")
		})
	}
}

func TestParseJSONNames(t *testing.T) {
	c, err := secrets.ParseJSON(`{"conn_id": "c", "description": "d", "uri": "t://h"}`)
	require.NoError(t, err)
	assert.True(t, c.Equal(secrets.Connection{ID: "c", Description: "d", Type: "t", Host: "h"}))

	list, err := secrets.ConnectionsFromText("c", `{"conn_id": "c"}`)
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = secrets.ConnectionsFromText("other", `{"conn_id": "c"}`)
	require.ErrorIs(t, err, secrets.ErrMalformed)
}

func TestParseJSONRefused(t *testing.T) {
	for _, v := range []struct {
		name, text, part string
		offset           int
		reason           string
	}{
		{"J08", `{"extra": "hi"}`, "extra", 10, "not a JSON object"},
		{"J09 text", `{"extra": "\"hi\""}`, "extra", 10, "not a JSON object"},
		{"J09 list", `{"extra": [1]}`, "extra", 10, "not a text"},
		{"J17", `{"uri": "mysql://", "schema": "AAA"}`, "uri", 8, "uri beside other keys"},
		{"J18", `{"conn_type": "mysql", "user": "x"}`, "", 23, "known are conn_type"},
		{"J20", `{"conn_type": "mysql", "extra_dejson": {}}`, "", 23, "known are conn_type"},
		{"bad uri", `{"uri": "mysql://h:x"}`, "uri", 8, "URI: port, at byte 10: not a number from 0 to 65535"},
		{"uri not a text", `{"uri": 1}`, "uri", 8, "not a text"},
		{"host not a text", `{"host": 5}`, "host", 9, "not a text"},
		{"team_name not a text", `{"team_name": 5}`, "team_name", 14, "not a text"},
		{"conn_id not a text", `{"conn_id": 5}`, "conn_id", 12, "not a text"},
		{"port negative", `{"port": -1}`, "port", 9, "from 0 to 65535"},
		{"port too large", `{"port": 65536}`, "port", 9, "from 0 to 65535"},
		{"port huge", `{"port": 18446744073709551617}`, "port", 9, "from 0 to 65535"},
		{"port a fraction", `{"port": 1.0}`, "port", 9, "from 0 to 65535"},
		{"port true", `{"port": true}`, "port", 9, "from 0 to 65535"},
		{"port spaced", `{"port": " 12 "}`, "port", 9, "from 0 to 65535"},
		{"surrogate alone", `{"host": "\ud800"}`, "host", 9, "surrogate"},
		{"surrogate before another escape", `{"host": "\ud800\u0041"}`, "host", 9, "surrogate"},
		{"surrogate in a key", `{"\ud800": "h"}`, "", 1, "known are conn_type"},
		{"surrogate after a key", `{"host\ud800": "h"}`, "", 1, "known are conn_type"},
		{"not UTF-8", "{\"host\": \"\xff\"}", "", 0, "not UTF-8"},
		{"blank", " ", "", 1, "begins with {"},
		{"a list", "[]", "", 0, "begins with {"},
		{"text after", `{}{}`, "", 2, "after the end"},
		{"no comma", `{"host": "h" "port": 1}`, "", 13, "expected , or }"},
		{"comma at the end", `{"host": "h",}`, "", 13, "expected a key"},
		{"no colon", `{"host"}`, "", 7, "expected :"},
		{"no value", `{"host":}`, "", 8, "expected a JSON value"},
		{"no end", `{"host": "h"`, "", 12, "expected , or }"},
		{"no end of a text", `{"host": "h`, "", 11, "without an end"},
		{"no end of an escape", `{"host": "\`, "", 11, "an escape"},
		{"bad escape", `{"host": "\x"}`, "", 11, "an escape"},
		{"short escape", `{"host": "\u12"}`, "", 11, "an escape"},
		{"escape cut off", `{"host": "\u1`, "", 11, "an escape"},
		{"odd escape", `{"host": "\u12g4"}`, "", 11, "an escape"},
		{"bad value inside", `{"extra": {"a": x}}`, "", 16, "expected a JSON value"},
		{"bad key inside", `{"extra": {"\x": 1}}`, "", 13, "an escape"},
		{"control character", "{\"host\": \"a\nb\"}", "", 11, "control character"},
		{"list without comma", `{"extra": [1 2]}`, "", 13, "expected , or ]"},
		{"number without digits", `{"port": -}`, "", 10, "without digits"},
		{"fraction without digits", `{"port": 1.}`, "", 11, "without digits"},
		{"exponent without digits", `{"port": 1e+}`, "", 12, "without digits"},
		{"leading zero", `{"port": 01}`, "", 10, "expected , or }"},
	} {
		t.Run(v.name, func(t *testing.T) {
			c, err := secrets.ParseJSON(v.text)
			requireSyntaxError(t, err, v.text)
			var e *secrets.SyntaxError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, secrets.SyntaxError{Form: "JSON", Part: v.part, Offset: v.offset, Reason: e.Reason}, *e)
			assert.Contains(t, e.Reason, v.reason)
			assert.True(t, c.Equal(secrets.Connection{}), "a connection beside the error")
		})
	}
}

// An extra may nest 1000 deep, whatever form it comes in and goes out in.
func TestExtraDepth(t *testing.T) {
	nested := func(n int) string { // n arrays and objects around nothing
		return `{"a": ` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	forms := map[string]func(extra string) string{
		"JSON":         func(extra string) string { return `{"extra": ` + extra + `}` },
		"text in JSON": func(extra string) string { return `{"extra": ` + jsonOf(extra) + `}` },
		"URI":          func(extra string) string { return "t://h?__extra__=" + extra },
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			c, err := secrets.Parse(form(nested(1000)))
			require.NoError(t, err)
			_, err = c.ExtraMap()
			require.NoError(t, err)
			for _, text := range []string{c.JSON().Reveal(), c.URI().Reveal()} {
				again, err := secrets.Parse(text)
				require.NoError(t, err)
				assert.True(t, again.Equal(c), "read back as another connection")
			}
			_, err = secrets.Parse(form(nested(1001)))
			requireSyntaxError(t, err, form(nested(1001)))
		})
	}
	_, err := secrets.ParseJSON(forms["JSON"](nested(1001)))
	assert.ErrorContains(t, err, "too deep")
}

func TestParse(t *testing.T) {
	for name, text := range map[string]string{
		"URI":               "t://h",
		"JSON":              `{"conn_type": "t", "host": "h"}`,
		"space around":      " \n\x1c\u00a0\u2028t://h\u3000\u0085\v ",
		"space around JSON": "\u00a0{\"conn_type\": \"t\", \"host\": \"h\"}\u2003",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := secrets.Parse(text)
			require.NoError(t, err)
			assert.True(t, c.Equal(secrets.Connection{Type: "t", Host: "h"}))
		})
	}
	for name, text := range map[string]string{"empty": "", "blank": " \n\u00a0", "a byte order mark": "\ufeff{}", "word": "x"} {
		t.Run(name, func(t *testing.T) {
			_, err := secrets.Parse(text)
			requireSyntaxError(t, err, text)
		})
	}
	t.Run("offset", func(t *testing.T) {
		_, err := secrets.Parse("\u00a0\nt://h:x")
		var e *secrets.SyntaxError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 9, e.Offset)
	})
}

func TestJSON(t *testing.T) {
	for _, v := range []struct {
		name string
		conn secrets.Connection
		want string
	}{
		{"nothing", secrets.Connection{}, `{}`},
		{"empty extra", secrets.Connection{Host: "apache.org", Extra: secrets.NewSecret("{ }")}, `{"host": "apache.org"}`},
		{"everything but the id", secrets.Connection{ID: "c", Type: "bar", Description: "Sample Description", Host: "example.org", Login: "user",
			Password: secrets.NewSecret("p@$$"), Schema: "schema", Port: 777, Extra: secrets.NewSecret(`{"foo": "bar", "answer": 42}`)},
			`{"conn_type": "bar", "description": "Sample Description", "host": "example.org", "login": "user", "password": "p@$$", "schema": "schema", "port": 777, "extra": {"foo": "bar", "answer": 42}}`},
		{"ASCII", secrets.Connection{Host: "é😀<>&\x7f\x00\"\\\n\xff"}, `{"host": "\u00e9\ud83d\ude00<>&\u007f\u0000\"\\\n\ufffd"}`},
		{"an extra that is no object", secrets.Connection{Extra: secrets.NewSecret(`"x`)}, `{"extra": "\"x"}`},
	} {
		t.Run(v.name, func(t *testing.T) {
			got := v.conn.JSON().Reveal()
			assert.Equal(t, v.want, got)
			assert.True(t, json.Valid([]byte(got)))
		})
	}
}
