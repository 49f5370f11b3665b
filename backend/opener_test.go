package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/backend"
)

func TestOpener(t *testing.T) {
	type args struct {
		Root string `json:"root"`
	}
	refused := errors.New("a blank root")
	open := backend.Opener(func(_ context.Context, a *args) (*backend.TextStore, error) {
		if a.Root == "" {
			return nil, refused
		}
		return backend.NewTextStore(texts{}.fetch, backend.Naming{Connections: backend.At(a.Root)}), nil
	})

	b, err := open(t.Context(), json.RawMessage(`{"root": "r"}`))
	require.NoError(t, err)
	assert.IsType(t, new(backend.TextStore), b)
	for kwargs, says := range map[string]string{``: refused.Error(), `{"rot": "r"}`: `did you mean "root"?`} {
		b, err := open(t.Context(), json.RawMessage(kwargs))
		assert.ErrorContains(t, err, says)
		assert.True(t, b == nil, "no nil pointer in an interface")
	}
	assert.Equal(t, []string{"root"}, backend.Driver{Open: open}.Arguments(t.Context()))
}
