package secrets_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vectors"
)

// planted stands for a secret that is in what is parsed. It survives every step: no escapes, one letter case.
const planted = "hunter2isplanted"

// requireNoLeak requires that nothing printed of the outcome holds the planted secret where it is a password, an extra or an error.
func requireNoLeak(t testing.TB, c secrets.Connection, err error) {
	t.Helper()
	if err != nil {
		require.False(t, leaks(err.Error()+fmt.Sprintf("%+v %#v", err, err), planted), "the error holds the planted secret")
		return
	}
	shown := c.Type + c.Host + c.Login + c.Schema
	if leaks(shown, planted) {
		return // it is in a field that is shown
	}
	require.False(t, leaks(fmt.Sprintf("%v %+v %#v %s", c, c, c, c.GoString()), planted), "a printed form holds the planted secret")
}

// requireChecked requires that CheckText says of a text what becomes of it.
func requireChecked(t testing.TB, text string) {
	t.Helper()
	_, want := secrets.ConnectionsFromText("c", text)
	require.True(t, fmt.Sprint(secrets.CheckText("c", text)) == fmt.Sprint(want), "CheckText and ConnectionsFromText differ")
}

// requireReadBack requires that a connection which was parsed is read back equal from its JSON form, and from its URI form
// but for what a URI cannot carry.
func requireReadBack(t testing.TB, c secrets.Connection) {
	t.Helper()
	fromJSON, err := secrets.ParseJSON(c.JSON().Reveal())
	require.NoError(t, err, "own JSON")
	fromJSON.ID = c.ID
	require.True(t, fromJSON.Equal(c), "JSON is read back as another connection")

	fromURI, err := secrets.ParseURI(c.URI().Reveal())
	if !isPlainType(c.Type) {
		requireSyntaxError(t, err, c.URI().Reveal())
		return
	}
	require.NoError(t, err, "own URI")
	expected := c
	expected.ID, expected.Description = "", ""
	expected.Type, expected.Host = fromURI.Type, fromURI.Host
	require.True(t, fromURI.Equal(expected), "URI is read back as another connection")
	if c.Type = strings.ToLower(c.Type); c.Type == "postgresql" {
		c.Type = "postgres"
	}
	require.Equal(t, c.Type, fromURI.Type)
	require.Equal(t, lowered(c.Host), lowered(fromURI.Host))

	typed, err := secrets.ParseTypedURI(c.TypedURI().Reveal())
	require.NoError(t, err, "own typed URI")
	require.True(t, typed.Equal(fromURI), "a typed URI is read back as another connection")

	again, err := secrets.ParseURI(fromURI.URI().Reveal())
	require.NoError(t, err)
	require.True(t, again.Equal(fromURI), "what a URI was read as is not stable")
}

// lowered is a host without its letter case.
func lowered(host string) string {
	return strings.ToLower(strings.ReplaceAll(host, "İ", "i̇"))
}

func FuzzParseURI(f *testing.F) {
	for _, v := range vectors.Load[struct{ URI string }](f, "connection_uri.json") {
		f.Add(v.URI)
	}
	for _, v := range uriRows {
		f.Add(v.uri)
	}
	for _, text := range []string{"t://u:" + planted + "@h:1/s?a=" + planted, "t://u:a/" + planted + "@h", "t://u:1#" + planted + "@h",
		planted, "t://h?__extra__=" + planted, "t://[" + planted + "]", "my_t://u:" + planted + "@h", "a://u:" + planted + "@b://c",
		"", " \u00a0", "\x1ft://h\n", "t://h?%5F_extra__=%7B%7D&__extra__=" + planted} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		requireChecked(t, text)
		c, err := secrets.ParseURI(text)
		requireNoLeak(t, c, err)
		if err != nil {
			requireSyntaxError(t, err, text)
			return
		}
		requireReadBack(t, c)
		typed, err := secrets.ParseTypedURI(text)
		require.NoError(t, err, "what is read untyped is read typed")
		requireNoLeak(t, typed, nil)
		requireReadBack(t, typed)
		stripped, err := secrets.Parse(text)
		if text == strings.Trim(strings.TrimSpace(text), "\x1c\x1d\x1e\x1f") && err == nil && text[0] != '{' {
			require.True(t, stripped.Equal(c), "Parse differs from ParseURI")
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	for _, v := range vectors.Load[struct{ JSON string }](f, "connection_json.json") {
		f.Add(v.JSON)
	}
	for _, text := range []string{`{"password": "` + planted + `"`, `{"` + planted + `": 1}`, `{"port": "` + planted + `"}`, `{"extra": "` + planted + `"}`,
		`{"extra": {"a": "` + planted + `"}, "password": "` + planted + `"}`, `{"uri": "t://u:` + planted + `@h:x"}`, `{"host": ` + planted + `}`, ` {"conn_id": "c"} `, `{"conn_id": "d"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		requireChecked(t, text)
		c, err := secrets.ParseJSON(text)
		requireNoLeak(t, c, err)
		if err != nil {
			requireSyntaxError(t, err, text)
			return
		}
		requireReadBack(t, c)
		_, err = c.ExtraMap()
		require.NoError(t, err, "an extra that was accepted cannot be decoded")
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("t", "d", "h", "s", "l", planted, 1, `{"a": "`+planted+`"}`)
	f.Add("", "", "a://b://c", "//", "@", ":", 65535, `{"__extra__": "x"}`)
	f.Add("my-t", "\xff", "k8s://H\x00", "\xff", "%", "%zz", 0, "{\"\\ud800\": 1}")
	f.Fuzz(func(t *testing.T, connType, description, host, schema, login, password string, port int, extra string) {
		c := secrets.Connection{ID: "c", Type: connType, Description: description, Host: host, Schema: schema, Login: login,
			Password: secrets.NewSecret(password), Port: port, Extra: secrets.NewSecret(extra)}
		requireNoLeak(t, c, nil)
		require.True(t, isPrintableASCII(c.String()), "a printed form with odd characters")
		require.True(t, isPrintableASCII(c.URI().Reveal()), "a URI with odd characters")
		if c.Validate() != nil {
			_, _ = secrets.ParseURI(c.URI().Reveal())
			_, _ = secrets.ParseJSON(c.JSON().Reveal())
			return
		}
		c.Type = strings.ReplaceAll(c.Type, "-", "_")
		if c.Type == "postgresql" {
			c.Type = "postgres"
		}
		requireReadBack(t, c)
	})
}

func isPrintableASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r >= utf8.RuneSelf-1 }) < 0
}

// connections draws any connection that can be stored and that a URI can carry whole.
func connections() *rapid.Generator[secrets.Connection] {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9/:@?#%&+=\[\]{}"'\\ .~_-]*`), rapid.Just(""))
	return rapid.Custom(func(t *rapid.T) secrets.Connection {
		extra := rapid.OneOf(
			rapid.Just(""),
			rapid.Map(rapid.MapOf(text, text), func(m map[string]string) string { return jsonOf(m) }),
			rapid.Map(rapid.MapOf(text, rapid.SliceOf(rapid.Int())), func(m map[string][]int) string { return jsonOf(m) }),
			rapid.Map(text, func(s string) string { return jsonOf(map[string]string{"__extra__": s}) }),
		)
		host := rapid.OneOf(text, rapid.Map(text, func(s string) string { return "k8s://" + s })).Draw(t, "host")
		return secrets.Connection{
			Type:     rapid.StringMatching(`([a-z][a-z0-9+._]*)?`).Filter(func(s string) bool { return s != "postgresql" }).Draw(t, "type"),
			Host:     lowered(host),
			Login:    text.Draw(t, "login"),
			Password: secrets.NewSecret(text.Draw(t, "password")),
			Port:     rapid.IntRange(0, 65535).Draw(t, "port"),
			Schema:   text.Draw(t, "schema"),
			Extra:    secrets.NewSecret(extra.Draw(t, "extra")),
		}
	})
}

func TestPropertyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := connections().Draw(t, "connection")
		fromURI, err := secrets.ParseURI(c.URI().Reveal())
		if err != nil || !fromURI.Equal(c) {
			t.Fatalf("URI is not read back equal")
		}
		c.Description = rapid.String().Draw(t, "description")
		c.Host = rapid.String().Draw(t, "any host")
		fromJSON, err := secrets.ParseJSON(c.JSON().Reveal())
		if err != nil || !fromJSON.Equal(c) {
			t.Fatalf("JSON is not read back equal")
		}
	})
}
