package vault_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

func TestCloseLeavesNoConnection(t *testing.T) {
	wire := vaultwire.New(2)
	wire.Put("secret/variables/hello", map[string]string{"value": "world"})
	wire.Accept("s.token")
	server, connections := wiretest.ServeCounted(t, wire)
	b, err := vault.Open(t.Context(), &vault.Options{Address: server.URL, Login: vault.Token{Token: secret("s.token")}})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	require.NotZero(t, connections.Open(), "one is kept for the next call")
	require.NoError(t, b.Close())
	connections.AwaitNone(t)
	require.NoError(t, b.Close(), "twice is fine")
}

func TestCloseEndsALoginUnderWay(t *testing.T) {
	asked := make(chan struct{}, 1)
	server, connections := wiretest.ServeCounted(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		wiretest.Silence(w, r)
	}))
	b, err := vault.Open(t.Context(), &vault.Options{Address: server.URL, Retries: -1,
		Login: vault.UserPass{Username: "u", Password: secret("p")}})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { _, err := b.GetVariable(t.Context(), "hello"); ended <- err }()
	wiretest.Await(t, asked, "the login")
	require.NoError(t, b.Close())
	assert.ErrorIs(t, wiretest.Await(t, ended, "the lookup to end"), secrets.ErrClosed)
	connections.AwaitNone(t)
}
