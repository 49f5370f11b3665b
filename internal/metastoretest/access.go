package metastoretest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/metastore"
)

// Permissions checks what two logins may do in a database with the variable x.
func Permissions(t *testing.T, reader, writer *metastore.Store) {
	t.Helper()
	for _, store := range []*metastore.Store{reader, writer} {
		require.NoError(t, store.Check(t.Context()))
		_, err := store.GetVariable(t.Context(), "x")
		require.NoError(t, err)
	}
	require.NoError(t, writer.SetVariable(t.Context(), "x", "2"))
	require.NoError(t, writer.SetVariable(t.Context(), "new", "1"))
	require.NoError(t, writer.SetConnection(t.Context(), secrets.Connection{ID: "new", Type: "fs"}))
	require.NoError(t, writer.DeleteVariable(t.Context(), "new"))
	require.NoError(t, writer.Migrate(t.Context()), "nothing is missing")
	for _, err := range []error{reader.SetVariable(t.Context(), "x", planted), reader.SetVariable(t.Context(), "y", planted),
		reader.SetConnection(t.Context(), secrets.Connection{ID: "y", Password: secrets.NewSecret(planted)}),
		reader.DeleteVariable(t.Context(), "x")} {
		require.ErrorIs(t, err, secrets.ErrDenied)
		assert.NotErrorIs(t, err, secrets.ErrUnavailable)
		backendtest.NoLeak(t, planted, err)
	}
}

// Outage checks that a write through the store is an outage, with a reason and the address of the server that told it.
func Outage(t *testing.T, store *metastore.Store, reason, address string) {
	t.Helper()
	err := store.SetVariable(t.Context(), "x", planted)
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.Equal(t, secrets.ErrUnavailable, secrets.ClassOf(err))
	assert.ErrorContains(t, err, reason)
	assert.ErrorContains(t, err, " "+address+": ")
	backendtest.NoLeak(t, planted, err)
}

// Driver opens the backend driver "metastore" with arguments, and uses it.
func Driver(t *testing.T, kwargs map[string]any) {
	t.Helper()
	text, err := json.Marshal(kwargs)
	require.NoError(t, err)
	b, err := backend.Open(t.Context(), "metastore", text)
	require.NoError(t, err)
	store := b.(*metastore.Store)
	defer store.Close()
	require.NoError(t, store.Migrate(t.Context()))
	require.NoError(t, store.SetVariable(t.Context(), "driver", planted))
	value, err := store.GetVariable(t.Context(), "driver")
	require.NoError(t, err)
	assert.True(t, value == planted)
}
