package backend_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func TestLoggerReachesTheDriver(t *testing.T) {
	var got *slog.Logger
	backend.Register(backend.Driver{Name: "logging", Open: func(ctx context.Context, _ json.RawMessage) (secrets.Backend, error) {
		got = backend.Logger(ctx)
		return secrets.Funcs{}, nil
	}})
	for _, want := range []*slog.Logger{nil, slog.New(slog.DiscardHandler)} {
		_, err := backend.Open(backend.WithLogger(t.Context(), want), "logging", nil)
		require.NoError(t, err)
		assert.Same(t, want, got)
	}
	assert.Nil(t, backend.Logger(t.Context()))
}
