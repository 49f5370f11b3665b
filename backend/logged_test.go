package backend_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

// A store that warns is given the Logger of whoever opens it, through each way in, and none by those who have none.
func TestOpenLogged(t *testing.T) {
	var got *slog.Logger
	backend.Register(backend.Driver{Name: "logging",
		OpenLogged: backend.LoggedOpener(func(_ context.Context, _ *struct{}, logger *slog.Logger) (secrets.Funcs, error) {
			got = logger
			return secrets.Funcs{}, nil
		})})
	logger := slog.New(slog.DiscardHandler)

	_, err := backend.OpenLogged(t.Context(), "logging", nil, logger)
	require.NoError(t, err)
	assert.Same(t, logger, got)

	_, err = backend.Open(t.Context(), "logging", nil)
	require.NoError(t, err)
	assert.Nil(t, got)

	d, ok := backend.Lookup("logging")
	require.True(t, ok)
	got = logger
	_, err = d.Open(t.Context(), nil)
	require.NoError(t, err)
	assert.Nil(t, got)

	_, err = backend.OpenLogged(t.Context(), "memory", nil, logger)
	require.NoError(t, err, "a driver that does not log")
}
