package vault_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

// secure is a stand-in that speaks TLS and asks for a client certificate if it is told to.
func secure(t *testing.T, auth tls.ClientAuthType) (url string, ca string) {
	w := vaultwire.New(2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	s := httptest.NewUnstartedServer(w)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: auth}
	s.StartTLS()
	wiretest.CloseAtEnd(t, s)
	return s.URL, pemFile(t, "ca.pem", "CERTIFICATE", s.Certificate().Raw)
}

func pemFile(t *testing.T, name, kind string, der []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// clientCertificate returns the files of a certificate and its key.
func clientCertificate(t *testing.T) (certificate, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pemFile(t, "client.pem", "CERTIFICATE", der), pemFile(t, "key.pem", "PRIVATE KEY", keyDER)
}

func TestTLS(t *testing.T) {
	plain, ca := secure(t, tls.NoClientCert)
	asking, _ := secure(t, tls.RequireAnyClientCert) // httptest's certificate is the same for all
	certificate, key := clientCertificate(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	parts := readFile(t, certificate) + readFile(t, key)
	require.NoError(t, os.WriteFile(both, []byte(parts), 0o600))
	for name, c := range map[string]struct {
		kwargs map[string]any
		env    map[string]string
		works  bool
	}{
		"untrusted":                          {map[string]any{"url": plain}, nil, false},
		"CA in a file":                       {map[string]any{"url": plain, "verify": ca}, nil, true},
		"CA in a folder":                     {map[string]any{"url": plain, "verify": filepath.Dir(ca)}, nil, true},
		"CA in the environment":              {map[string]any{"url": plain}, map[string]string{"VAULT_CACERT": ca}, true},
		"not verified":                       {map[string]any{"url": plain, "verify": false}, nil, true},
		"not verified, by the environment":   {map[string]any{"url": plain}, map[string]string{"VAULT_SKIP_VERIFY": "true"}, true},
		"verified, whatever the environment": {map[string]any{"url": plain, "verify": true}, map[string]string{"VAULT_SKIP_VERIFY": "true"}, false},
		"no such CA":                         {map[string]any{"url": plain, "verify": "/nowhere/ca.pem"}, nil, false},
		"no client certificate":              {map[string]any{"url": asking, "verify": ca}, nil, false},
		"client certificate":                 {map[string]any{"url": asking, "verify": ca, "cert": []string{certificate, key}}, nil, true},
		"client certificate in one file":     {map[string]any{"url": asking, "verify": ca, "cert": both}, nil, true},
		"client certificate in the environment": {map[string]any{"url": asking, "verify": ca},
			map[string]string{"VAULT_CLIENT_CERT": certificate, "VAULT_CLIENT_KEY": key}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.env {
				t.Setenv(variable, value)
			}
			c.kwargs["token"] = planted
			b, err := backend.Open(t.Context(), "vault", mustJSON(t, c.kwargs))
			require.NoError(t, err)
			defer closed(t, b)
			_, err = b.GetVariable(t.Context(), "hello")
			if c.works {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrUnavailable)
		})
	}
}

func readFile(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// Requests go through the proxy of the server's scheme.
func TestProxies(t *testing.T) {
	w := vaultwire.New(2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	proxied := ""
	proxy := wiretest.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		proxied = r.URL.Host
		w.ServeHTTP(rw, r)
	}))
	b, err := backend.Open(t.Context(), "vault", mustJSON(t, map[string]any{"url": "http://vault.example.com:8200", "token": "s.t",
		"proxies": map[string]string{"http": proxy.URL, "https": "http://" + planted}}))
	require.NoError(t, err)
	defer closed(t, b)
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, "vault.example.com:8200", proxied)
}

// A standby sends its clients to the active server, once.
func TestRedirections(t *testing.T) {
	active := newWire(t, 2)
	active.Put("secret/variables/hello", map[string]any{"value": "x"})
	standby := newWire(t, 2)
	standby.answer(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, active.http.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	require.NoError(t, get(t, standby.opened(t, vault.Options{}), "hello"))
	err := get(t, standby.opened(t, vault.Options{NoRedirects: true}), "hello")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorContains(t, err, "307")
}

// A bad environment is an error that says where to look, and quotes nothing.
func TestBadEnvironment(t *testing.T) {
	for variable, value := range map[string]string{
		"VAULT_ADDR": "http://a b" + planted, "VAULT_CACERT": "/nowhere/" + planted, "VAULT_SKIP_VERIFY": planted,
		"VAULT_HEADERS": planted, "VAULT_MAX_RETRIES": planted, "VAULT_PROXY_ADDR": "http://%zz" + planted,
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			b, err := vault.Open(t.Context(), nil)
			require.NoError(t, err)
			defer b.Close()
			err = get(t, b, "hello")
			assert.ErrorIs(t, err, secrets.ErrUnavailable)
			assert.ErrorContains(t, err, "VAULT_ variables")
			assert.False(t, strings.Contains(err.Error(), planted), "the error quotes the variable")
		})
	}
}

// The vendor's own auth methods, and anybody's, log in as well.
func TestOwnLogin(t *testing.T) {
	w := newWire(t, 2)
	w.Accept("s.own")
	assert.ErrorIs(t, get(t, w.opened(t, vault.Options{Login: ownLogin{}}), "hello"), secrets.ErrNotFound)
}

type ownLogin struct{}

func (ownLogin) Login(_ context.Context, _ *api.Client) (*api.Secret, error) {
	var s api.Secret
	return &s, json.Unmarshal([]byte(`{"auth": {"client_token": "s.own"}}`), &s)
}
