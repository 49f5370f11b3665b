package azure_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
	"github.com/secretchain/secrets/vault/azure"
)

const planted = "pLanted5ecret"

// vaultServer takes logins with the planted token and knows one variable.
func vaultServer(t *testing.T, login func(fields map[string]string)) string {
	s := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/auth/azure/login" {
			var fields map[string]string
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&fields))
			assert.True(t, fields["jwt"] == planted, "another token")
			delete(fields, "jwt")
			login(fields)
			_, _ = io.WriteString(w, `{"auth": {"client_token": "s.fresh"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"data": {"data": {"value": "x"}}}`)
	}))
	return s.URL
}

// The managed identity of a machine, through the endpoint that Azure gives to App Service; key_id chooses one.
func TestManagedIdentity(t *testing.T) {
	for name, c := range map[string]struct{ kwargs, client string }{
		"the only one":   {``, ""},
		"one of several": {`, "key_id": "11111111-1111-1111-1111-111111111111"`, "11111111-1111-1111-1111-111111111111"},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "api://vault", r.URL.Query().Get("resource"))
				assert.Equal(t, c.client, r.URL.Query().Get("client_id"))
				_, _ = io.WriteString(w, `{"access_token": "`+planted+`", "expires_on": "4102444800", "resource": "x", "token_type": "Bearer"}`)
			}))
			t.Setenv("IDENTITY_ENDPOINT", endpoint.URL)
			t.Setenv("IDENTITY_HEADER", "h")
			logins := 0
			url := vaultServer(t, func(fields map[string]string) {
				logins++
				assert.Equal(t, map[string]string{"role": "app"}, fields)
			})
			b, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"url": "`+url+`", "auth_type": "azure",
				"azure_tenant_id": "tenant", "azure_resource": "api://vault", "role_id": "app"`+c.kwargs+`}`))
			require.NoError(t, err)
			defer b.(io.Closer).Close()
			_, err = b.GetVariable(t.Context(), "hello")
			require.NoError(t, err)
			assert.Equal(t, 1, logins)
		})
	}
}

// entra is the part of Microsoft Entra that an application's login uses.
func entra(t *testing.T, answer http.HandlerFunc) *azidentity.ClientSecretCredential {
	mux := http.NewServeMux()
	var s *httptest.Server
	mux.HandleFunc("GET /tenant/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"token_endpoint": "%[1]s/tenant/oauth2/v2.0/token", "authorization_endpoint": "%[1]s/tenant/a",
			"device_authorization_endpoint": "%[1]s/tenant/d", "issuer": "%[1]s/tenant/v2.0"}`, s.URL)
	})
	mux.HandleFunc("POST /tenant/oauth2/v2.0/token", answer)
	s = httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	wiretest.CloseAtEnd(t, s)
	c, err := azidentity.NewClientSecretCredential("tenant", "client", "client"+planted, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: policy.ClientOptions{Transport: s.Client(), Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: s.URL},
			Retry: policy.RetryOptions{MaxRetries: -1}},
		DisableInstanceDiscovery: true,
	})
	require.NoError(t, err)
	return c
}

func TestApplication(t *testing.T) {
	credential := entra(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Contains(t, r.Form.Get("scope"), "https://management.azure.com//.default")
		assert.True(t, r.Form.Get("client_secret") == "client"+planted)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "`+planted+`", "token_type": "Bearer", "expires_in": 3600}`)
	})
	logins := 0
	url := vaultServer(t, func(fields map[string]string) {
		logins++
		assert.Equal(t, map[string]string{"role": "app", "subscription_id": "s", "resource_group_name": "g", "vm_name": "v"}, fields)
	})
	b, err := vault.Open(t.Context(), &vault.Options{Address: url, Login: azure.Login{Role: "app", Resource: "https://management.azure.com/",
		Credential: credential, SubscriptionID: "s", ResourceGroup: "g", VM: "v"}})
	require.NoError(t, err)
	defer b.Close()
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, 1, logins)
}

func TestFailures(t *testing.T) {
	url := vaultServer(t, func(map[string]string) { t.Error("a login without a token") })
	for name, c := range map[string]struct {
		status int
		class  error
		says   string
	}{
		"refused":   {401, secrets.ErrDenied, "401"},
		"malformed": {400, secrets.ErrDenied, "400"},
		"throttled": {429, secrets.ErrUnavailable, "429"},
		"down":      {503, secrets.ErrUnavailable, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			credential := entra(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, `{"error": "invalid_client", "error_description": "`+planted+`"}`)
			})
			b, err := vault.Open(t.Context(), &vault.Options{Address: url, Login: azure.Login{Role: "app", Resource: "api://vault", Credential: credential}})
			require.NoError(t, err)
			defer b.Close()
			_, err = b.GetVariable(t.Context(), "hello")
			assert.ErrorIs(t, secrets.ClassOf(err), c.class)
			assert.ErrorContains(t, err, c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestArguments(t *testing.T) {
	for name, c := range map[string]struct {
		kwargs string
		good   bool
	}{
		"application": {`"azure_tenant_id": "t", "azure_resource": "r", "role_id": "app", "key_id": "k", "secret_id": "s"`, true},
		"no tenant":   {`"azure_resource": "r", "role_id": "app"`, false},
		"no resource": {`"azure_tenant_id": "t", "role_id": "app"`, false},
		"no role":     {`"azure_tenant_id": "t", "azure_resource": "r"`, false},
		"no key":      {`"azure_tenant_id": "t", "azure_resource": "r", "role_id": "app", "secret_id": "` + planted + `"`, false},
		"bad tenant":  {`"azure_tenant_id": "` + planted + `/x", "azure_resource": "r", "role_id": "app", "key_id": "k", "secret_id": "` + planted + `"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"auth_type": "azure", `+c.kwargs+`}`))
			assert.Equal(t, c.good, err == nil)
			if err != nil {
				assert.ErrorIs(t, err, secrets.ErrMalformed)
				backendtest.NoLeak(t, planted, err)
			}
		})
	}
}
