package secrets_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
)

func TestWritesGoToTheFirstWriter(t *testing.T) {
	store := fake()
	c := newChain(t, nil, secrets.Layer{Name: "files", Backend: readOnly{fake()}}, secrets.Layer{Name: "store", Backend: store},
		secrets.Layer{Name: "later", Backend: fake("k", "later")})
	w, err := c.SetVariable(t.Context(), "k", "v")
	require.NoError(t, err)
	assert.Equal(t, secrets.Written{Layer: "store"}, w, "layers after the written one cannot shadow it")
	text, err := store.GetVariable(t.Context(), "k")
	require.NoError(t, err)
	assert.True(t, text == "v")

	conn, err := secrets.Parse("mysql://u:p@host")
	require.NoError(t, err)
	conn.ID = "db"
	w, err = c.SetConnection(t.Context(), conn)
	require.NoError(t, err)
	assert.Equal(t, secrets.Written{Layer: "store"}, w)
	_, err = c.GetConnection(t.Context(), "db")
	require.NoError(t, err)

	_, err = c.DeleteVariable(t.Context(), "k")
	require.NoError(t, err)
	_, err = c.DeleteVariable(t.Context(), "k")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = c.DeleteConnection(t.Context(), "db")
	require.NoError(t, err)
}

func TestShadowedWrites(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	down := fake()
	down.Fail(secrets.ErrUnavailable)
	layers := func(store secrets.Backend) []secrets.Layer {
		return []secrets.Layer{
			{Name: "down", Backend: readOnly{down}, ContinueOn: []error{secrets.ErrUnavailable}},
			{Name: "files", Backend: readOnly{fake("k", "pLanted5ecret")}},
			{Name: "store", Backend: store},
		}
	}
	t.Run("the write is done and told", func(t *testing.T) {
		store := fake()
		c := newChain(t, &secrets.Options{Logger: logger}, layers(store)...)
		w, err := c.SetVariable(t.Context(), "k", "pLanted5ecret2")
		require.NoError(t, err)
		assert.Equal(t, secrets.Written{Layer: "store", ShadowedBy: "files"}, w)
		_, err = store.GetVariable(t.Context(), "k")
		assert.NoError(t, err)
		assert.Contains(t, log.String(), "shadowed_by=files")
		assert.Contains(t, log.String(), "layer=down", "a layer that could not be asked is logged")
		assert.NotContains(t, log.String(), "pLanted5ecret")
		w, err = c.DeleteVariable(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, "files", w.ShadowedBy)
	})
	t.Run("refused where told to", func(t *testing.T) {
		store := fake()
		c := newChain(t, &secrets.Options{RefuseShadowedWrites: true}, layers(store)[1:]...)
		w, err := c.SetVariable(t.Context(), "k", "v")
		assert.ErrorIs(t, err, secrets.ErrShadowed)
		assert.Equal(t, "files", w.ShadowedBy)
		_, err = store.GetVariable(t.Context(), "k")
		assert.ErrorIs(t, err, secrets.ErrNotFound, "nothing was written")
		_, err = c.SetVariable(t.Context(), "free", "v")
		assert.NoError(t, err)
	})
	t.Run("refused where it cannot be told", func(t *testing.T) {
		store := fake()
		c := newChain(t, &secrets.Options{RefuseShadowedWrites: true}, layers(store)...)
		_, err := c.SetVariable(t.Context(), "free", "v")
		assert.ErrorIs(t, err, secrets.ErrUnavailable)
		_, err = store.GetVariable(t.Context(), "free")
		assert.ErrorIs(t, err, secrets.ErrNotFound, "nothing was written")
	})
}

func TestWritesAreRefusedEarly(t *testing.T) {
	none := newChain(t, nil, secrets.Layer{Name: "files", Backend: readOnly{fake()}})
	_, err := none.SetVariable(t.Context(), "k", "v")
	assert.ErrorIs(t, err, errors.ErrUnsupported)

	store := fake()
	c := newChain(t, nil, secrets.Layer{Name: "store", Backend: store})
	_, err = c.SetVariable(t.Context(), "", "v")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	_, err = c.SetConnection(t.Context(), secrets.Connection{ID: "a b", Password: secrets.NewSecret("pLanted5ecret")})
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	backendtest.NoLeak(t, "pLanted5ecret", err)
	assert.Zero(t, store.Calls())
}
