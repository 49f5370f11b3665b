package azurekv_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/azuretest"
)

// Every argument, under every class path that Airflow has used. Nothing is asked: no such vault exists.
func TestDriverTakesAirflowsArguments(t *testing.T) {
	for _, path := range append(backend.ClassPaths("azurekv"), "azurekv") {
		for _, login := range []string{
			`"tenant_id": "t", "client_id": "c", "client_secret": "` + planted + `"`,
			`"managed_identity_client_id": "m", "workload_identity_tenant_id": "w"`,
			`"tenant_id": "", "client_id": "", "client_secret": "", "verify_challenge_resource": false`,
		} {
			b, err := backend.Open(t.Context(), path, json.RawMessage(`{
				"connections_prefix": "conns", "variables_prefix": null, "config_prefix": "", "sep": "-",
				"connections_lookup_pattern": "^a", "variables_lookup_pattern": null, "config_lookup_pattern": "x",
				"vault_url": "https://none.vault.azure.net/", `+login+`}`))
			require.NoError(t, err)
			n := b.(secrets.Namer)
			name, ok := n.StoreName(secrets.KindConnection, "a_1")
			assert.True(t, ok)
			assert.Equal(t, "conns-a-1", name)
			_, ok = n.StoreName(secrets.KindConnection, "b1")
			assert.False(t, ok)
			_, ok = n.StoreName(secrets.KindVariable, "a1")
			assert.False(t, ok)
			name, _ = n.StoreName(secrets.KindConfig, "x")
			assert.Equal(t, "x", name)
			backendtest.NoLeak(t, planted, b)
			require.NoError(t, b.(*azurekv.Backend).Close())
		}
	}
}

func TestDriverRefuses(t *testing.T) {
	for name, c := range map[string]struct{ kwargs, says string }{
		"unknown argument":       {`{"conection_prefix": "` + planted + `"}`, `did you mean "connections_prefix"?`},
		"Python's transport":     {`{"connection_verify": "` + planted + `"}`, "SSL_CERT_FILE"},
		"vault without TLS":      {`{"vault_url": "http://v.vault.azure.net"}`, "vault_url"},
		"vault by name":          {`{"vault_url": "` + planted + `"}`, "vault_url"},
		"vault with password":    {`{"vault_url": "https://u:` + planted + `@v.vault.azure.net"}`, "vault_url"},
		"vault with a path":      {`{"vault_url": "https://v.vault.azure.net/secrets/` + planted + `"}`, "vault_url"},
		"vault that is no URL":   {`{"vault_url": "https://%zz` + planted + `"}`, "vault_url"},
		"secret alone":           {`{"client_secret": "` + planted + `"}`, "go together"},
		"no secret":              {`{"tenant_id": "t", "client_id": "` + planted + `"}`, "go together"},
		"secret and identity":    {`{"tenant_id": "t", "client_id": "c", "client_secret": "` + planted + `", "managed_identity_client_id": "m"}`, "excludes"},
		"pattern":                {`{"variables_lookup_pattern": "(` + planted + `"}`, "regular expression"},
		"secret that is no text": {`{"client_secret": {"` + planted + `": 1}}`, "client_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := backend.Open(t.Context(), "azurekv", json.RawMessage(c.kwargs))
			require.ErrorIs(t, err, secrets.ErrMalformed)
			require.Nil(t, b)
			assert.Contains(t, err.Error(), c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

// One variable per argument holds strings (specification, lookup §5.3).
func TestDriverTakesStrings(t *testing.T) {
	kwargs, err := backend.OverrideKwargs(nil, map[string]string{"verify_challenge_resource": "False", "sep": "."})
	require.NoError(t, err)
	b, err := backend.Open(t.Context(), "azurekv", kwargs)
	require.NoError(t, err)
	name, _ := b.(secrets.Namer).StoreName(secrets.KindVariable, "a_b")
	assert.Equal(t, "airflow-variables.a.b", name)
}

func TestConstructorsRefuse(t *testing.T) {
	s := newServer(t)
	for name, change := range map[string]func(o *azurekv.Options){
		"team":           func(o *azurekv.Options) { o.Team = "a_b" },
		"negative time":  func(o *azurekv.Options) { o.Timeout = -1 },
		"two logins":     func(o *azurekv.Options) { o.Credential = fixed{} },
		"login and name": func(o *azurekv.Options) { o.WorkloadIdentityTenantID = "w" },
	} {
		o := options(s)
		change(o)
		_, err := azurekv.Open(t.Context(), o)
		require.ErrorIs(t, err, secrets.ErrMalformed, name)
		assert.True(t, strings.HasPrefix(err.Error(), "azurekv: "), name)
		backendtest.NoLeak(t, azuretest.ClientSecret, err)
	}
	_, err := azurekv.New(nil, nil)
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Zero(t, s.Logins())
}
