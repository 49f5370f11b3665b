package envbackend_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/envbackend"
	"github.com/secretchain/secrets/internal/leaktest"
	"github.com/secretchain/secrets/internal/vectors"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// fake is an environment.
type fake map[string]string

func (f fake) lookup(name string) (string, bool) {
	value, ok := f[name]
	return value, ok
}

func (f fake) environ() []string {
	var entries []string
	for name, value := range f {
		entries = append(entries, name+"="+value)
	}
	return entries
}

func newBackend(t testing.TB, f fake, opts envbackend.Options) *envbackend.Backend {
	t.Helper()
	opts.Lookup, opts.Environ = f.lookup, f.environ
	b, err := envbackend.New(&opts)
	require.NoError(t, err)
	return b
}

// variable is what the suite's names are in upper case: none needs more than ASCII and one letter.
func variable(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "ß", "ss")) }

func content(c backendtest.Content) fake {
	f := fake{}
	for name, text := range c.Named("AIRFLOW_CONN_", "AIRFLOW_VAR_", "CONFIG_") {
		f[variable(name)] = text
	}
	return f
}

func TestConformance(t *testing.T) {
	for form, opts := range map[string]envbackend.Options{
		"plain":    {Config: backend.At("CONFIG_")},
		"fallback": {Config: backend.At("CONFIG_"), Fallback: true},
		"team":     {Config: backend.At("CONFIG_"), Team: "team-a"},
	} {
		t.Run(form, func(t *testing.T) {
			backendtest.Run(t, backendtest.Harness{
				Make: func(t *testing.T, c backendtest.Content) secrets.Backend {
					return newBackend(t, content(c), opts)
				},
				OneConnection: true,
			})
		})
	}
}

func TestConformanceOfFile(t *testing.T) {
	write := func(t *testing.T, c backendtest.Content) string {
		var lines strings.Builder
		for name, value := range content(c) {
			quoted := "'" + value + "'"
			if strings.Contains(value, "'") {
				quoted = `"` + strings.ReplaceAll(value, `"`, `\"`) + `"`
			}
			lines.WriteString(name + "=" + quoted + "\n")
		}
		path := filepath.Join(t.TempDir(), ".env")
		require.NoError(t, os.WriteFile(path, []byte(lines.String()), 0o600))
		return path
	}
	backendtest.Run(t, backendtest.Harness{
		Make: func(t *testing.T, c backendtest.Content) secrets.Backend {
			b, err := envbackend.New(&envbackend.Options{File: write(t, c), Config: backend.At("CONFIG_")})
			require.NoError(t, err)
			return b
		},
		Fail: func(t *testing.T, class error) secrets.Backend {
			if class != secrets.ErrUnavailable {
				return nil
			}
			b, err := envbackend.New(&envbackend.Options{File: filepath.Join(t.TempDir(), "absent"), Config: backend.At("CONFIG_")})
			require.NoError(t, err)
			return b
		},
		Holds: func(_ secrets.Kind, id string) bool {
			return !strings.ContainsFunc(id, func(r rune) bool { return r > 'z' || r < '.' || strings.ContainsRune(`/:\()!#`, r) })
		},
		OneConnection: true,
	})
}

func TestVectors(t *testing.T) {
	vectors.Names(t, "env", func(t *testing.T, c vectors.NameCase) (string, error) {
		b, err := backend.Open(t.Context(), "env", nil)
		require.NoError(t, err)
		return c.Told(b), nil
	})
}

func TestReadsTheProcess(t *testing.T) {
	t.Setenv("AIRFLOW_VAR_ENVBACKEND_TEST", "one")
	b, err := envbackend.New(nil)
	require.NoError(t, err)
	value, err := b.GetVariable(t.Context(), "envbackend_test")
	require.NoError(t, err)
	assert.Equal(t, "one", value)
	t.Setenv("AIRFLOW_VAR_ENVBACKEND_TEST", "")
	value, err = b.GetVariable(t.Context(), "envbackend_test")
	require.NoError(t, err, "the environment is read at lookup time, and blank is a value")
	assert.Empty(t, value)
	ids, err := b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Contains(t, ids, "envbackend_test")
}

func TestConfigIsOffUnlessAsked(t *testing.T) {
	f := fake{"AIRFLOW_CONFIG_X": "v", "X": "v"}
	for _, opts := range []envbackend.Options{{}, {Config: backend.Off}} {
		b := newBackend(t, f, opts)
		_, err := b.GetConfig(t.Context(), "x")
		assert.ErrorIs(t, err, errors.ErrUnsupported)
		_, ok := b.StoreName(secrets.KindConfig, "x")
		assert.False(t, ok)
	}
	value, err := newBackend(t, f, envbackend.Options{Config: backend.At("AIRFLOW_CONFIG_")}).GetConfig(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, "v", value)
}

func TestPrefixes(t *testing.T) {
	b := newBackend(t, fake{"MYconn_DB": "mysql://h", "V": "v"}, envbackend.Options{Connections: backend.At("MYconn_"), Variables: backend.At("")})
	_, err := b.GetConnections(t.Context(), "db")
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "v")
	require.NoError(t, err)

	off := newBackend(t, fake{"AIRFLOW_VAR_V": "v", "V": "v"}, envbackend.Options{Variables: backend.Off})
	_, err = off.GetVariable(t.Context(), "v")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	ids, err := off.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Empty(t, ids)
}

func TestFallback(t *testing.T) {
	f := fake{"AIRFLOW_VAR_MY_DB": "plain", "AIRFLOW_VAR_A.B": "exact", "AIRFLOW_VAR_A_B": "plain"}
	b := newBackend(t, f, envbackend.Options{Fallback: true})
	for key, want := range map[string]string{"my-db": "plain", "my db": "plain", "a.b": "exact", "a/b": "plain"} {
		value, err := b.GetVariable(t.Context(), key)
		require.NoError(t, err, key)
		assert.Equal(t, want, value, key)
	}
	_, err := newBackend(t, f, envbackend.Options{}).GetVariable(t.Context(), "my-db")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestTeam(t *testing.T) {
	f := fake{"AIRFLOW_CONN__TEAM-A___DB": "mysql://team", "AIRFLOW_CONN_DB": "mysql://shared", "AIRFLOW_CONN_COMMON": "mysql://common",
		"AIRFLOW_CONN__OTHER___DB": "mysql://other", "AIRFLOW_VAR__TEAM-A___V": "", "AIRFLOW_VAR_V": "shared", "AIRFLOW_VAR__X": "x"}
	b := newBackend(t, f, envbackend.Options{Team: "team-a", Config: backend.At("AIRFLOW_VAR_")})
	for id, want := range map[string]string{"db": "team", "common": "common"} {
		conns, err := b.GetConnections(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, want, conns[0].Host)
	}
	value, err := b.GetVariable(t.Context(), "v")
	require.NoError(t, err)
	assert.Equal(t, "shared", value, "a blank variable of a team is a miss")
	_, err = b.GetVariable(t.Context(), "_x")
	require.NoError(t, err, "a team's name holds no _, so an id may begin with it")
	value, err = b.GetConfig(t.Context(), "v")
	require.NoError(t, err)
	assert.Equal(t, "shared", value, "configuration is no team's")

	for _, id := range []string{"_other___db", "a___b"} {
		_, err = b.GetConnections(t.Context(), id)
		assert.ErrorIs(t, err, secrets.ErrDenied)
		_, ok := b.StoreName(secrets.KindConnection, id)
		assert.False(t, ok)
	}
	for _, id := range []string{"-other---db", "_otherΐdb"} { // ΐ has three letters in upper case
		_, err = newBackend(t, f, envbackend.Options{Team: "team-a", Fallback: true}).GetConnections(t.Context(), id)
		assert.ErrorIs(t, err, secrets.ErrDenied, "what the fallback makes of an id counts too")
	}
	_, err = newBackend(t, f, envbackend.Options{}).GetConnections(t.Context(), "_other___db")
	assert.NoError(t, err, "without teams no id is refused")

	ids, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	slices.Sort(ids)
	assert.Equal(t, []string{"common", "db"}, ids)
}

func TestList(t *testing.T) {
	f := fake{"AIRFLOW_CONN_DB": "mysql://h", "AIRFLOW_CONN_BLANK": "", "AIRFLOW_CONN_lower": "mysql://h", "AIRFLOW_CONN_": "x",
		"AIRFLOW_CONN_MY-DB": "mysql://h", "AIRFLOW_VAR_BLANK": "", "PATH": "x"}
	b := newBackend(t, f, envbackend.Options{})
	ids, err := b.List(t.Context(), secrets.KindConnection)
	require.NoError(t, err)
	slices.Sort(ids)
	assert.Equal(t, []string{"db", "my-db"}, ids, "what no lookup finds is not listed")
	ids, err = b.List(t.Context(), secrets.KindVariable)
	require.NoError(t, err)
	assert.Equal(t, []string{"blank"}, ids)

	unlisted, err := envbackend.New(&envbackend.Options{Lookup: f.lookup})
	require.NoError(t, err)
	_, err = unlisted.List(t.Context(), secrets.KindVariable)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestBatchKeepsWhatIsGood(t *testing.T) {
	b := newBackend(t, fake{"AIRFLOW_CONN_GOOD": "mysql://h", "AIRFLOW_CONN_BAD": "mysql://h:pLanted"}, envbackend.Options{})
	conns, err := b.GetConnectionMap(t.Context(), []string{"good", "bad", "absent"})
	assert.Equal(t, []string{"good"}, slices.Collect(maps.Keys(conns)))
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	backendtest.NoLeak(t, "pLanted", err, b)
}

func TestErrorsNameTheVariable(t *testing.T) {
	b := newBackend(t, fake{"AIRFLOW_CONN_BAD": "nothing"}, envbackend.Options{})
	_, err := b.GetConnections(t.Context(), "bad")
	assert.ErrorContains(t, err, "AIRFLOW_CONN_BAD")
	_, err = b.GetVariable(t.Context(), "v")
	assert.EqualError(t, err, `get variable "v" (AIRFLOW_VAR_V): not found`)
}

func TestTextIsUTF8(t *testing.T) {
	b := newBackend(t, fake{"AIRFLOW_VAR_LATIN": "caf\xe9 pLanted5ecret", "AIRFLOW_VAR_GOOD": "café"}, envbackend.Options{})
	_, err := b.GetVariable(t.Context(), "latin")
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.ErrorContains(t, err, "AIRFLOW_VAR_LATIN")
	backendtest.NoLeak(t, "pLanted5ecret", err)
	found, err := b.GetVariables(t.Context(), []string{"latin", "good"})
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Len(t, found, 1, "one bad value breaks no other")
}

func TestNewRefuses(t *testing.T) {
	for name, opts := range map[string]envbackend.Options{
		"a bad team":  {Team: "a_b"},
		"two sources": {File: "x", Lookup: fake{}.lookup},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := envbackend.New(&opts)
			assert.ErrorIs(t, err, secrets.ErrMalformed)
		})
	}
	_, err := backend.Open(t.Context(), "env", []byte(`{"connections_prefix": "x"}`))
	assert.ErrorContains(t, err, "connections_prefix", "Airflow's backend takes no arguments")
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	put := func(text string) {
		require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	b, err := envbackend.New(&envbackend.Options{File: path, Interval: -1})
	require.NoError(t, err)
	_, err = b.GetVariable(t.Context(), "v")
	assert.ErrorIs(t, err, secrets.ErrUnavailable, "a file that is missing is no absence")
	assert.NotErrorIs(t, err, secrets.ErrNotFound)
	assert.ErrorContains(t, err, path)

	put("export AIRFLOW_VAR_V='pLanted one' # a note\nAIRFLOW_VAR_W=\"${AIRFLOW_VAR_V}\\ntwo\"\n")
	value, err := b.GetVariable(t.Context(), "v")
	require.NoError(t, err)
	assert.True(t, value == "pLanted one")
	value, err = b.GetVariable(t.Context(), "w")
	require.NoError(t, err)
	assert.True(t, value == "pLanted one\ntwo")
	require.NoError(t, b.Check(t.Context()))

	put("AIRFLOW_VAR_V=two\nAIRFLOW_VAR_W=\"pLanted")
	value, err = b.GetVariable(t.Context(), "v")
	require.NoError(t, err, "the last good version goes on answering")
	assert.True(t, value == "pLanted one")
	err = b.Check(t.Context())
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.ErrorContains(t, err, "line 2")
	backendtest.NoLeak(t, "pLanted", err, b)

	put("AIRFLOW_VAR_V=three")
	value, err = b.GetVariable(t.Context(), "v")
	require.NoError(t, err)
	assert.True(t, value == "three")
	_, err = b.GetVariable(t.Context(), "w")
	assert.ErrorIs(t, err, secrets.ErrNotFound)
	require.NoError(t, b.Check(t.Context()))
}

func TestEndedContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	b := newBackend(t, fake{}, envbackend.Options{})
	_, err := b.GetVariable(ctx, "v")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = b.GetVariables(ctx, []string{"v"})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}
