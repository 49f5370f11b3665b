package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/secretchain/secrets"
)

// No verb, encoder or logger shows what a secret holds, alone or inside something, where fmt calls its methods and where
// it calls none; nor how long it is.
func TestSecretShowsNothing(t *testing.T) {
	const planted = "HUNTER2"
	s := secrets.NewSecret(planted)
	all := map[string]any{"value": s, "pointer": &s, "list": []secrets.Secret{s}, "map": map[string]secrets.Secret{"a": s},
		"exported field": struct{ S secrets.Secret }{s}, "unexported field": struct{ s secrets.Secret }{s},
		"pointer in a field": struct{ S *secrets.Secret }{&s}, "any": struct{ S any }{s}}
	printed := map[string]string{}
	for how, v := range all {
		for _, verb := range "vsqxXdTptbcoOUeEfFgGw" {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#10.3"} {
				format := "%" + flags + string(verb)
				printed[how+" "+format] = fmt.Sprintf(format, v)
			}
		}
		printed[how+" of Print"] = fmt.Sprint(v) + fmt.Sprintln(v)
		var text, js bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "v", v)
		printed[how+" in slog's text"], printed[how+" in slog's JSON"] = text.String(), js.String()
		data, err := json.Marshal(v)
		require.NoError(t, err)
		printed[how+" in JSON"] = string(data)
		data, err = yaml.Marshal(v)
		require.NoError(t, err)
		printed[how+" in YAML"] = string(data)
		data, _ = xml.Marshal(v) // of maps it makes nothing
		printed[how+" in XML"] = string(data)
		var b bytes.Buffer
		_ = gob.NewEncoder(&b).Encode(v) // it is told no more than that there is a field
		printed[how+" in gob"] = b.String()
	}
	printed["its own methods"] = s.String() + s.GoString() + s.LogValue().String()
	for how, text := range printed {
		for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("% x", planted), "72 85 78 84"} {
			assert.False(t, leaks(text, form), how)
		}
	}
	for _, s := range []secrets.Secret{s, {}} {
		data, err := json.Marshal(s)
		require.NoError(t, err)
		assert.Equal(t, `"***"`, string(data))
		data, err = s.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, "***", string(data))
		assert.Equal(t, "*** *** ***", fmt.Sprintf("%v %q %100x", s, s, s))
		assert.Equal(t, "***", s.LogValue().String())
	}
}

func TestSecretHoldsItsText(t *testing.T) {
	s := secrets.NewSecret("a")
	assert.True(t, s.Reveal() == "a")
	assert.True(t, s.Equal(secrets.NewSecret("a")))
	for _, other := range []string{"", "b", "ab"} {
		assert.False(t, s.Equal(secrets.NewSecret(other)), "a secret of %d bytes", len(other))
	}
	assert.True(t, secrets.NewSecret("").IsZero() && secrets.Secret{}.Equal(secrets.NewSecret("")))
	assert.False(t, s.IsZero())
	var into struct{ S secrets.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"S": "a"}`), &into))
	assert.True(t, into.S.Equal(s))
}
