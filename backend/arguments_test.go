package backend_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

type lookupArgs struct {
	URL  string         `json:"url"`
	Path backend.Prefix `json:"path"`
}

func init() {
	backend.Register(backend.Driver{
		Name: "lookup-test", ClassPaths: []string{"some.module.LookupTest"},
		Open: func(_ context.Context, kwargs json.RawMessage) (secrets.Backend, error) {
			return secrets.Funcs{}, backend.DecodeKwargs(kwargs, &lookupArgs{})
		},
	})
	backend.Register(backend.Driver{
		Name: "lookup-test-lenient",
		Open: func(context.Context, json.RawMessage) (secrets.Backend, error) { return secrets.Funcs{}, nil },
	})
}

func TestLookup(t *testing.T) {
	for _, name := range []string{"lookup-test", "some.module.LookupTest", " some.module.LookupTest\n"} {
		d, ok := backend.Lookup(name)
		require.True(t, ok, "%q", name)
		assert.Equal(t, "lookup-test", d.Name)
		assert.Equal(t, []string{"path", "url"}, d.Arguments(t.Context()))
	}
	_, ok := backend.Lookup("some.module.Other")
	assert.False(t, ok)
	lenient, ok := backend.Lookup("lookup-test-lenient")
	require.True(t, ok)
	assert.Empty(t, lenient.Arguments(t.Context()), "a driver that takes everything tells nothing")
}

func TestOverrideKwargs(t *testing.T) {
	for _, tt := range []struct{ name, kwargs, want string }{
		{"none given", ``, `{"a":"1","b":"x\"y"}`},
		{"null given", `null`, `{"a":"1","b":"x\"y"}`},
		{"one replaced, one kept", `{"a": null, "c": [1, 2.50]}`, `{"a":"1","b":"x\"y","c":[1,2.50]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := backend.OverrideKwargs(json.RawMessage(tt.kwargs), map[string]string{"a": "1", "b": `x"y`})
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(got))
		})
	}
	untouched, err := backend.OverrideKwargs(json.RawMessage(`not JSON`), nil)
	require.NoError(t, err)
	assert.Equal(t, `not JSON`, string(untouched), "without arguments the text is the driver's to judge")

	for _, kwargs := range []string{`[1]`, `{"a": hunter2}`, `{"a":1,"a":2}`, `{} hunter2`} {
		_, err := backend.OverrideKwargs(json.RawMessage(kwargs), map[string]string{"b": ""})
		require.ErrorIs(t, err, secrets.ErrMalformed)
		assert.NotContains(t, err.Error(), "hunter2")
	}
	_, err = backend.OverrideKwargs(nil, map[string]string{"b": "hunter2\xff"})
	require.ErrorIs(t, err, secrets.ErrMalformed, "bytes that are no text must not be replaced silently")
	assert.NotContains(t, err.Error(), "hunter2")
}
