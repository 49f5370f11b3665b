package gcp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
	"github.com/secretchain/secrets/vault/gcp"
)

const (
	planted = "pLanted5ecret"
	account = "app@project.iam.gserviceaccount.com"
)

// google is Google's token service and IAM, and a Vault that takes what IAM signs.
type google struct {
	*httptest.Server
	tokenStatus, signStatus int
	claims                  map[string]any
	logins                  int
}

func newGoogle(t *testing.T) *google {
	g := &google{tokenStatus: 200, signStatus: 200}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(g.tokenStatus)
		_, _ = io.WriteString(w, `{"access_token": "`+planted+`", "token_type": "Bearer", "expires_in": 3600}`)
	})
	mux.HandleFunc("POST /v1/projects/-/serviceAccounts/{account}", func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, account+":signJwt", r.PathValue("account"))
		assert.True(t, r.Header.Get("Authorization") == "Bearer "+planted)
		var request struct{ Payload string }
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&request))
		assert.NoError(t, json.Unmarshal([]byte(request.Payload), &g.claims))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(g.signStatus)
		_, _ = io.WriteString(w, `{"signedJwt": "signed`+planted+`"}`)
	})
	mux.HandleFunc("PUT /v1/auth/{mount}/login", func(w http.ResponseWriter, r *http.Request) {
		g.logins++
		var fields map[string]string
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&fields))
		assert.Equal(t, "app", fields["role"])
		assert.True(t, fields["jwt"] == "signed"+planted)
		_, _ = io.WriteString(w, `{"auth": {"client_token": "s.fresh"}}`)
	})
	mux.HandleFunc("GET /v1/secret/data/variables/hello", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data": {"data": {"value": "x"}}}`)
	})
	g.Server = wiretest.Serve(t, mux)
	return g
}

var privateKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// key is the text of a service account's key file.
func (g *google) key(t *testing.T) string {
	text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": account, "project_id": "project",
		"private_key_id": "1", "private_key": privateKey(), "token_uri": g.URL + "/token"})
	require.NoError(t, err)
	return string(text)
}

func (g *google) lookup(t *testing.T, l gcp.Login) error {
	t.Helper()
	l.ClientOptions = []option.ClientOption{option.WithEndpoint(g.URL)}
	b, err := vault.Open(t.Context(), &vault.Options{Address: g.URL, Login: l, Retries: -1})
	require.NoError(t, err)
	defer b.Close()
	_, err = b.GetVariable(t.Context(), "hello")
	return err
}

func TestLogin(t *testing.T) {
	g := newGoogle(t)
	file := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, os.WriteFile(file, []byte(g.key(t)), 0o600))
	asText, err := json.Marshal(g.key(t))
	require.NoError(t, err)
	for name, a := range map[string]vault.LoginArguments{
		"key file":       {GCPKeyPath: file, GCPScopes: json.RawMessage(`"https://www.googleapis.com/auth/cloud-platform, other"`)},
		"key object":     {GCPKeyDict: vault.SecretJSON{Secret: secrets.NewSecret(g.key(t))}, GCPScopes: json.RawMessage(`["a", "b"]`)},
		"key text":       {GCPKeyDict: vault.SecretJSON{Secret: secrets.NewSecret(string(asText))}, AuthMount: "google"},
		"the platform's": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
			a.RoleID = "app"
			g.logins = 0
			login, err := gcp.FromArguments(&a)
			require.NoError(t, err)
			require.NoError(t, g.lookup(t, login.(gcp.Login)))
			assert.Equal(t, 1, g.logins)
			assert.Equal(t, account, g.claims["sub"])
			assert.Equal(t, "vault/app", g.claims["aud"])
			expires := time.Unix(int64(g.claims["exp"].(float64)), 0)
			assert.WithinDuration(t, time.Now().Add(15*time.Minute), expires, time.Minute)
		})
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(g *google, l *gcp.Login)
		class error
		says  string
	}{
		"may not sign":     {func(g *google, _ *gcp.Login) { g.signStatus = 403 }, secrets.ErrDenied, "roles/iam.serviceAccountTokenCreator"},
		"no such account":  {func(g *google, _ *gcp.Login) { g.signStatus = 404 }, secrets.ErrDenied, "404"},
		"IAM throttles":    {func(g *google, _ *gcp.Login) { g.signStatus = 429 }, secrets.ErrUnavailable, "429"},
		"IAM is down":      {func(g *google, _ *gcp.Login) { g.signStatus = 500 }, secrets.ErrUnavailable, "500"},
		"the key is void":  {func(g *google, _ *gcp.Login) { g.tokenStatus = 400 }, secrets.ErrDenied, "key"},
		"no key":           {func(_ *google, l *gcp.Login) { l.Key = secrets.NewSecret(`{"a": "` + planted + `"}`) }, secrets.ErrDenied, "service account"},
		"no key file":      {func(_ *google, l *gcp.Login) { l.Key, l.KeyFile = secrets.Secret{}, "/nowhere/key" }, secrets.ErrDenied, "/nowhere/key"},
		"nobody's account": {func(_ *google, l *gcp.Login) { l.ServiceAccount = account }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGoogle(t)
			l := gcp.Login{Role: "app", Key: secrets.NewSecret(g.key(t))}
			c.set(g, &l)
			err := g.lookup(t, l)
			if c.class == nil {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, secrets.ClassOf(err), c.class)
			assert.ErrorContains(t, err, c.says)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

func TestBadArguments(t *testing.T) {
	for name, kwargs := range map[string]string{
		"no role":        `"gcp_key_path": "/k"`,
		"two keys":       `"role_id": "app", "gcp_key_path": "/k", "gcp_keyfile_dict": {"a": "` + planted + `"}`,
		"no object":      `"role_id": "app", "gcp_keyfile_dict": "` + planted + `"`,
		"scopes' type":   `"role_id": "app", "gcp_scopes": 3`,
		"a blank object": `"role_id": "app", "gcp_keyfile_dict": {}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"auth_type": "gcp", `+kwargs+`}`))
			require.ErrorIs(t, err, secrets.ErrMalformed)
			backendtest.NoLeak(t, planted, err)
		})
	}
}
