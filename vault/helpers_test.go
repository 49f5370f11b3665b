package vault_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
)

func mustJSON(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}

func pattern(t *testing.T, expr string) backend.Pattern {
	t.Helper()
	p, err := backend.NewPattern(expr)
	require.NoError(t, err)
	return p
}

// withoutMount takes the mount off a store name, which is mount/path.
func withoutMount(t *testing.T, name, mount string) string {
	t.Helper()
	path, ok := strings.CutPrefix(name, strings.TrimSuffix(mount, "/")+"/")
	require.Truef(t, ok, "%s is not below the mount %q", name, mount)
	return path
}

func closed(t *testing.T, b secrets.Backend) {
	t.Helper()
	require.NoError(t, b.(io.Closer).Close())
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func sha256Of(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
