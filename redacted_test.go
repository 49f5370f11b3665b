package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/secretchain/secrets"
)

func TestString(t *testing.T) {
	for _, v := range []struct {
		name string
		conn row
		want string
	}{
		{"everything", row{"my_type", "host", 1, "login", "p", "schema", `{"a": "b"}`}, "my-type://login:***@host:1/schema?***"},
		{"nothing", row{}, "//"},
		{"no password", row{"t", "h", 0, "l", "", "", ""}, "t://l@h"},
		{"password alone", row{"t", "", 1, "", "p", "", ""}, "t://:***@:1"},
		{"extra alone", row{"t", "", 0, "", "", "", "no JSON"}, "t:///?***"},
		{"host with a protocol", row{"spark", "k8s://h:1", 0, "l", "p", "", ""}, "spark://k8s://l:***@h%3A1"},
		{"host with a password", row{"http", "https://u:p@h/x?token=t", 0, "", "", "", ""}, "http://https://***@h%2Fx?***"},
		{"forged line", row{"t", "h\nlevel=ERROR", 0, "a\r\n\x1b[31mb", "", "\x00", ""}, "t://a%0D%0A%1B%5B31mb@h%0Alevel%3DERROR/%00"},
		{"odd type", row{"a\nb", "h", 0, "", "", "", ""}, "a%0Ab://h"},
	} {
		t.Run(v.name, func(t *testing.T) {
			assert.Equal(t, v.want, v.conn.connection().String())
		})
	}
}

// No way of printing or encoding a connection, alone or inside something, shows its password or extra, in any encoding; nor
// what a Description or a host may hold of them, except for the two verbs for which fmt calls no method.
func TestConnectionLeaksNothing(t *testing.T) {
	const planted = "HUNTER2"
	bare := secrets.Connection{ID: "c", Type: "t", Login: "l", Schema: "s",
		Password: secrets.NewSecret(planted), Port: 1, Extra: secrets.NewSecret(`{"k": "` + planted + `"}`)}
	c := bare
	c.Description, c.Host = planted, "u:"+planted+"@h?"+planted
	inside := struct {
		Value   secrets.Connection
		Pointer *secrets.Connection
		List    []secrets.Connection
		ByName  map[string]secrets.Connection
		Any     any
	}{c, &c, []secrets.Connection{c}, map[string]secrets.Connection{"a": c}, c}

	printed := map[string]string{}
	for _, verb := range "vsqxXdTptbcoOUeEfFgGw" {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#10.3"} {
			format := "%" + flags + string(verb)
			conn := c
			if verb == 'p' || verb == 'w' {
				conn = bare
			}
			for how, v := range map[string]any{"value": conn, "pointer": &conn, "list": []secrets.Connection{conn},
				"map": map[string]secrets.Connection{"a": conn}, "struct": struct{ A, B any }{conn, &conn}} {
				printed[how+" "+format] = fmt.Sprintf(format, v)
			}
		}
	}
	printed["exported field"] = fmt.Sprintf("%+v %#v", struct{ C secrets.Connection }{c}, struct{ C *secrets.Connection }{&c})
	private := struct{ c secrets.Connection }{bare} // where fmt calls no method
	printed["unexported field"] = fmt.Sprintf("%v %+v %#v", private, private, private)
	printed["Stringer and GoStringer"] = c.String() + c.GoString()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "c", c, "pointer", &c, "list", inside.List, "struct", struct{ C secrets.Connection }{c})
		printed[name] = b.String()
	}
	encoded := func(name string, data []byte, err error) {
		require.NoError(t, err, name)
		printed[name] = string(data)
	}
	data, err := json.Marshal(inside)
	encoded("encoding/json", data, err)
	assert.Contains(t, string(data), `"t://l:***@***@h?***:1/s?***"`)
	data, err = xml.Marshal(c)
	encoded("encoding/xml", data, err)
	data, err = yaml.Marshal(struct{ C secrets.Connection }{c})
	encoded("yaml", data, err)
	data, err = c.MarshalText()
	encoded("MarshalText", data, err)
	var b bytes.Buffer
	require.Error(t, gob.NewEncoder(&b).Encode(c), "encoding/gob has nothing to encode a Secret by")
	printed["encoding/gob"] = b.String()

	for how, text := range printed {
		for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("% x", planted), fmt.Sprint([]byte(planted))} {
			assert.False(t, leaks(text, strings.Trim(form, "[]")), how)
		}
	}
}
