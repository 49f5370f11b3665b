package secretsmanager

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStandardize(t *testing.T) {
	plain, err := newVocabulary(map[string][]string{"user": {"who"}, "password": {"who"}}, false)
	require.NoError(t, err)
	encoded, err := newVocabulary(nil, true)
	require.NoError(t, err)
	for _, row := range []struct {
		name       string
		vocabulary *vocabulary
		text, want string
	}{
		{"nothing known", plain, `{"a": 1, "Host": "h"}`, `{}`},
		{"order of the secret", plain, `{"user": "1", "login": "2"}`, `{"login":"1"}`},
		{"a repeated key keeps its place and takes its last value", plain, `{"user": 1, "login": 2, "user": 3}`, `{"login":3}`},
		{"one word for two fields", plain, `{"who": "w"}`, `{"password":"w","login":"w"}`},
		{"an escaped key", plain, `{"h\u006fst": "h"}`, `{"host":"h"}`},
		{"values as they are", plain, `{"extra": {"b": 1.0, "a": [ ]}}`, `{"extra":{"b": 1.0, "a": [ ]}}`},
		{"percent", encoded, `{"login": "a%2Fb%zz%", "password": "%E2%82%AC+", "extra": {"a": "%41"}, "port": 1}`,
			`{"login":"a/b%zz%","password":"€+","extra":{"a": "%41"},"port":1}`},
		{"a percent sign before a control character is itself", encoded, "{\"login\": \"%\\u00111\"}", `{"login":"%\u00111"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.vocabulary.standardize(row.text)
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
		})
	}
}

// Whatever a secret holds: no panic, an error that shows none of it, or an object of known fields that is left as it is
// when it is read again.
func FuzzStandardize(f *testing.F) {
	for _, seed := range []string{`{}`, `{"user": "u", "pass": "p", "server": "h", "database": "d", "engine": "mysql"}`, `{"host": "a", "host": "b"}`,
		`{"extra": {"a": {"b": [1, null]}}}`, `{"a": `, `{"a": 1}{"b": 2}`, `{'a': 1}`, `{{ x }}`, `{"password": "a%2Fb%FF"}`, `{"\ud800": 1}`} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, urlEncoded bool) {
		const planted = "planted5e7a"
		v, err := newVocabulary(nil, urlEncoded)
		require.NoError(t, err)
		for _, text := range []string{text, strings.ReplaceAll(text, "p", planted)} {
			object, err := v.standardize(text)
			if err != nil {
				require.False(t, strings.Contains(err.Error(), planted), "the error shows the text")
				continue
			}
			var values map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(object), &values))
			for field := range values {
				require.Contains(t, fields, field)
			}
			if !urlEncoded {
				again, err := v.standardize(object)
				require.NoError(t, err)
				require.True(t, again == object, "reading it again changes it")
			}
		}
	})
}
