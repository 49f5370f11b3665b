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

// given is the logger that driver logging was opened with last.
var given *slog.Logger

func init() {
	backend.RegisterLogged(backend.Driver{Name: "logging"},
		backend.LoggedOpener(func(_ context.Context, _ *struct{}, logger *slog.Logger) (secrets.Funcs, error) {
			given = logger
			return secrets.Funcs{}, nil
		}))
}

// A store that warns is given the Logger of whoever opens it, through each way in, and none by those who have none.
func TestOpenLogged(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)

	_, err := backend.OpenLogged(t.Context(), "logging", nil, logger)
	require.NoError(t, err)
	assert.Same(t, logger, given)

	_, err = backend.Open(t.Context(), "logging", nil)
	require.NoError(t, err)
	assert.Nil(t, given)

	d, ok := backend.Lookup("logging")
	require.True(t, ok)
	given = logger
	_, err = d.Open(t.Context(), nil)
	require.NoError(t, err)
	assert.Nil(t, given)

	_, err = backend.OpenLogged(t.Context(), "memory", nil, logger)
	require.NoError(t, err, "a driver that does not log")
}
