package azurekv_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/internal/azuretest"
	"github.com/secretchain/secrets/internal/wiretest"
)

// everyHost sends what is meant for any host to the stand-in, and keeps the hosts.
type everyHost struct {
	server *azuretest.Server
	mu     sync.Mutex
	hosts  map[string]bool
}

func (e *everyHost) Do(req *http.Request) (*http.Response, error) {
	e.mu.Lock()
	e.hosts[req.URL.Host] = true
	e.mu.Unlock()
	to, err := url.Parse(e.server.URL)
	if err != nil {
		return nil, err
	}
	sent := req.Clone(req.Context())
	sent.URL.Host, sent.Host = to.Host, req.URL.Host
	resp, err := e.server.Client().Do(sent)
	if err == nil {
		resp.Request = req
	}
	return resp, err
}

// The host of the vault tells which cloud to log in to.
func TestCloudFollowsTheVault(t *testing.T) {
	for vault, login := range map[string]string{
		"https://v.vault.azure.net":         "login.microsoftonline.com",
		"https://v.vault.azure.cn/":         "login.chinacloudapi.cn",
		"https://v.vault.usgovcloudapi.net": "login.microsoftonline.us",
		"https://V.VAULT.AZURE.CN":          "login.chinacloudapi.cn",
	} {
		t.Run(vault, func(t *testing.T) {
			noEnvironment(t)
			s := newServer(t)
			s.Set("airflow-variables-hello", "world")
			hosts := &everyHost{server: s, hosts: map[string]bool{}}
			o := options(s)
			o.VaultURL = vault
			o.ClientOptions.Cloud.ActiveDirectoryAuthorityHost = ""
			o.ClientOptions.Transport = hosts
			s.AnswerLogin(func(w http.ResponseWriter, _ *http.Request) { s.GiveToken(w) })
			value, err := open(t, o).GetVariable(t.Context(), "hello")
			require.NoError(t, err)
			assert.True(t, value == "world")
			assert.True(t, hosts.hosts[login], "logged in elsewhere: %v", hosts.hosts)
			delete(hosts.hosts, login)
			assert.Len(t, hosts.hosts, 1, "the vault alone besides: %v", hosts.hosts)
		})
	}
}

// A Kubernetes token is exchanged for Azure's.
func TestWorkloadIdentity(t *testing.T) {
	for name, c := range map[string]struct {
		environment map[string]string
		named       bool
	}{
		"by the environment": {environment: map[string]string{"AZURE_TENANT_ID": azuretest.Tenant, "AZURE_CLIENT_ID": azuretest.ClientID}},
		"by the options":     {named: true},
	} {
		t.Run(name, func(t *testing.T) {
			noEnvironment(t)
			token := filepath.Join(t.TempDir(), "token")
			require.NoError(t, os.WriteFile(token, []byte("kubernetes-"+planted), 0o600))
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", token)
			for name, value := range c.environment {
				t.Setenv(name, value)
			}
			s := newServer(t)
			s.Set("airflow-variables-hello", "world")
			var assertion string
			s.AnswerLogin(func(w http.ResponseWriter, r *http.Request) {
				assertion = r.PostFormValue("client_id") + " " + r.PostFormValue("client_assertion")
				s.GiveToken(w)
			})
			o := options(s)
			o.TenantID, o.ClientID, o.ClientSecret = "", "", secrets.Secret{}
			if c.named {
				o.ManagedIdentityClientID, o.WorkloadIdentityTenantID = azuretest.ClientID, azuretest.Tenant
			}
			_, err := open(t, o).GetVariable(t.Context(), "hello")
			require.NoError(t, err)
			assert.True(t, assertion == azuretest.ClientID+" kubernetes-"+planted)
		})
	}
}

// The endpoint of App Service stands for the ways in which Azure hands an identity to a program.
func TestManagedIdentity(t *testing.T) {
	noEnvironment(t)
	s := newServer(t)
	s.Set("airflow-variables-hello", "world")
	var asked url.Values
	s.Config.Handler = withIdentity(s, s.Config.Handler, &asked)
	t.Setenv("IDENTITY_ENDPOINT", s.URL+"/identity")
	t.Setenv("IDENTITY_HEADER", "header")
	o := options(s)
	o.TenantID, o.ClientID, o.ClientSecret = "", "", secrets.Secret{}
	// An identity of its own: Microsoft's library keeps the tokens of each for the whole process.
	o.ManagedIdentityClientID = fmt.Sprintf("33333333-3333-3333-3333-%012x", rand.Int64N(1<<48))
	_, err := open(t, o).GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, o.ManagedIdentityClientID, asked.Get("client_id"))
	assert.Equal(t, "https://vault.azure.net", strings.TrimSuffix(asked.Get("resource"), "/"))
}

func withIdentity(s *azuretest.Server, next http.Handler, asked *url.Values) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/identity" {
			next.ServeHTTP(w, r)
			return
		}
		*asked = r.URL.Query()
		s.GiveToken(w)
	})
}

type fixed struct{ err error }

func (f fixed) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "own", ExpiresOn: time.Now().Add(time.Hour)}, f.err
}

func TestOwnCredential(t *testing.T) {
	s := newServer(t)
	o := options(s)
	o.TenantID, o.ClientID, o.ClientSecret, o.Credential = "", "", secrets.Secret{}, fixed{}
	_, err := open(t, o).GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrDenied, "the stand-in does not know this token")
	assert.Zero(t, s.Logins())
}

// A hundred callers at once share one client and one login.
func TestLoginIsShared(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-hello", "world")
	b := store(t, s)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, err := b.GetVariable(t.Context(), "hello")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 1, s.Logins())
}

// While one caller logs in, another waits no longer than its own context.
func TestWaitingForAnothersLoginEndsWithTheContext(t *testing.T) {
	s := newServer(t)
	wiretest.AnotherWaits(t, func(silent http.HandlerFunc) secrets.Backend {
		s.AnswerLogin(silent)
		return store(t, s)
	})
}

// Callers at once who find the vault down learn it together, when the first of them has tried often enough.
func TestOutageIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &down{}
		b := open(t, &azurekv.Options{VaultURL: "https://v.vault.azure.net", Credential: fixed{},
			ClientOptions: azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: d}}})
		start := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := b.GetVariable(t.Context(), "hello")
				assert.ErrorIs(t, err, secrets.ErrUnavailable)
				assert.ErrorContains(t, err, "connection refused")
			})
		}
		wg.Wait()
		assert.EqualValues(t, 4, d.requests.Load(), "one call, tried again three times")
		assert.Less(t, time.Since(start), 30*time.Second, "the time that one call may take")
	})
}

// What only one caller knows, its own end, is not shared.
func TestAnothersEndIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &down{}
		b := open(t, &azurekv.Options{VaultURL: "https://v.vault.azure.net", Credential: fixed{},
			ClientOptions: azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: d}}})
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := b.GetVariable(ctx, "hello")
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait() // it pauses between two attempts
		wg.Go(func() {
			_, err := b.GetVariable(t.Context(), "hello")
			assert.ErrorContains(t, err, "connection refused")
		})
		synctest.Wait()
		leave()
		wg.Wait()
		assert.EqualValues(t, 1+4, d.requests.Load())
	})
}

// down is a transport without a server.
type down struct{ requests atomic.Int32 }

func (d *down) Do(*http.Request) (*http.Response, error) {
	d.requests.Add(1)
	return nil, errors.New("dial tcp: connection refused")
}

// A login that failed is tried again: a service that starts before its secret works gets well by itself.
func TestLoginRecovers(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-hello", "world")
	b := store(t, s)
	s.AnswerLogin(answer(401, "", ""))
	_, err := b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrDenied)
	s.AnswerLogin(nil)
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
}
