package azurekv_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/azurekv"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/azuretest"
	"github.com/secretchain/secrets/internal/wiretest"
)

var past = time.Unix(1, 0)

func answer(status int, code, inner string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { azuretest.Fail(w, status, code, inner, planted) }
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}

// Every row of the package comment's table, through Microsoft's own client. Says is part of the error's text.
func TestErrors(t *testing.T) {
	vault := func(h http.HandlerFunc) func(*testing.T, *azuretest.Server, *azurekv.Options) {
		return func(_ *testing.T, s *azuretest.Server, _ *azurekv.Options) { s.Answer(h) }
	}
	login := func(h http.HandlerFunc) func(*testing.T, *azuretest.Server, *azurekv.Options) {
		return func(_ *testing.T, s *azuretest.Server, _ *azurekv.Options) { s.AnswerLogin(h) }
	}
	for name, c := range map[string]struct {
		with  func(t *testing.T, s *azuretest.Server, o *azurekv.Options)
		class error
		says  string
	}{
		"absent":          {vault(answer(404, "SecretNotFound", "")), secrets.ErrNotFound, "not found"},
		"404 of a proxy":  {vault(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, planted, 404) }), secrets.ErrUnavailable, "check vault_url"},
		"no permission":   {vault(answer(403, "Forbidden", "ForbiddenByRbac")), secrets.ErrDenied, "(status 403, ForbiddenByRbac): give the identity the role Key Vault Secrets User"},
		"firewall":        {vault(answer(403, "Forbidden", "ForbiddenByFirewall")), secrets.ErrDenied, "let this address through"},
		"strange code":    {vault(answer(403, planted, planted)), secrets.ErrDenied, "(status 403):"},
		"disabled":        {func(_ *testing.T, s *azuretest.Server, _ *azurekv.Options) { s.Disable("airflow-variables-hello") }, secrets.ErrDenied, "the secret is disabled"},
		"token refused":   {vault(answer(401, "Unauthorized", "")), secrets.ErrDenied, "does not accept the login"},
		"throttled":       {vault(answer(429, "Throttled", "")), secrets.ErrUnavailable, "throttles"},
		"failing":         {vault(answer(500, "InternalError", "")), secrets.ErrUnavailable, "status 500, InternalError"},
		"unavailable":     {vault(answer(503, "", "")), secrets.ErrUnavailable, "status 503"},
		"any other":       {vault(answer(400, "BadParameter", "")), secrets.ErrUnavailable, "status 400, BadParameter"},
		"reset":           {vault(wiretest.ResetConnection), secrets.ErrUnavailable, "cannot be reached: connection"},
		"no JSON":         {vault(body(planted)), secrets.ErrMalformed, "no secret"},
		"JSON of another": {vault(body(`{"value": ["` + planted + `"]}`)), secrets.ErrMalformed, "no secret"},
		"no value":        {vault(body(`{"id": "https://v/secrets/n/1", "x": "` + planted + `"}`)), secrets.ErrMalformed, "no value"},
		"much too large":  {vault(body(`{"value": "` + strings.Repeat(planted, 2*backend.MaxText/len(planted)) + `"}`)), secrets.ErrMalformed, "larger than any secret"},
		"too large": {vault(body(`{"value": "` + strings.Repeat("x", backend.MaxText+1) + `"}`)),
			secrets.ErrMalformed, "bytes"},
		"challenge cut short": {func(_ *testing.T, s *azuretest.Server, _ *azurekv.Options) {
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", `Bearer authorization="x", resource="https://vault.azure.net"`)
				w.WriteHeader(401)
			})
		}, secrets.ErrUnavailable, "not Key Vault's"},
		"challenge missing": {func(_ *testing.T, s *azuretest.Server, _ *azurekv.Options) {
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
		}, secrets.ErrDenied, "status 401"},
		"challenge of another vault": {func(_ *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			o.ClientOptions.DisableChallengeResourceVerification = false
		}, secrets.ErrUnavailable, "DisableChallengeResourceVerification"},
		"no answer in time": {func(_ *testing.T, s *azuretest.Server, o *azurekv.Options) {
			s.Answer(wiretest.Silence)
			o.Timeout = 50 * time.Millisecond
		}, secrets.ErrUnavailable, "no answer in time"},
		"connection refused": {func(t *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			o.VaultURL = "https://" + wiretest.ClosedPort(t)
		}, secrets.ErrUnavailable, "vault cannot be reached: connection refused"},
		"untrusted certificate": {func(t *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			o.ClientOptions.Transport = nil
		}, secrets.ErrUnavailable, "unknown authority"},
		"no TLS": {func(t *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			plain := wiretest.Serve(t, http.NotFoundHandler())
			o.VaultURL = strings.Replace(plain.URL, "http:", "https:", 1)
		}, secrets.ErrUnavailable, "does not speak TLS"},
		"no vault": {func(_ *testing.T, _ *azuretest.Server, o *azurekv.Options) { o.VaultURL = "" }, secrets.ErrDenied, "vault_url is blank"},

		"wrong client secret": {func(_ *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			o.ClientSecret = secrets.NewSecret(planted)
		}, secrets.ErrDenied, "refuses the credentials (status 401, AADSTS7000215)"},
		"tenant that is none": {func(_ *testing.T, _ *azuretest.Server, o *azurekv.Options) { o.TenantID = planted + "/" }, secrets.ErrDenied, "no credentials that can be used"},
		"login throttled":     {login(answer(429, "", "")), secrets.ErrUnavailable, "login service answers with status 429"},
		"login fails":         {login(answer(503, "", "")), secrets.ErrUnavailable, "login service answers with status 503"},
		"login nonsense":      {login(body(planted)), secrets.ErrDenied, "the login failed"},
		"login refused connection": {func(t *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			o.ClientOptions.Cloud.ActiveDirectoryAuthorityHost = "https://" + wiretest.ClosedPort(t)
		}, secrets.ErrUnavailable, "login service cannot be reached: connection refused"},
		"no credentials": {func(t *testing.T, _ *azuretest.Server, o *azurekv.Options) {
			t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
			o.TenantID, o.ClientID, o.ClientSecret = "", "", secrets.Secret{}
		}, secrets.ErrDenied, "no credentials that can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			noEnvironment(t)
			s := newServer(t)
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.Set("airflow-variables-hello", "world "+planted)
			o := options(s)
			c.with(t, s, o)
			b := open(t, o)
			value, err := b.GetVariable(t.Context(), "hello")
			require.Error(t, err)
			require.Empty(t, value)
			assert.ErrorIs(t, err, c.class)
			assert.Equal(t, c.class, secrets.ClassOf(err))
			assert.Contains(t, err.Error(), c.says)
			assert.Contains(t, err.Error(), `"hello" (airflow-variables-hello)`)
			assert.NotContains(t, err.Error(), "\n")
			backendtest.NoLeak(t, planted, err, b)
			backendtest.NoLeak(t, azuretest.ClientSecret, err, b, o)
		})
	}
}

// noEnvironment hides the identity of the machine that runs the test.
func noEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST", "AZURE_FEDERATED_TOKEN_FILE",
		"IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
		t.Setenv(name, "")
	}
}

func TestClosed(t *testing.T) {
	s := newServer(t)
	b := store(t, s)
	require.NoError(t, b.Close())
	_, err := b.GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrClosed)
	require.Empty(t, s.Calls())
}

// Bytes that are no UTF-8 cannot be part of JSON: Go's decoder puts U+FFFD in their place, before we see them.
func TestNotUTF8(t *testing.T) {
	s := newServer(t)
	s.Answer(body("{\"value\": \"x\xff\"}"))
	value, err := store(t, s).GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.True(t, value == "x\ufffd")
}

func TestRetriesEndWithTheContext(t *testing.T) {
	s := newServer(t)
	s.Answer(answer(503, "", ""))
	o := options(s)
	o.ClientOptions.Retry.RetryDelay, o.ClientOptions.Retry.MaxRetryDelay = time.Hour, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.ClientOptions.Transport = leaving{o.ClientOptions.Transport, cancel}
	b, ended := open(t, o), make(chan error, 1)
	go func() { _, err := b.GetVariable(ctx, "hello"); ended <- err }()
	require.ErrorIs(t, wiretest.Await(t, ended, "the end of the pause"), context.Canceled)
	require.Len(t, s.Calls(), 1)
}

// leaving is a transport whose caller leaves when the first outage is told.
type leaving struct {
	next  policy.Transporter
	leave func()
}

func (l leaving) Do(req *http.Request) (*http.Response, error) {
	resp, err := l.next.Do(req)
	if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
		l.leave()
	}
	return resp, err
}

func TestTooLargeIsNotTriedAgain(t *testing.T) {
	s := newServer(t)
	s.Answer(body(`{"value": "` + strings.Repeat("x", 2*backend.MaxText) + `"}`))
	_, err := store(t, s).GetVariable(t.Context(), "hello")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	require.Len(t, s.Calls(), 1)
}

func TestCheck(t *testing.T) {
	s := newServer(t)
	b := store(t, s)
	require.NoError(t, b.Check(t.Context()), "the secret that Check asks for need not exist")
	require.Equal(t, []string{"/secrets/airflow-connections-secretchain-check/"}, s.Calls())

	s.Answer(answer(403, "Forbidden", "ForbiddenByRbac"))
	err := b.Check(t.Context())
	assert.ErrorIs(t, err, secrets.ErrDenied)
	assert.Contains(t, err.Error(), "check (airflow-connections-secretchain-check): access denied")
	backendtest.NoLeak(t, planted, err)
	s.Answer(answer(500, "", ""))
	assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrUnavailable)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, b.Check(ctx), context.Canceled)
}

func TestListErrors(t *testing.T) {
	s := newServer(t)
	b := store(t, s)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		class  error
	}{
		"denied":             {answer(403, "Forbidden", ""), secrets.ErrDenied},
		"outage":             {answer(500, "", ""), secrets.ErrUnavailable},
		"absent":             {answer(404, "SecretNotFound", ""), secrets.ErrUnavailable},
		"entry without name": {body(`{"value": [{}]}`), secrets.ErrMalformed},
		"no list":            {body(planted), secrets.ErrMalformed},
	} {
		s.Answer(c.answer)
		_, err := b.List(t.Context(), secrets.KindVariable)
		assert.Equal(t, c.class, secrets.ClassOf(err), name)
		backendtest.NoLeak(t, planted, err)
	}
}

// A server that gives a page again would go on for ever.
func TestListThatDoesNotEnd(t *testing.T) {
	s := newServer(t)
	page := `{"value": [{"id": "` + s.URL + `/secrets/airflow-variables-a"}], "nextLink": "` + s.URL + `/secrets?again"}`
	s.Answer(body(page))
	_, err := store(t, s).List(t.Context(), secrets.KindVariable)
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorContains(t, err, "a page of its list again")
	assert.Len(t, s.Calls(), 2)
}

// The client's log stays off: nothing is written that could hold a value.
func TestClientLogsNothing(t *testing.T) {
	s := newServer(t)
	s.Set("airflow-variables-hello", planted)
	var events []string
	azlog.SetListener(func(_ azlog.Event, message string) { events = append(events, message) })
	defer azlog.SetListener(nil)
	_, err := store(t, s).GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	require.NotEmpty(t, events, "whoever asks for the log gets one")
	backendtest.NoLeak(t, planted, strings.Join(events, "\n"))
	backendtest.NoLeak(t, azuretest.ClientSecret, strings.Join(events, "\n"))
}
