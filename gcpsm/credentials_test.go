package gcpsm_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/auth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/gcpsm"
	"github.com/secretchain/secrets/internal/wiretest"
)

// seen keeps the tokens that a server was shown.
type seen struct {
	mu     sync.Mutex
	tokens []string
}

func (s *seen) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.mu.Lock()
	s.tokens = append(s.tokens, md.Get("authorization")...)
	s.mu.Unlock()
	return next(ctx, req)
}

// secureStore opens a store over TLS that keeps the tokens it was shown.
func secureStore(t *testing.T, o *gcpsm.Options, more ...option.ClientOption) (*gcpsm.Backend, *seen) {
	t.Helper()
	s, shown := newServer(), new(seen)
	s.Project = "creds-project"
	s.Set("airflow-variables-hello", "world")
	o.ClientOptions = append(trusting(address(t, s, secure(), grpc.UnaryInterceptor(shown.intercept))), more...)
	b, err := gcpsm.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b, shown
}

// onlyOnce lets one attempt of one call through. To the next it is as if time had run out: an outage is tried again until
// then, and no test should wait for that.
func onlyOnce() option.ClientOption {
	tried := false
	return option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if tried {
				return status.Error(codes.DeadlineExceeded, "")
			}
			tried = true
			return invoke(ctx, method, req, reply, cc, opts...)
		}))
}

// tokenService answers requests for tokens; requests for any host come to it.
func tokenService(t *testing.T, handler http.HandlerFunc) (server *httptest.Server, client *http.Client) {
	t.Helper()
	server = wiretest.Serve(t, handler)
	to, err := url.Parse(server.URL)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return server, &http.Client{Transport: redirect{to, transport}}
}

type redirect struct {
	to   *url.URL
	next http.RoundTripper
}

func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Test-Host", req.URL.Host)
	req.URL.Scheme, req.URL.Host, req.Host = r.to.Scheme, r.to.Host, ""
	return r.next.RoundTrip(req)
}

func answerJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// externalAccount is a workload identity federation whose token service is at tokenURL.
func externalAccount(t *testing.T, tokenURL string) map[string]any {
	return map[string]any{
		"type":               "external_account",
		"audience":           "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/o",
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"token_url":          tokenURL,
		"credential_source":  map[string]any{"file": file(t, "subject-"+planted)},
		"project_id":         "creds-project",
	}
}

func TestKeyFileDictAndEnvironment(t *testing.T) {
	noDefaultCredentials(t)
	twice := keyJSON(t)
	escaped, err := json.Marshal(twice["private_key"])
	require.NoError(t, err)
	twice["private_key"] = string(escaped[1 : len(escaped)-1]) // \n written out, as happens on the way through an environment variable
	for name, o := range map[string]*gcpsm.Options{
		"file":                    {KeyFile: file(t, text(t, keyJSON(t)))},
		"content":                 {Key: secrets.NewSecret(text(t, keyJSON(t)))},
		"content, twice escaped":  {Key: secrets.NewSecret(text(t, twice))},
		"configuration file":      {CredentialsFile: file(t, text(t, keyJSON(t)))},
		"default":                 {},
		"default, project in env": {},
	} {
		t.Run(name, func(t *testing.T) {
			if o.KeyFile == "" && o.Key.IsZero() && o.CredentialsFile == "" {
				k := keyJSON(t)
				if name != "default" {
					k["project_id"] = "another"
					t.Setenv("GOOGLE_CLOUD_PROJECT", "creds-project")
				}
				t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file(t, text(t, k)))
			}
			b, shown := secureStore(t, o)
			value, err := b.GetVariable(t.Context(), "hello")
			require.NoError(t, err)
			assert.True(t, value == "world")
			require.Len(t, shown.tokens, 1)
			assert.Contains(t, shown.tokens[0], "Bearer eyJ", "a token that the key itself has signed")
			stored, ok := b.StoreName(secrets.KindVariable, "hello")
			assert.True(t, ok)
			assert.Equal(t, "projects/creds-project/secrets/airflow-variables-hello/versions/latest", stored)
		})
	}
}

// On Google's own machines the metadata server gives the token and the project.
func TestMetadataServer(t *testing.T) {
	noDefaultCredentials(t)
	server, _ := tokenService(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Metadata-Flavor", "Google")
		switch r.URL.Path {
		case "/computeMetadata/v1/instance/service-accounts/default/token":
			answerJSON(w, 200, map[string]any{"access_token": "of-the-machine", "token_type": "Bearer", "expires_in": 3600})
		case "/computeMetadata/v1/project/project-id":
			_, _ = io.WriteString(w, "creds-project")
		default:
			http.NotFound(w, r)
		}
	})
	t.Setenv("GCE_METADATA_HOST", server.Listener.Addr().String())
	b, shown := secureStore(t, &gcpsm.Options{})
	_, err := b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer of-the-machine"}, shown.tokens)
	name, ok := b.StoreName(secrets.KindVariable, "hello")
	assert.True(t, ok)
	assert.Equal(t, "projects/creds-project/secrets/airflow-variables-hello/versions/latest", name)
}

func TestExternalAccount(t *testing.T) {
	var got url.Values
	server, _ := tokenService(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = r.Form
		answerJSON(w, 200, map[string]any{"access_token": "federated", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
			"token_type": "Bearer", "expires_in": 3600})
	})
	b, shown := secureStore(t, &gcpsm.Options{Project: "creds-project", Scopes: []string{"scope-a", "scope-b"},
		CredentialsConfig: secrets.NewSecret(text(t, externalAccount(t, server.URL)))})
	for range 3 {
		_, err := b.GetVariable(t.Context(), "hello")
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"Bearer federated", "Bearer federated", "Bearer federated"}, shown.tokens)
	assert.Equal(t, "scope-a scope-b", got.Get("scope"))
	assert.True(t, got.Get("subject_token") == "subject-"+planted)
}

func TestImpersonationChain(t *testing.T) {
	type request struct {
		Host, Path, Authorization string
		Delegates, Scope          []string
	}
	var requests []request
	_, client := tokenService(t, func(w http.ResponseWriter, r *http.Request) {
		q := request{Host: r.Header.Get("X-Test-Host"), Path: r.URL.Path, Authorization: r.Header.Get("Authorization")}
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &q)
		requests = append(requests, q)
		answerJSON(w, 200, map[string]any{"accessToken": "of-the-last", "expireTime": time.Now().Add(time.Hour).Format(time.RFC3339)})
	})
	b, shown := secureStore(t, &gcpsm.Options{
		Key: secrets.NewSecret(text(t, keyJSON(t))), HTTPClient: client, Scopes: []string{"scope-a"},
		Impersonate: []string{"first@one.iam.gserviceaccount.com", "second@two.iam.gserviceaccount.com", "last@creds-project.iam.gserviceaccount.com"},
	})
	_, err := b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer of-the-last"}, shown.tokens)
	require.Len(t, requests, 1)
	q := requests[0]
	assert.Equal(t, "iamcredentials.googleapis.com", q.Host)
	assert.Equal(t, "/v1/projects/-/serviceAccounts/last@creds-project.iam.gserviceaccount.com:generateAccessToken", q.Path)
	assert.Equal(t, []string{"projects/-/serviceAccounts/first@one.iam.gserviceaccount.com", "projects/-/serviceAccounts/second@two.iam.gserviceaccount.com"}, q.Delegates)
	assert.Equal(t, []string{"scope-a"}, q.Scope)
	assert.Contains(t, q.Authorization, "Bearer eyJ")
	name, ok := b.StoreName(secrets.KindVariable, "x")
	assert.True(t, ok)
	assert.Equal(t, "projects/creds-project/secrets/airflow-variables-x/versions/latest", name, "the project of the last account")
}

func TestOwnCredentials(t *testing.T) {
	b, shown := secureStore(t, &gcpsm.Options{Project: "creds-project", Credentials: auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: fixed("own")})})
	_, err := b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer own"}, shown.tokens)
}

type fixed string

func (f fixed) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: string(f), Expiry: time.Now().Add(time.Hour)}, nil
}

// What goes wrong before the call has a class, and shows nothing of the credentials.
func TestCredentialErrors(t *testing.T) {
	noDefaultCredentials(t)
	answer := func(code int, body any) func(*testing.T) *gcpsm.Options {
		return func(t *testing.T) *gcpsm.Options {
			server, _ := tokenService(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, code, body) })
			return &gcpsm.Options{Project: "p", CredentialsFile: file(t, text(t, externalAccount(t, server.URL)))}
		}
	}
	badKey := keyJSON(t)
	badKey["private_key"] = planted
	for name, c := range map[string]struct {
		options func(t *testing.T) *gcpsm.Options
		class   error
		says    string
	}{
		"no file": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{KeyFile: t.TempDir() + "/none.json"}
		}, secrets.ErrDenied, "none.json"},
		"file without a key": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{KeyFile: file(t, planted)}
		}, secrets.ErrDenied, "gcp_key_path is no JSON key"},
		"file with another type": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{KeyFile: file(t, `{"type": "external_account", "x": "`+planted+`"}`)}
		}, secrets.ErrDenied, "gcp_credential_config_file"},
		"configuration without a type": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{CredentialsFile: file(t, `{"type": "`+planted+`"}`)}
		}, secrets.ErrDenied, "no type that is known"},
		"key that is none": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{Key: secrets.NewSecret(text(t, badKey))}
		}, secrets.ErrDenied, "cannot be used"},
		"environment names no file": {func(t *testing.T) *gcpsm.Options {
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", t.TempDir()+"/none.json")
			return &gcpsm.Options{}
		}, secrets.ErrDenied, "GOOGLE_APPLICATION_CREDENTIALS"},
		"environment names nonsense": {func(t *testing.T) *gcpsm.Options {
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file(t, planted))
			return &gcpsm.Options{}
		}, secrets.ErrDenied, "no usable credentials"},
		"no project": {func(t *testing.T) *gcpsm.Options {
			k := keyJSON(t)
			delete(k, "project_id")
			return &gcpsm.Options{Key: secrets.NewSecret(text(t, k))}
		}, secrets.ErrDenied, "set project_id"},
		"project that is none": {func(t *testing.T) *gcpsm.Options {
			k := keyJSON(t)
			k["project_id"] = "a/" + planted
			return &gcpsm.Options{Key: secrets.NewSecret(text(t, k))}
		}, secrets.ErrDenied, "set project_id"},
		"impersonated account of another form": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{Key: secrets.NewSecret(text(t, keyJSON(t))), Impersonate: []string{"1-compute@developer.gserviceaccount.com"}}
		}, secrets.ErrDenied, "set project_id"},
		"token refused":          {answer(400, map[string]any{"error": "invalid_grant", "error_description": planted}), secrets.ErrDenied, "status 400, invalid_grant"},
		"token service 503":      {answer(503, planted), secrets.ErrUnavailable, "status 503"},
		"token service 429":      {answer(429, planted), secrets.ErrUnavailable, "status 429"},
		"token service nonsense": {answer(200, planted), secrets.ErrDenied, "no token"},
		"token service refuses connections": {func(t *testing.T) *gcpsm.Options {
			return &gcpsm.Options{Project: "p", CredentialsFile: file(t, text(t, externalAccount(t, "http://"+wiretest.ClosedPort(t))))}
		}, secrets.ErrUnavailable, "token service cannot be reached: connection refused"},
		"impersonation refused": {func(t *testing.T) *gcpsm.Options {
			_, client := tokenService(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 403, planted) })
			return &gcpsm.Options{Key: secrets.NewSecret(text(t, keyJSON(t))), HTTPClient: client, Impersonate: []string{"a@creds-project.iam.gserviceaccount.com"}}
		}, secrets.ErrDenied, "status 403"},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.options(t)
			b, _ := secureStore(t, o, onlyOnce())
			_, err := b.GetVariable(t.Context(), "hello")
			require.Error(t, err)
			assert.Equal(t, c.class, secrets.ClassOf(err))
			assert.ErrorIs(t, err, c.class)
			assert.Contains(t, err.Error(), c.says)
			backendtest.NoLeak(t, planted, err, b, o)
		})
	}
}

// A credential that could not be made is tried again: a service that starts before its key arrives gets well by itself.
func TestCredentialsThatArriveLate(t *testing.T) {
	path := t.TempDir() + "/key.json"
	b, _ := secureStore(t, &gcpsm.Options{KeyFile: path})
	_, err := b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrDenied)
	name, ok := b.StoreName(secrets.KindVariable, "hello")
	assert.False(t, ok)
	assert.Equal(t, "secrets/airflow-variables-hello/versions/latest", name)

	writeFile(t, path, text(t, keyJSON(t)))
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
}

// Whoever asks first makes the client; after Close nobody does, for nobody would close it.
func TestStoreNameAfterClose(t *testing.T) {
	b, _ := secureStore(t, &gcpsm.Options{Key: secrets.NewSecret(text(t, keyJSON(t)))})
	require.NoError(t, b.Close())
	name, ok := b.StoreName(secrets.KindVariable, "hello")
	assert.False(t, ok)
	assert.Equal(t, "secrets/airflow-variables-hello/versions/latest", name)
}

// While one caller waits for a token, another waits no longer than its own context.
func TestWaitingForAnothersTokenEndsWithTheContext(t *testing.T) {
	wiretest.AnotherWaits(t, func(silent http.HandlerFunc) secrets.Backend {
		server, _ := tokenService(t, silent)
		b, _ := secureStore(t, &gcpsm.Options{Project: "creds-project", CredentialsFile: file(t, text(t, externalAccount(t, server.URL)))})
		return b
	})
}

// A hundred callers at once share one client and one token.
func TestLoginIsShared(t *testing.T) {
	var logins atomic.Int32
	server, _ := tokenService(t, func(w http.ResponseWriter, _ *http.Request) {
		logins.Add(1)
		answerJSON(w, 200, map[string]any{"access_token": "shared", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
			"token_type": "Bearer", "expires_in": 3600})
	})
	b, _ := secureStore(t, &gcpsm.Options{Project: "creds-project", CredentialsFile: file(t, text(t, externalAccount(t, server.URL)))})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, err := b.GetVariable(t.Context(), "hello")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, logins.Load())
}
