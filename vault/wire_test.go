package vault_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

// planted is the text that must never show.
const planted = "pLanted5ecret"

// wire is a stand-in for Vault that listens.
type wire struct {
	*vaultwire.Server
	http *httptest.Server
}

func newWire(t testing.TB, kvVersion int) *wire {
	w := &wire{Server: vaultwire.New(kvVersion)}
	w.http = wiretest.Serve(t, w.Server)
	return w
}

// field is the key that Airflow's users keep a text under.
func field(name string) string {
	if strings.HasPrefix(name, "connections/") {
		return "conn_uri"
	}
	return "value"
}

// fill stores content as Airflow's users do: connections under conn_uri, the rest under value.
func (w *wire) fill(content backendtest.Content) {
	for name, text := range content.Named("connections/", "variables/", "config/") {
		w.Put("secret/"+name, map[string]string{field(name): text})
	}
}

// answer has the server give this answer to everything.
func (w *wire) answer(f http.HandlerFunc) {
	w.Around = func(http.Handler) http.Handler { return f }
}

// opened is a Backend that Open makes for the server, with a token.
func (w *wire) opened(t testing.TB, o vault.Options) *vault.Backend {
	t.Helper()
	o.Address = w.http.URL
	if o.Login == nil {
		o.Login = vault.Token{Token: secret("s.token")}
	}
	b, err := vault.Open(t.Context(), &o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// client is the vendor's client for the server, which repeats nothing.
func (w *wire) client(t testing.TB) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address, config.MaxRetries, config.HttpClient = w.http.URL, 0, w.http.Client()
	c, err := api.NewClient(config)
	require.NoError(t, err)
	c.SetToken("s.token")
	return c
}

func body(r *http.Request) map[string]any {
	text, _ := io.ReadAll(r.Body)
	var m map[string]any
	_ = json.Unmarshal(text, &m)
	return m
}
