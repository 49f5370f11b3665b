package backend_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

type shared struct {
	Region string `json:"region_name"`
}

type arguments struct {
	shared
	Shared
	Connections backend.Prefix    `json:"connections_prefix"`
	Pattern     backend.Pattern   `json:"connections_lookup_pattern"`
	Sep         *string           `json:"sep"`
	Version     int               `json:"kv_engine_version"`
	SSL         bool              `json:"use_ssl"`
	Token       secrets.Secret    `json:"token"`
	Words       map[string]string `json:"words"`
	Ignored     string
}

// Shared is what several stores take.
type Shared struct {
	Profile string `json:"profile_name"`
}

func (*arguments) KwargHints() map[string]string {
	return map[string]string{"full_url_mode": "removed from Airflow, secrets in either form are read"}
}

func TestDecodeKwargs(t *testing.T) {
	for name, tc := range map[string]struct {
		kwargs string
		check  func(t *testing.T, a arguments)
	}{
		"none":     {``, func(t *testing.T, a arguments) { assert.True(t, a.Connections.IsZero()) }},
		"blank":    {"  \n", func(t *testing.T, a arguments) { assert.True(t, a.Connections.IsZero()) }},
		"null":     {`null`, func(t *testing.T, a arguments) { assert.True(t, a.Connections.IsZero()) }},
		"empty":    {`{}`, func(t *testing.T, a arguments) { assert.Nil(t, a.Sep) }},
		"absent":   {`{"sep": "-"}`, func(t *testing.T, a arguments) { assert.True(t, a.Connections.IsZero()) }},
		"null off": {`{"connections_prefix": null}`, func(t *testing.T, a arguments) { assert.Equal(t, backend.Off, a.Connections) }},
		"blank at": {`{"connections_prefix": ""}`, func(t *testing.T, a arguments) { assert.Equal(t, backend.At(""), a.Connections) }},
		"at":       {`{"connections_prefix": "a"}`, func(t *testing.T, a arguments) { assert.Equal(t, backend.At("a"), a.Connections) }},
		"pattern": {`{"connections_lookup_pattern": "^a"}`, func(t *testing.T, a arguments) {
			assert.True(t, a.Pattern.Match("ab"))
			assert.False(t, a.Pattern.Match("b"))
		}},
		"null all":   {`{"connections_lookup_pattern": null}`, func(t *testing.T, a arguments) { assert.True(t, a.Pattern.Match("b")) }},
		"number":     {`{"kv_engine_version": 1}`, func(t *testing.T, a arguments) { assert.Equal(t, 1, a.Version) }},
		"raw number": {`{"kv_engine_version": "1"}`, func(t *testing.T, a arguments) { assert.Equal(t, 1, a.Version) }},
		"raw bool":   {`{"use_ssl": "True"}`, func(t *testing.T, a arguments) { assert.True(t, a.SSL) }},
		"raw object": {`{"words": "{\"a\": \"b\"}"}`, func(t *testing.T, a arguments) { assert.Equal(t, "b", a.Words["a"]) }},
		"secret":     {`{"token": "t"}`, func(t *testing.T, a arguments) { assert.True(t, a.Token.Equal(secrets.NewSecret("t"))) }},
		"embedded":   {`{"profile_name": "p"}`, func(t *testing.T, a arguments) { assert.Equal(t, "p", a.Profile) }},
	} {
		t.Run(name, func(t *testing.T) {
			var a arguments
			require.NoError(t, backend.DecodeKwargs(json.RawMessage(tc.kwargs), &a))
			tc.check(t, a)
		})
	}
}

func TestDecodeKwargsRefuses(t *testing.T) {
	const planted = "pLanted5ecret"
	for name, tc := range map[string]struct{ kwargs, says string }{
		"a list":             {`["` + planted + `"]`, "one JSON object"},
		"a string":           {`"` + planted + `"`, "one JSON object"},
		"Python quotes":      {`{'token': '` + planted + `'}`, "not valid JSON near byte"},
		"a comma too many":   {`{"token": "` + planted + `",}`, "not valid JSON near byte"},
		"cut off":            {`{"token": "` + planted, "not valid JSON near byte"},
		"trailing text":      {`{"token": "x"} ` + planted, "text after the JSON object"},
		"a repeated name":    {`{"sep": "` + planted + `", "sep": "-"}`, `"sep" is given twice`},
		"an unknown name":    {`{"vault_path": "` + planted + `"}`, "known: connections_lookup_pattern, connections_prefix"},
		"a near miss":        {`{"connection_prefix": "` + planted + `"}`, `did you mean "connections_prefix"?`},
		"a removed name":     {`{"full_url_mode": true}`, "removed from Airflow"},
		"a value as a name":  {`{"` + strings.Repeat(planted, 10) + `": 1}`, "a name of more than 64 bytes"},
		"another case":       {`{"Token": "` + planted + `"}`, `did you mean "token"?`},
		"a field's own name": {`{"Ignored": "` + planted + `"}`, `unknown argument "Ignored"`},
		"upper case":         {`{"TOKEN": "` + planted + `"}`, `did you mean "token"?`},
		"half a surrogate":   {`{"token": "` + planted + `\ud800"}`, "half of a surrogate pair"},
		"no UTF-8":           {"{\"token\": \"" + planted + "\xff\"}", "not UTF-8"},
		"a number as text":   {`{"token": 12345678}`, `argument "token" must be a string`},
		"a text as number":   {`{"kv_engine_version": "` + planted + `"}`, `argument "kv_engine_version" must be a whole number`},
		"a list as text":     {`{"sep": ["` + planted + `"]}`, `argument "sep" must be a string or null`},
		"a list as prefix":   {`{"connections_prefix": ["` + planted + `"]}`, "must be a string, or null to switch the kind off"},
		"a bad pattern":      {`{"connections_lookup_pattern": "(` + planted + `"}`, "is not a regular expression"},
	} {
		t.Run(name, func(t *testing.T) {
			err := backend.DecodeKwargs(json.RawMessage(tc.kwargs), &arguments{})
			require.ErrorIs(t, err, secrets.ErrMalformed)
			assert.ErrorContains(t, err, tc.says)
			assert.NotContains(t, strings.ReplaceAll(err.Error(), strings.Repeat(planted, 10), ""), planted)
			assert.NotContains(t, err.Error(), "12345678")
		})
	}
	assert.Panics(t, func() { _ = backend.DecodeKwargs(nil, arguments{}) })
}

func FuzzDecodeKwargs(f *testing.F) {
	for _, seed := range []string{`{}`, `{"sep": null}`, `{"connections_prefix": "a", "kv_engine_version": 2}`, `[1]`, `{"a`, `{"token":"x"}{}`, "\xff"} {
		f.Add(seed)
	}
	const planted = "pLanted5ecret"
	f.Fuzz(func(t *testing.T, kwargs string) {
		var a arguments
		_ = backend.DecodeKwargs(json.RawMessage(kwargs), &a)
		value, _ := json.Marshal(kwargs + planted)
		if err := backend.DecodeKwargs(json.RawMessage(`{"kv_engine_version": `+string(value)+`}`), &a); err != nil {
			assert.NotContains(t, err.Error(), planted)
		}
	})
}
