package samples

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
	"github.com/secretchain/secrets/backend"
)

// nameCase is one of testdata/vectors/names.json: what Airflow asks a store for.
type nameCase struct {
	Name, Backend, Lookup, ID string
	Kwargs                    map[string]any
	Want                      []string
	Skipped, Error            bool
	Quirk                     string
	MountPoint                *string `json:"mount_point"`
	KVEngineVersion           int     `json:"kv_engine_version"`
}

// drivers are the backends of the vectors that this module has. Lockbox it has not.
var drivers = map[string]string{"ssm": "ssm", "secretsmanager": "secretsmanager", "gcp": "gcpsm", "azure": "azurekv", "vault": "vault", "env": "env"}

// Every case opens through airflowcfg, under each class path in turn, and asks over the wire for exactly the names that
// Airflow asks for, but for names that the service cannot hold: those are not found without a request. The cases marked as a quirk are decided in docs/quirks.md and tested beside each store; here they
// must open or be refused as malformed.
func TestNames(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Go reads SSL_CERT_FILE, which leads the vendors' clients to this test's server, on Linux alone")
	}
	text, err := os.ReadFile("../../../testdata/vectors/names.json")
	require.NoError(t, err)
	var cases []nameCase
	require.NoError(t, json.Unmarshal(text, &cases))
	asked := map[string]int{}
	for i, tt := range cases {
		if drivers[tt.Backend] == "" {
			continue
		}
		t.Run(tt.Name, func(t *testing.T) {
			classPaths := backend.ClassPaths(drivers[tt.Backend])
			classPath := classPaths[i%len(classPaths)]
			names, err := tt.ask(t, classPath)
			var refused *airflowcfg.Error
			if errors.As(err, &refused) {
				require.True(t, tt.Error || tt.Quirk != "", "refused: %v", err)
				require.ErrorIs(t, err, secrets.ErrMalformed)
				return
			}
			require.ErrorIs(t, err, secrets.ErrNotFound)
			if tt.Quirk != "" || tt.Error {
				return
			}
			if !tt.holds(t, classPath) {
				assert.Empty(t, names, "not found without a request")
				return
			}
			asked[tt.Backend]++
			assert.Equal(t, tt.want(), names)
		})
	}
	for name := range drivers {
		assert.Greater(t, asked[name], 20, "%s: the vectors have cases", name)
	}
}

// want are the names as the server sees them; of a skipped lookup there are none.
func (c nameCase) want() (names []string) {
	for _, name := range c.Want {
		if c.Backend == "vault" {
			mount := "secret"
			if c.MountPoint != nil {
				mount = strings.Trim(*c.MountPoint, "/")
			}
			name = mount + map[int]string{1: "/", 2: "/data/"}[c.KVEngineVersion] + name
			name = strings.ReplaceAll(name, "//", "/") // the server redirects to the path with single ones
		}
		names = append(names, name)
	}
	return names
}

// holds reports whether the store can hold the name, as it says itself.
func (c nameCase) holds(t *testing.T, classPath string) bool {
	t.Helper()
	b, err := backend.Open(t.Context(), classPath, c.arguments(t))
	require.NoError(t, err)
	if closer, ok := b.(io.Closer); ok {
		defer closer.Close()
	}
	kind := map[string]secrets.Kind{"connection": secrets.KindConnection, "variable": secrets.KindVariable, "config": secrets.KindConfig}[c.Lookup]
	_, ok := b.(secrets.Namer).StoreName(kind, c.ID)
	return ok
}

// arguments are the case's own, and where the server is.
func (c nameCase) arguments(t *testing.T) json.RawMessage {
	t.Helper()
	kwargs := map[string]any{}
	for name, value := range c.Kwargs {
		kwargs[name] = value
	}
	switch c.Backend {
	case "vault":
		kwargs["url"] = internet.vault
	case "azure":
		kwargs["vault_url"] = "https://example-akv-resource-name.vault.azure.net/"
	}
	text, err := json.Marshal(kwargs)
	require.NoError(t, err)
	return text
}

// ask opens the case and looks its id up; what the environment is asked for counts for the environment's cases alone.
func (c nameCase) ask(t *testing.T, classPath string) (names []string, err error) {
	path := filepath.Join(t.TempDir(), "airflow.cfg")
	file := fmt.Sprintf("[secrets]\nbackend = %s\nbackend_kwargs = %s\nbackends_order = custom\n", classPath, strings.ReplaceAll(string(c.arguments(t)), "%", "%%"))
	require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
	opts := &airflowcfg.Options{Path: path}
	var mu sync.Mutex
	var variables []string
	if c.Backend == "env" {
		opts.Environ = func(name string) (string, bool) {
			mu.Lock()
			defer mu.Unlock()
			if !strings.HasPrefix(name, "AIRFLOW__") {
				variables = append(variables, name)
			}
			return "", false
		}
	}
	chain, err := airflowcfg.Open(t.Context(), opts)
	if err != nil {
		return nil, err
	}
	defer func() { require.NoError(t, chain.Close()) }()
	internet.holds(nil)
	switch c.Lookup {
	case "connection":
		_, err = chain.GetConnection(t.Context(), c.ID)
	case "variable":
		_, err = chain.GetVariable(t.Context(), c.ID)
	case "config":
		_, err = chain.GetConfig(t.Context(), c.ID)
	default:
		t.Fatalf("unknown lookup %q", c.Lookup)
	}
	if c.Backend == "env" {
		return variables, err
	}
	return internet.names(), err
}
