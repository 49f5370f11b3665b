package vault_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/internal/vaultwire"
	"github.com/secretchain/secrets/internal/vectors"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/vault"
)

func TestMain(m *testing.M) {
	for _, variable := range os.Environ() { // the tests' own are set by each
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "VAULT_") {
			os.Unsetenv(name)
		}
	}
	leaktest.Main(m)
}

func secret(text string) secrets.Secret { return secrets.NewSecret(text) }

func TestConformance(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprintf("KV version %d", version), func(t *testing.T) {
			o := vault.Options{KVVersion: version, Retries: -1}
			backendtest.Run(t, backendtest.Harness{
				Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
					w := newWire(t, version)
					w.fill(content)
					return w.opened(t, o)
				},
				Fail: func(t *testing.T, class error) secrets.Backend {
					w := newWire(t, version)
					status := http.StatusServiceUnavailable
					if class == secrets.ErrDenied {
						status = http.StatusForbidden
					}
					w.answer(func(rw http.ResponseWriter, _ *http.Request) { vaultwire.Refuse(rw, status, planted) })
					return w.opened(t, o)
				},
				Stall: func(t *testing.T) secrets.Backend {
					w := newWire(t, version)
					w.answer(wiretest.Silence)
					return w.opened(t, o)
				},
				OneConnection: true,
			})
		})
	}
}

// The caller's own client is a Backend as well.
func TestConformanceOfNew(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		Make: func(t *testing.T, content backendtest.Content) secrets.Backend {
			w := newWire(t, 2)
			w.fill(content)
			b, err := vault.New(w.client(t).Logical(), nil)
			require.NoError(t, err)
			return b
		},
		OneConnection: true,
	})
}

func TestNameVectors(t *testing.T) {
	vectors.Names(t, "vault", func(t *testing.T, c vectors.NameCase) (string, error) {
		b, err := backend.Open(t.Context(), "airflow.providers.hashicorp.secrets.vault.VaultBackend", c.Kwargs)
		require.NoError(t, err)
		name := c.Told(b)
		if name == "" {
			return "", nil
		}
		return withoutMount(t, name, c.Mount), nil
	})
}

func TestReads(t *testing.T) {
	for name, c := range map[string]struct {
		options vault.Options
		stored  map[string]any // name in the server → keys and values
		kind    secrets.Kind
		id      string
		want    string // the variable or the connection's URI
		class   error
	}{
		"fields": {
			stored: map[string]any{"secret/connections/pg": map[string]any{"conn_type": "postgresql", "login": "airflow",
				"password": "airflow", "host": "host", "port": 5432, "schema": "airflow", "extra": `{"foo":"bar","baz":"taz"}`}},
			id: "pg", want: "postgres://airflow:airflow@host:5432/airflow?foo=bar&baz=taz",
		},
		"port and extra as Vault's command line stores them": {
			stored: map[string]any{"secret/connections/pg": map[string]any{"conn_type": "mysql", "host": "h", "port": "3306", "extra": ""}},
			id:     "pg", want: "mysql://h:3306",
		},
		"conn_uri": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_uri": "smtps://user:host@relay.example.com:465"}},
			id:     "s", want: "smtps://user:host@relay.example.com:465",
		},
		"conn_uri in JSON form": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_uri": `{"conn_type": "smtp", "host": "h"}`}},
			id:     "s", want: "smtp://h",
		},
		"conn_uri wins over fields": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_uri": "a://b", "host": "c"}},
			id:     "s", want: "a://b",
		},
		"blank conn_uri beside fields": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_uri": "", "conn_type": "x", "host": "c"}},
			id:     "s", want: "x://c",
		},
		"null conn_uri beside fields": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_uri": nil, "conn_type": "x", "host": "c"}},
			id:     "s", want: "x://c",
		},
		"conn_uri of another type": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_uri": []string{planted}}},
			id:     "s", class: secrets.ErrMalformed,
		},
		"an unknown field": {
			stored: map[string]any{"secret/connections/s": map[string]any{"conn_type": "x", "user": planted}},
			id:     "s", class: secrets.ErrMalformed,
		},
		"a text in place of keys and values": {
			stored: map[string]any{"secret/connections/s": planted},
			id:     "s", class: secrets.ErrMalformed,
		},
		"variable": {
			stored: map[string]any{"secret/variables/hello": map[string]any{"value": "world\n"}},
			kind:   secrets.KindVariable, id: "hello", want: "world\n",
		},
		"blank variable": {
			stored: map[string]any{"secret/variables/hello": map[string]any{"value": ""}},
			kind:   secrets.KindVariable, id: "hello", want: "",
		},
		"number": {
			stored: map[string]any{"secret/variables/n": map[string]any{"value": 12345678901234567}},
			kind:   secrets.KindVariable, id: "n", want: "12345678901234567",
		},
		"object": {
			stored: map[string]any{"secret/variables/o": map[string]any{"value": map[string]any{"a": []any{1, nil}}}},
			kind:   secrets.KindVariable, id: "o", want: `{"a":[1,null]}`,
		},
		"null value": {
			stored: map[string]any{"secret/variables/o": map[string]any{"value": nil}},
			kind:   secrets.KindVariable, id: "o", class: secrets.ErrNotFound,
		},
		"no key value": {
			stored: map[string]any{"secret/variables/hello": map[string]any{"vals": planted, "VALUE": planted}},
			kind:   secrets.KindVariable, id: "hello", class: secrets.ErrNotFound,
		},
		"deleted version": {
			stored: map[string]any{"secret/variables/hello": nil},
			kind:   secrets.KindVariable, id: "hello", class: secrets.ErrNotFound,
		},
		"config": {
			stored: map[string]any{"secret/config/sql_alchemy_conn": map[string]any{"value": "sqlite://"}},
			kind:   secrets.KindConfig, id: "sql_alchemy_conn", want: "sqlite://",
		},
		"odd characters": {
			stored: map[string]any{"secret/variables/a b%2F#?ключ": map[string]any{"value": "x"}},
			kind:   secrets.KindVariable, id: "a b%2F#?ключ", want: "x",
		},
		"nested id and mount": {
			options: vault.Options{Mount: "team/kv"},
			stored:  map[string]any{"team/kv/variables/a/b": map[string]any{"value": "x"}},
			kind:    secrets.KindVariable, id: "a/b", want: "x",
		},
		"mount from the id": {
			options: vault.Options{MountFromID: true, Variables: backend.At("")},
			stored:  map[string]any{"airflow/path/to/variables/hello": map[string]any{"value": "x"}},
			kind:    secrets.KindVariable, id: "airflow/path/to/variables/hello", want: "x",
		},
		"no mount in the id": {
			options: vault.Options{MountFromID: true},
			id:      "simple_id", class: secrets.ErrNotFound,
		},
		"doubled slashes in the path of the options": {
			options: vault.Options{Variables: backend.At("/a//b/")},
			stored:  map[string]any{"secret/a/b/x": map[string]any{"value": "x"}},
			kind:    secrets.KindVariable, id: "x", want: "x",
		},
		"parent folder": {
			stored: map[string]any{"secret/connections/s": map[string]any{"value": planted}},
			kind:   secrets.KindVariable, id: "../connections/s", class: secrets.ErrNotFound,
		},
		"excluded by a pattern": {
			options: vault.Options{VariablesPattern: pattern(t, "dev_")},
			stored:  map[string]any{"secret/variables/hello": map[string]any{"value": "x"}},
			kind:    secrets.KindVariable, id: "hello", class: secrets.ErrNotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, 2)
			w.Mounts["team/kv"], w.Mounts["airflow"] = 2, 2
			for name, data := range c.stored {
				w.Put(name, data)
			}
			b := w.opened(t, c.options)
			got, err := lookup(t.Context(), b, c.kind, c.id)
			if c.class != nil {
				require.Error(t, err)
				assert.ErrorIs(t, secrets.ClassOf(err), c.class)
				backendtest.NoLeak(t, planted, err)
				return
			}
			require.NoError(t, err)
			assert.True(t, got == c.want, "another value")
			assert.Len(t, w.Requests(), 1, "a lookup is one request")
		})
	}
}

// lookup reads a thing of any kind as a text; the zero kind is a connection.
func lookup(ctx context.Context, b *vault.Backend, kind secrets.Kind, id string) (string, error) {
	switch kind {
	case secrets.KindVariable:
		return b.GetVariable(ctx, id)
	case secrets.KindConfig:
		return b.GetConfig(ctx, id)
	}
	return b.GetConnURI(ctx, id)
}

// Names that cannot be, or are switched off, cost no request.
func TestNoRequest(t *testing.T) {
	w := newWire(t, 2)
	b := w.opened(t, vault.Options{Config: backend.Off})
	for _, id := range []string{"", "/lead", "trail/", "a//b", ".", "..", "a/../b", "a/./b", "line\nbreak", "nul\x00", "\xff"} {
		_, err := b.GetVariable(t.Context(), id)
		assert.ErrorIsf(t, err, secrets.ErrNotFound, "%q", id)
		_, ok := b.StoreName(secrets.KindVariable, id)
		assert.Falsef(t, ok, "%q", id)
	}
	_, err := b.GetConfig(t.Context(), "sql_alchemy_conn")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	assert.Empty(t, w.Requests())
}

func TestTeams(t *testing.T) {
	mine := map[string]any{"value": "mine"}
	shared := map[string]any{"value": "shared"}
	for name, c := range map[string]struct {
		teams  vault.Teams
		mount  bool // from the id
		stored map[string]any
		id     string
		want   string
		class  error
		asked  []string
	}{
		"the team's own first": {
			teams: vault.Teams{Team: "foo"}, stored: map[string]any{"variables/foo/x": mine, "variables/x": shared}, id: "x",
			want: "mine", asked: []string{"variables/foo/x"},
		},
		"then the shared one": {
			teams: vault.Teams{Team: "foo"}, stored: map[string]any{"variables/x": shared}, id: "x",
			want: "shared", asked: []string{"variables/foo/x", "variables/x"},
		},
		"a path for shared ones": {
			teams: vault.Teams{Team: "foo", SharedPath: "global"}, stored: map[string]any{"variables/global/x": shared}, id: "x",
			want: "shared", asked: []string{"variables/foo/x", "variables/global/x"},
		},
		"no team, a path for shared ones": {
			teams: vault.Teams{Enabled: true, SharedPath: "global"}, stored: map[string]any{"variables/global/x": shared}, id: "x",
			want: "shared", asked: []string{"variables/global/x"},
		},
		"no path for teams": {
			teams: vault.Teams{Team: "foo", NoTeamPath: true}, stored: map[string]any{"variables/foo/x": mine, "variables/x": shared}, id: "x",
			want: "shared", asked: []string{"variables/x"},
		},
		"another team's path": {
			teams: vault.Teams{Team: "foo"}, stored: map[string]any{"variables/bar/x": mine}, id: "bar/x",
			class: secrets.ErrDenied,
		},
		"another team's path, asked without a team": {
			teams: vault.Teams{Enabled: true}, stored: map[string]any{"variables/bar/x": mine}, id: "bar/x",
			class: secrets.ErrDenied,
		},
		"a slash is safe beside a path for shared ones": {
			teams: vault.Teams{Team: "foo", SharedPath: "global"}, stored: map[string]any{"variables/global/bar/x": shared}, id: "bar/x",
			want: "shared", asked: []string{"variables/foo/bar/x", "variables/global/bar/x"},
		},
		"mount from the id": {
			teams: vault.Teams{Team: "foo"}, mount: true, stored: map[string]any{"variables/foo/x": mine}, id: "secret/x",
			want: "mine", asked: []string{"variables/foo/x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, 1)
			for name, data := range c.stored {
				w.Put("secret/"+name, data)
			}
			b := w.opened(t, vault.Options{KVVersion: 1, Teams: c.teams, MountFromID: c.mount})
			got, err := b.GetVariable(t.Context(), c.id)
			var want []string
			for _, path := range c.asked {
				want = append(want, "GET secret/"+path)
			}
			assert.Equal(t, want, w.Requests())
			if c.class != nil {
				assert.ErrorIs(t, secrets.ClassOf(err), c.class)
				return
			}
			require.NoError(t, err)
			assert.True(t, got == c.want)
		})
	}
}

// Config is nobody's but everybody's.
func TestTeamsHaveNoConfig(t *testing.T) {
	w := newWire(t, 2)
	w.Put("secret/config/x", map[string]any{"value": "v"})
	got, err := w.opened(t, vault.Options{Teams: vault.Teams{Team: "foo", SharedPath: "global"}}).GetConfig(t.Context(), "x")
	require.NoError(t, err)
	assert.True(t, got == "v")
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]vault.Options{
		"version":            {KVVersion: 3},
		"mount":              {Mount: "a//b"},
		"mount of dots":      {Mount: "../sys"},
		"mount twice":        {Mount: "kv", MountFromID: true},
		"team":               {Teams: vault.Teams{Team: "a"}},
		"team's shared path": {Teams: vault.Teams{Team: "team", SharedPath: "team"}},
		"shared path":        {Teams: vault.Teams{SharedPath: "/global"}},
		"address":            {Address: "vault.example.com"},
		"address with login": {Address: "https://user:" + planted + "@vault.example.com"},
		"time-out":           {Timeout: -time.Second},
		"proxy":              {Proxies: map[string]secrets.Secret{"http": secret(planted)}},
		"proxy scheme":       {Proxies: map[string]secrets.Secret{planted: secret("http://p")}},
		"login":              {Login: vault.AppRole{SecretID: secret(planted)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vault.Open(t.Context(), &o)
			require.ErrorIs(t, err, secrets.ErrMalformed)
			backendtest.NoLeak(t, planted, err)
			_, err = vault.New(nobody{}, &o)
			require.ErrorIs(t, err, secrets.ErrMalformed)
			backendtest.NoLeak(t, planted, err)
		})
	}
	_, err := vault.New(nil, nil)
	require.ErrorContains(t, err, "nil")
	require.ErrorIs(t, err, secrets.ErrMalformed)
}

type nobody struct{ vault.Reader }

func TestClosedIsClosed(t *testing.T) {
	w := newWire(t, 2)
	b := w.opened(t, vault.Options{})
	_, err := b.GetVariable(t.Context(), "x")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	require.NoError(t, b.Close())
	_, err = b.GetVariable(t.Context(), "x")
	assert.ErrorIs(t, secrets.ClassOf(err), secrets.ErrClosed)
	assert.Len(t, w.Requests(), 1)
}
