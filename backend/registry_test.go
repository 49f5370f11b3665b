package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
)

func init() {
	backend.Register(backend.Driver{
		Name:       "memory",
		ClassPaths: []string{"my.company.MemoryBackend"},
		Open: func(_ context.Context, kwargs json.RawMessage) (secrets.Backend, error) {
			var a struct {
				Broken bool `json:"broken"`
			}
			if err := backend.DecodeKwargs(kwargs, &a); err != nil {
				return nil, err
			}
			if a.Broken {
				return nil, errors.New("broken")
			}
			return backendtest.NewFake(backendtest.Content{}), nil
		},
	})
}

func TestOpen(t *testing.T) {
	for _, name := range []string{"memory", "my.company.MemoryBackend", " memory "} {
		b, err := backend.Open(t.Context(), name, nil)
		require.NoErrorf(t, err, "name %q", name)
		assert.NotNil(t, b)
	}
	assert.Contains(t, backend.Drivers(), "memory")
	assert.NotContains(t, backend.Drivers(), "my.company.MemoryBackend")
}

func TestOpenRefuses(t *testing.T) {
	malformed, unavailable := secrets.ErrMalformed, secrets.ErrUnavailable
	for name, tc := range map[string]struct {
		driver, kwargs, says string
		class                error
	}{
		"an unknown name":         {"mine", "", `unknown backend "mine": registered are `, unavailable},
		"a blank name":            {"", "", `unknown backend ""`, unavailable},
		"arguments for a name":    {`{"token": "pLanted5ecret"}`, "", `unknown backend (a text that is no name)`, unavailable},
		"a store not imported":    {"vault", "", `add import _ "github.com/secretchain/secrets/vault"`, unavailable},
		"an old class path":       {"airflow.contrib.secrets.hashicorp_vault.VaultBackend", "", `add import _ "github.com/secretchain/secrets/vault"`, unavailable},
		"bad arguments":           {"memory", `{"broke": true}`, `open backend memory: unknown argument "broke": did you mean "broken"?`, malformed},
		"no JSON":                 {"memory", `{"broken"`, "open backend memory: arguments are not valid JSON", malformed},
		"what the driver refuses": {"memory", `{"broken": true}`, "open backend memory: broken", malformed},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := backend.Open(t.Context(), tc.driver, json.RawMessage(tc.kwargs))
			require.Error(t, err)
			assert.Nil(t, b)
			assert.ErrorContains(t, err, tc.says)
			assert.ErrorIs(t, err, tc.class)
			assert.Equal(t, tc.class, secrets.ClassOf(err))
			backendtest.NoLeak(t, "pLanted5ecret", err)
		})
	}
}

func TestRegisterPanics(t *testing.T) {
	open := func(context.Context, json.RawMessage) (secrets.Backend, error) { return nil, nil }
	before := backend.Drivers()
	for name, d := range map[string]backend.Driver{
		"no name":            {Open: open},
		"no Open":            {Name: "x"},
		"a name to trim":     {Name: " x", Open: open},
		"a blank class path": {Name: "x", ClassPaths: []string{""}, Open: open},
		"a taken name":       {Name: "memory", Open: open},
		"a taken class path": {Name: "x", ClassPaths: []string{"my.company.MemoryBackend"}, Open: open},
	} {
		t.Run(name, func(t *testing.T) { assert.Panics(t, func() { backend.Register(d) }) })
	}
	t.Run("no LoggedOpen", func(t *testing.T) {
		assert.Panics(t, func() { backend.RegisterLogged(backend.Driver{Name: "x", Open: open}, nil) })
	})
	assert.Equal(t, before, backend.Drivers(), "a refused driver leaves nothing behind")
}

func TestClassPaths(t *testing.T) {
	seen := map[string]string{}
	for _, driver := range []string{"env", "localfs", "ssm", "secretsmanager", "vault", "gcpsm", "azurekv", "metastore"} {
		paths := backend.ClassPaths(driver)
		assert.NotEmptyf(t, paths, "driver %q", driver)
		for _, path := range paths {
			assert.Emptyf(t, seen[path], "%s is also of %q", path, driver)
			seen[path] = driver
		}
	}
	assert.Nil(t, backend.ClassPaths("lockbox"))
}
