package vault_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

// Every auth_type, from Airflow's arguments to what the server is sent.
func TestLogins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credential")
	require.NoError(t, os.WriteFile(file, []byte("\n "+planted+" \n"), 0o600))
	for name, c := range map[string]struct {
		kwargs string
		path   string         // "": no login is made
		sent   map[string]any // the body of the login
	}{
		"token":                    {kwargs: `"token": "` + planted + `"`},
		"token in a file":          {kwargs: `"token": "other", "token_path": "` + file + `"`},
		"approle":                  {`"auth_type": "approle", "role_id": "r", "secret_id": "` + planted + `"`, "approle/login", map[string]any{"role_id": "r", "secret_id": planted}},
		"approle without a secret": {`"auth_type": "approle", "role_id": "r"`, "approle/login", map[string]any{"role_id": "r"}},
		"another mount":            {`"auth_type": "approle", "role_id": "r", "auth_mount_point": "team/approle"`, "team/approle/login", map[string]any{"role_id": "r"}},
		"userpass":                 {`"auth_type": "userpass", "username": "u u", "password": "` + planted + `"`, "userpass/login/u u", map[string]any{"password": planted}},
		"ldap":                     {`"auth_type": "ldap", "username": "u", "password": "` + planted + `"`, "ldap/login/u", map[string]any{"password": planted}},
		"radius":                   {`"auth_type": "radius", "username": "u", "password": "` + planted + `", "radius_host": "h", "radius_secret": "s", "radius_port": 1812`, "radius/login/u", map[string]any{"password": planted}},
		"github":                   {`"auth_type": "github", "token": "` + planted + `"`, "github/login", map[string]any{"token": planted}},
		"github in a file":         {`"auth_type": "github", "token_path": "` + file + `"`, "github/login", map[string]any{"token": planted}},
		"kubernetes":               {`"auth_type": "kubernetes", "kubernetes_role": "r", "kubernetes_jwt_path": "` + file + `"`, "kubernetes/login", map[string]any{"role": "r", "jwt": planted}},
		"jwt":                      {`"auth_type": "jwt", "jwt_role": "r", "jwt_token": "` + planted + `", "jwt_token_path": "/none"`, "jwt/login", map[string]any{"role": "r", "jwt": planted}},
		"jwt in a file":            {`"auth_type": "jwt", "jwt_role": "r", "jwt_token_path": "` + file + `"`, "jwt/login", map[string]any{"role": "r", "jwt": planted}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, 2)
			w.Put("secret/variables/hello", map[string]any{"value": "x"})
			w.Accept(planted)
			if c.path != "" {
				w.Accept("s.fresh")
				w.Answers["auth/"+c.path] = func(rw http.ResponseWriter, r *http.Request) {
					assert.Empty(t, r.Header.Get("X-Vault-Token"), "a login needs no token")
					assert.Equal(t, http.MethodPut, r.Method)
					assert.True(t, string(mustJSON(t, body(r))) == string(mustJSON(t, c.sent)), "another body")
					vaultwire.Grant(rw, "s.fresh", 3600, true)
				}
			}
			b, err := backend.Open(t.Context(), "vault", json.RawMessage(`{"url": "`+w.http.URL+`", `+c.kwargs+`}`))
			require.NoError(t, err)
			defer closed(t, b)
			assert.Empty(t, w.Requests(), "nothing is asked at the start")
			for range 3 {
				_, err = b.GetVariable(t.Context(), "hello")
				require.NoError(t, err)
			}
			want := 3
			if c.path != "" {
				want = 4
			}
			assert.Len(t, w.Requests(), want, "one login for all lookups")
			backendtest.NoLeak(t, planted, b)
		})
	}
}

func TestCertLogin(t *testing.T) {
	w := newWire(t, 2)
	w.Answers["auth/cert/login"] = func(rw http.ResponseWriter, r *http.Request) {
		assert.Equal(t, map[string]any{"name": "web"}, body(r))
		vaultwire.Grant(rw, "s.fresh", 0, false)
	}
	_, err := w.opened(t, vault.Options{Login: vault.Cert{Role: "web"}}).GetVariable(t.Context(), "x")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
}

// A login that is refused says so, and not that a secret is absent.
func TestRefusedLogins(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	blank := filepath.Join(t.TempDir(), "blank")
	require.NoError(t, os.WriteFile(blank, []byte(" \n"), 0o600))
	role := vault.AppRole{RoleID: "r", SecretID: secret(planted)}
	status := func(code int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Refuse(rw, code, planted) }
	}
	for name, c := range map[string]struct {
		login  api.AuthMethod
		answer http.HandlerFunc
		class  error
		says   string
	}{
		"unknown credentials": {role, status(400), secrets.ErrDenied, "400"},
		"refused":             {role, status(403), secrets.ErrDenied, "403"},
		"not mounted":         {role, status(404), secrets.ErrDenied, "mounted"},
		"sealed":              {role, status(503), secrets.ErrUnavailable, "sealed"},
		"no token":            {role, func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Give(rw, map[string]any{"a": planted}) }, secrets.ErrDenied, "without a token"},
		"nothing":             {role, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(204) }, secrets.ErrDenied, "without a token"},
		"not Vault":           {role, func(rw http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(rw, "<html>"+planted) }, secrets.ErrUnavailable, "is not Vault's"},
		"second factor": {role, func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(rw, `{"auth": {"client_token": "", "mfa_requirement": {"mfa_request_id": "x"}}}`)
		}, secrets.ErrDenied, "second factor"},
		"no such file":          {vault.Kubernetes{Role: "r", Path: missing}, nil, secrets.ErrDenied, "missing does not exist"},
		"a blank file":          {vault.Token{Path: blank}, nil, secrets.ErrDenied, "is empty"},
		"no token at all":       {vault.Token{}, nil, secrets.ErrDenied, "VAULT_TOKEN"},
		"a token of many lines": {vault.Token{Token: secret(planted + "\n" + planted)}, nil, secrets.ErrDenied, "line end"},
		"a user with a slash":   {vault.UserPass{Username: "../" + planted}, nil, secrets.ErrDenied, "slash"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("VAULT_TOKEN", "")
			w := newWire(t, 2)
			w.Answers["auth/approle/login"] = c.answer
			b := w.opened(t, vault.Options{Login: c.login, Retries: -1})
			for _, err := range []error{b.Check(t.Context()), get(t, b, "hello")} {
				require.Error(t, err)
				assert.ErrorIs(t, secrets.ClassOf(err), c.class)
				assert.ErrorContains(t, err, c.says)
				backendtest.NoLeak(t, planted, err)
			}
		})
	}
}

// An expired or revoked token costs the lookups in flight one login and one repetition each, and nothing else.
func TestRevokedToken(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	w.Accept()
	var logins atomic.Int32
	w.Answers["auth/approle/login"] = func(rw http.ResponseWriter, _ *http.Request) {
		token := fmt.Sprint("s.", logins.Add(1))
		w.Accept(token)
		vaultwire.Grant(rw, token, 3600, true)
	}
	b := w.opened(t, vault.Options{Login: vault.AppRole{RoleID: "r"}})
	require.NoError(t, get(t, b, "hello"))
	for round := range 3 {
		w.Accept()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { assert.NoError(t, get(t, b, "hello")) })
		}
		wg.Wait()
		assert.EqualValues(t, 2+round, logins.Load(), "one login for all")
	}
}

// A name that the policy forbids must not cost a login at every lookup.
func TestForbiddenName(t *testing.T) {
	w := newWire(t, 2)
	var logins, reads atomic.Int32
	w.Answers["auth/approle/login"] = func(rw http.ResponseWriter, _ *http.Request) {
		vaultwire.Grant(rw, fmt.Sprint("s.", logins.Add(1)), 3600, true)
	}
	w.Answers["secret/data/variables/forbidden"] = func(rw http.ResponseWriter, _ *http.Request) {
		reads.Add(1)
		vaultwire.Refuse(rw, http.StatusForbidden, "1 error occurred:\n\t* permission denied\n\n")
	}
	b := w.opened(t, vault.Options{Login: vault.AppRole{RoleID: "r"}})
	for range 10 {
		assert.ErrorIs(t, get(t, b, "forbidden"), secrets.ErrDenied)
	}
	assert.EqualValues(t, 2, logins.Load(), "the first, and one to make sure")
	assert.EqualValues(t, 11, reads.Load())
}

// A rotated token file is noticed at the first refusal; an unchanged one is not worth a second request.
func TestRotatedTokenFile(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	w.Accept("old")
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("old\n"), 0o600))
	b := w.opened(t, vault.Options{Login: vault.Token{Path: file}})
	require.NoError(t, get(t, b, "hello"))

	w.Accept("new")
	assert.ErrorIs(t, get(t, b, "hello"), secrets.ErrDenied)
	assert.Len(t, w.Requests(), 2)

	require.NoError(t, os.WriteFile(file, []byte("new\n"), 0o600))
	assert.NoError(t, get(t, b, "hello"))
	assert.Len(t, w.Requests(), 4)
}

// The login of one caller who leaves goes on for the others; when nobody waits it stops.
func TestLoginIsShared(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	started, proceed := make(chan struct{}), make(chan struct{})
	var logins atomic.Int32
	w.Around = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/auth/approle/login" {
				next.ServeHTTP(rw, r)
				return
			}
			if logins.Add(1) == 1 {
				close(started)
			}
			select {
			case <-proceed:
			case <-r.Context().Done():
			}
			vaultwire.Grant(rw, "s.fresh", 3600, true)
		})
	}
	b := w.opened(t, vault.Options{Login: vault.AppRole{RoleID: "r"}})
	ctx, leave := contextWithCancel(t)
	first := make(chan error, 1)
	go func() {
		_, err := b.GetVariable(ctx, "hello")
		first <- err
	}()
	wiretest.Await(t, started, "the login")
	var others sync.WaitGroup
	for range 10 {
		others.Go(func() { assert.NoError(t, get(t, b, "hello")) })
	}
	leave()
	assert.ErrorIs(t, wiretest.Await(t, first, "the caller who left"), ctx.Err())
	close(proceed)
	others.Wait()
	assert.LessOrEqual(t, logins.Load(), int32(2), "2 if nobody else had come when the first left")
}

// The environment is read where the options say nothing.
func TestEnvironment(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/variables/hello", map[string]any{"value": "x"})
	var namespace, token string
	w.Around = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			namespace, token = r.Header.Get("X-Vault-Namespace"), r.Header.Get("X-Vault-Token")
			next.ServeHTTP(rw, r)
		})
	}
	t.Setenv("VAULT_ADDR", w.http.URL)
	t.Setenv("VAULT_TOKEN", "s.env")
	t.Setenv("VAULT_NAMESPACE", "team-a")
	b, err := backend.Open(t.Context(), "vault", nil)
	require.NoError(t, err)
	defer closed(t, b)
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, "team-a", namespace)
	assert.True(t, token == "s.env")

	b, err = backend.Open(t.Context(), "vault", json.RawMessage(`{"namespace": "ns/b", "token": "s.arg"}`))
	require.NoError(t, err)
	defer closed(t, b)
	_, err = b.GetVariable(t.Context(), "hello")
	require.NoError(t, err)
	assert.Equal(t, "ns/b", namespace)
	assert.True(t, token == "s.arg")
}

func get(t *testing.T, b *vault.Backend, key string) error {
	_, err := b.GetVariable(t.Context(), key)
	return err
}
