package secrets_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestVariableOr(t *testing.T) {
	store := fake("k", "v", "blank", "")
	for key, want := range map[string]string{"k": "v", "blank": "", "absent": "default"} {
		got, err := secrets.VariableOr(t.Context(), store, key, "default")
		require.NoError(t, err)
		assert.Truef(t, got == want, "variable %q", key)
	}
	for _, class := range []error{secrets.ErrUnavailable, secrets.ErrDenied, secrets.ErrMalformed} {
		store.Fail(class)
		_, err := secrets.VariableOr(t.Context(), store, "absent", "default")
		assert.ErrorIs(t, err, class, "a failure is no absence")
	}
}

func TestVariableJSON(t *testing.T) {
	store := fake("good", `{"a": [1, 2]}`, "bad", `{"a": pLanted5ecret}`, "other", `{"a": ["pLanted5ecret"]}`, "range", `{"a": [123456789012345678901]}`)
	type shape struct{ A []int }
	v, err := secrets.VariableJSON[shape](t.Context(), store, "good")
	require.NoError(t, err)
	assert.Equal(t, shape{A: []int{1, 2}}, v)
	for _, key := range []string{"bad", "other", "range"} {
		v, err := secrets.VariableJSON[shape](t.Context(), store, key)
		assert.ErrorIs(t, err, secrets.ErrMalformed)
		assert.Empty(t, v, "half a value came with the error")
		backendtest.NoLeak(t, "pLanted5ecret", err)
		backendtest.NoLeak(t, "123456789012345678901", err)
	}
	_, err = secrets.VariableJSON[shape](t.Context(), store, "absent")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestSetVariableJSON(t *testing.T) {
	store := fake()
	chain, err := secrets.NewChain([]secrets.Layer{{Name: "store", Backend: store}}, nil)
	require.NoError(t, err)
	type shape struct {
		URL  string
		List []int
	}
	want := shape{"a<b>&c", []int{1, 2}}
	written, err := chain.SetVariableJSON(t.Context(), "k", want)
	require.NoError(t, err)
	assert.Equal(t, "store", written.Layer)
	text, err := chain.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, `{"URL":"a<b>&c","List":[1,2]}`, text)
	got, err := secrets.VariableJSON[shape](t.Context(), chain, "k")
	require.NoError(t, err)
	assert.Equal(t, want, got)

	for name, v := range map[string]any{
		"no JSON":      func() {},
		"no number":    math.Inf(1),
		"its own":      loudJSON{},
		"a secret":     map[string]any{"password": secrets.NewSecret(planted)},
		"a connection": &secrets.Connection{Type: "t", Password: secrets.NewSecret(planted)},
	} {
		_, err := chain.SetVariableJSON(t.Context(), "k", v)
		require.ErrorIs(t, err, secrets.ErrMalformed, name)
		backendtest.NoLeak(t, planted, err)
	}
	after, err := chain.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.True(t, after == text, "a refused value was written")
}

// loudJSON is one whose encoding fails with what it holds.
type loudJSON struct{}

func (loudJSON) MarshalJSON() ([]byte, error) { return nil, errors.New(planted) }
