package vault_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/vault"
)

// peer is the real Vault that scripts/with-peers starts, seen with its root token.
type peer struct{ *api.Client }

func newPeer(t *testing.T) peer {
	t.Helper()
	if os.Getenv("SECRETS_TEST_VAULT") == "" {
		if os.Getenv("SECRETS_TEST_REQUIRE") == "1" {
			t.Fatal("SECRETS_TEST_VAULT is not set, and SECRETS_TEST_REQUIRE=1: run under scripts/with-peers")
		}
		t.Skip("needs a real Vault: run under scripts/with-peers, which sets SECRETS_TEST_VAULT")
	}
	config := api.DefaultConfig()
	config.Address = os.Getenv("SECRETS_TEST_VAULT")
	client, err := api.NewClient(config)
	require.NoError(t, err)
	client.SetToken(os.Getenv("SECRETS_TEST_VAULT_TOKEN"))
	t.Cleanup(config.HttpClient.CloseIdleConnections)
	return peer{client}
}

func (p peer) write(t *testing.T, path string, data any) *api.Secret {
	t.Helper()
	text, err := json.Marshal(data)
	require.NoError(t, err)
	s, err := p.Logical().WriteBytesWithContext(t.Context(), path, text)
	require.NoError(t, err, path)
	return s
}

var mounts atomic.Int32

// mount mounts a fresh engine and returns its path.
func (p peer) mount(t *testing.T, version int) string {
	t.Helper()
	path := fmt.Sprintf("kv-%d-%d", os.Getpid(), mounts.Add(1))
	require.NoError(t, p.Sys().MountWithContext(t.Context(), path,
		&api.MountInput{Type: "kv", Options: map[string]string{"version": fmt.Sprint(version)}}))
	t.Cleanup(func() { assert.NoError(t, p.Sys().UnmountWithContext(context.Background(), path)) })
	if version == 2 { // it refuses requests until it has set itself up
		require.Eventually(t, func() bool {
			_, err := p.Logical().ReadWithContext(t.Context(), path+"/config")
			return err == nil
		}, time.Minute, time.Millisecond)
	}
	return path
}

func (p peer) put(t *testing.T, mount string, version int, path string, data map[string]any) {
	t.Helper()
	if version == 2 {
		p.write(t, mount+"/data/"+path, map[string]any{"data": data})
		return
	}
	p.write(t, mount+"/"+path, data)
}

func (p peer) policy(t *testing.T, name, rules string) {
	t.Helper()
	require.NoError(t, p.Sys().PutPolicyWithContext(t.Context(), name, rules))
}

// opened is a Backend for the peer.
func (p peer) opened(t *testing.T, o vault.Options) *vault.Backend {
	t.Helper()
	o.Address = or(o.Address, p.Address())
	if o.Login == nil {
		o.Login = vault.Token{Token: secret(p.Token())}
	}
	b, err := vault.Open(t.Context(), &o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestRealConformance(t *testing.T) {
	p := newPeer(t)
	for version := 1; version <= 2; version++ {
		t.Run(fmt.Sprintf("KV version %d", version), func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
					mount := p.mount(t, version)
					for name, text := range content.Named("connections/", "variables/", "config/") {
						p.put(t, mount, version, name, map[string]any{field(name): text})
					}
					return p.opened(t, vault.Options{Mount: mount, KVVersion: version})
				},
				Fail: func(t *testing.T, class error) secrets.Backend {
					if class != secrets.ErrDenied {
						return nil
					}
					return p.opened(t, vault.Options{Mount: p.mount(t, version), KVVersion: version, Login: vault.Token{Token: secret(planted)}})
				},
				OneConnection: true,
			})
		})
	}
}

// The policy of the package comment is enough, and no more is asked for.
func TestRealPolicy(t *testing.T) {
	p := newPeer(t)
	mount := p.mount(t, 2)
	p.put(t, mount, 2, "variables/a/b", map[string]any{"value": "x"})
	p.put(t, mount, 2, "elsewhere/x", map[string]any{"value": planted})
	p.policy(t, mount, `
		path "`+mount+`/data/connections/*" { capabilities = ["read"] }
		path "`+mount+`/data/variables/*"   { capabilities = ["read"] }
		path "`+mount+`/metadata/variables/*" { capabilities = ["list"] }`)
	created, err := p.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{mount}, TTL: "1h"})
	require.NoError(t, err)
	b := p.opened(t, vault.Options{Mount: mount, Login: vault.Token{Token: secret(created.Auth.ClientToken)}})

	require.NoError(t, b.Check(t.Context()))
	require.NoError(t, get(t, b, "a/b"))
	ids, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Equal(t, []string{"a/b"}, ids)
	_, err = b.GetConfig(t.Context(), "x")
	assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrDenied)
	_, err = b.List(t.Context(), secrets.KindConnection)
	assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrDenied)

	require.NoError(t, p.Auth().Token().RevokeTreeWithContext(t.Context(), created.Auth.ClientToken))
	assert.ErrorIs(t, get(t, b, "a/b"), secrets.ErrDenied)
	assert.ErrorIs(t, b.Check(t.Context()), secrets.ErrDenied)
}

func TestRealVersions(t *testing.T) {
	p := newPeer(t)
	mount := p.mount(t, 2)
	b := p.opened(t, vault.Options{Mount: mount})
	for _, text := range []string{"first", "second"} {
		p.put(t, mount, 2, "variables/x", map[string]any{"value": text})
	}
	got, err := b.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.True(t, got == "second", "the latest version")
	_, err = p.Logical().DeleteWithContext(t.Context(), mount+"/data/variables/x")
	require.NoError(t, err)
	assert.ErrorIs(t, get(t, b, "x"), secrets.ErrNotFound, "deleted")
	p.write(t, mount+"/destroy/variables/x", map[string]any{"versions": []int{1, 2}})
	assert.ErrorIs(t, get(t, b, "x"), secrets.ErrNotFound, "destroyed")
}

// Lookups in an engine of another version find nothing; Check tells why.
func TestRealMisconfiguration(t *testing.T) {
	p := newPeer(t)
	for version := 1; version <= 2; version++ {
		mount := p.mount(t, version)
		p.put(t, mount, version, "variables/x", map[string]any{"value": planted})
		b := p.opened(t, vault.Options{Mount: mount, KVVersion: 3 - version})
		assert.ErrorIs(t, get(t, b, "x"), secrets.ErrNotFound)
		assert.ErrorContains(t, b.Check(t.Context()), "kv_engine_version")
	}
	b := p.opened(t, vault.Options{Mount: "nomount"})
	assert.ErrorIs(t, get(t, b, "x"), secrets.ErrNotFound)
	assert.Error(t, b.Check(t.Context()))
	assert.NoError(t, p.opened(t, vault.Options{MountFromID: true}).Check(t.Context()))
}

func TestRealNames(t *testing.T) {
	p := newPeer(t)
	for version := 1; version <= 2; version++ {
		mount := p.mount(t, version)
		b := p.opened(t, vault.Options{Mount: mount, KVVersion: version})
		ids := []string{"UPPER_Case", "with space", "ключ", "%2F", "a:b#c?d", "a.b_c-d/e", " lead", "%"}
		if version == 2 {
			ids = append(ids, "...", "a..b")
		}
		for _, id := range ids {
			p.put(t, mount, version, "variables/"+id, map[string]any{"value": id})
		}
		for _, id := range ids {
			got, err := b.GetVariable(t.Context(), id)
			require.NoErrorf(t, err, "%q", id)
			assert.Truef(t, got == id, "%q gave another's value", id)
		}
		assert.ErrorIs(t, get(t, b, "absent..name"), secrets.ErrNotFound)
		listed, err := b.List(t.Context(), secrets.KindVariable)
		require.NoError(t, err)
		assert.ElementsMatch(t, ids, listed)
	}
}

// Every login that the server has, with the token taken away in between.
func TestRealLogins(t *testing.T) {
	p := newPeer(t)
	mount := p.mount(t, 2)
	p.put(t, mount, 2, "variables/x", map[string]any{"value": "x"})
	p.policy(t, mount, `path "`+mount+`/data/*" { capabilities = ["read"] }`)
	role := map[string]any{"token_policies": mount, "token_ttl": "1h", "token_max_ttl": "2h"}
	with := func(more map[string]any) map[string]any {
		for k, v := range role {
			more[k] = v
		}
		return more
	}
	dir := os.Getenv("SECRETS_TEST_VAULT_DIR")
	tlsOptions := &api.TLSConfig{CACert: filepath.Join(dir, "ca.pem"),
		ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client-key.pem")}
	authority, err := os.ReadFile(tlsOptions.CACert)
	require.NoError(t, err)
	key, jwt := signedToken(t, map[string]any{"aud": "vault", "sub": mount,
		"iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix()})
	jwtFile := filepath.Join(t.TempDir(), "jwt")
	require.NoError(t, os.WriteFile(jwtFile, []byte(jwt+"\n"), 0o600))

	p.write(t, "auth/approle/role/"+mount, with(map[string]any{}))
	roleID, err := p.Logical().ReadWithContext(t.Context(), "auth/approle/role/"+mount+"/role-id")
	require.NoError(t, err)
	secretID := p.write(t, "auth/approle/role/"+mount+"/secret-id", nil)
	p.write(t, "auth/userpass/users/"+mount, with(map[string]any{"password": planted}))
	p.write(t, "auth/cert/certs/"+mount, with(map[string]any{"certificate": string(authority)}))
	p.write(t, "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": key})
	p.write(t, "auth/jwt/role/"+mount, with(map[string]any{"role_type": "jwt", "user_claim": "sub", "bound_audiences": "vault"}))

	for name, o := range map[string]vault.Options{
		"approle":  {Login: vault.AppRole{RoleID: roleID.Data["role_id"].(string), SecretID: secret(secretID.Data["secret_id"].(string))}},
		"userpass": {Login: vault.UserPass{Username: mount, Password: secret(planted)}},
		"jwt":      {Login: vault.JWT{Role: mount, Path: jwtFile}},
		"cert":     {Login: vault.Cert{Role: mount}, Address: os.Getenv("SECRETS_TEST_VAULT_TLS"), TLS: tlsOptions},
	} {
		t.Run(name, func(t *testing.T) {
			o.Mount = mount
			b := p.opened(t, o)
			require.NoError(t, get(t, b, "x"))
			seconds, err := vault.Renew(t.Context(), b)
			require.NoError(t, err)
			assert.Positive(t, seconds)
			leases := "auth/" + name + "/login"
			if name == "userpass" {
				leases += "/" + mount
			}
			require.NoError(t, p.Sys().RevokePrefixWithContext(t.Context(), leases))
			assert.NoError(t, get(t, b, "x"), "after the token was revoked")
			require.NoError(t, b.Check(t.Context()))
		})
	}
	for name, login := range map[string]api.AuthMethod{
		"approle":     vault.AppRole{RoleID: planted, SecretID: secret(planted)},
		"userpass":    vault.UserPass{Username: "nobody", Password: secret(planted)},
		"jwt":         vault.JWT{Role: mount, Token: secret(planted)},
		"cert":        vault.Cert{},
		"not mounted": vault.LDAP{Username: "u", Password: secret(planted)},
	} {
		t.Run("refused "+name, func(t *testing.T) {
			err := get(t, p.opened(t, vault.Options{Mount: mount, Login: login}), "x")
			assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrDenied)
			assert.ErrorContains(t, err, "login")
			backendtest.NoLeak(t, planted, err)
		})
	}
}

// A server whose certificate is not trusted gets no token.
func TestRealTLS(t *testing.T) {
	p := newPeer(t)
	mount := p.mount(t, 1)
	p.put(t, mount, 1, "variables/x", map[string]any{"value": "x"})
	o := vault.Options{Address: os.Getenv("SECRETS_TEST_VAULT_TLS"), Mount: mount, KVVersion: 1}
	err := get(t, p.opened(t, o), "x")
	assert.ErrorIs(t, err, secrets.ErrUnavailable)
	assert.ErrorContains(t, err, "unknown authority")
	t.Setenv("VAULT_CACERT", filepath.Join(os.Getenv("SECRETS_TEST_VAULT_DIR"), "ca.pem"))
	assert.NoError(t, get(t, p.opened(t, o), "x"))
	o.TLS = &api.TLSConfig{Insecure: true}
	assert.NoError(t, get(t, p.opened(t, o), "x"))
}

// A sealed server is an outage that ends by itself.
func TestRealSeal(t *testing.T) {
	p := newPeer(t)
	mount := p.mount(t, 2)
	p.put(t, mount, 2, "variables/x", map[string]any{"value": "x"})
	b := p.opened(t, vault.Options{Mount: mount, Retries: -1})
	require.NoError(t, get(t, b, "x"))
	require.NoError(t, p.Sys().SealWithContext(t.Context()))
	sealed, check := get(t, b, "x"), b.Check(t.Context())
	_, err := p.Sys().UnsealWithContext(t.Context(), os.Getenv("SECRETS_TEST_VAULT_UNSEAL_KEY"))
	require.NoError(t, err)
	for _, err := range []error{sealed, check} {
		assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrUnavailable)
		assert.ErrorContains(t, err, "sealed")
	}
	require.Eventually(t, func() bool { return get(t, b, "x") == nil }, time.Minute, 5*time.Millisecond)
}

// signedToken returns a public key in PEM form and a token of the claims, signed with ES256.
func signedToken(t *testing.T, claims map[string]any) (key, token string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	require.NoError(t, err)
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(mustJSON(t, claims))
	digest := sha256Of(signed)
	r, s, err := ecdsa.Sign(rand.Reader, private, digest)
	require.NoError(t, err)
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
