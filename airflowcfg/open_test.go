package airflowcfg_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
)

func TestSearchPath(t *testing.T) {
	const custom, database = "[secrets]\nbackend = test.FakeBackend\n", "[database]\nsql_alchemy_conn = sqlite:////a.db\n"
	worker := airflowcfg.Options{Worker: true}
	for _, tt := range []struct {
		name, file string
		env        map[string]string
		options    airflowcfg.Options
		want       []string
	}{
		{name: "nothing", want: []string{"env"}},
		{name: "custom", file: custom, want: []string{"fakestore", "env"}},
		{name: "metastore", file: database, want: []string{"env", "metastore"}},
		{name: "all", file: custom + database, want: []string{"fakestore", "env", "metastore"}},
		{name: "metastore before Airflow 2.3", file: "[core]\nsql_alchemy_conn = sqlite:////a.db\n", want: []string{"env", "metastore"}},
		{name: "by driver name", file: "[secrets]\nbackend = fakestore\n", want: []string{"fakestore", "env"}},
		{name: "blank as in Airflow's template", file: "[secrets]\nbackend =\nbackend_kwargs =\n", want: []string{"env"}},
		{name: "order", file: custom + "backends_order = metastore, environment_variable ,custom\n" + database, want: []string{"metastore", "env", "fakestore"}},
		{name: "order by variable", file: custom + database, env: map[string]string{"AIRFLOW__SECRETS__BACKENDS_ORDER": "metastore"}, want: []string{"metastore"}},
		{name: "order names what is not configured", file: "[secrets]\nbackends_order = custom,metastore,environment_variable\n", want: []string{"env"}},
		{name: "custom not in the order", file: custom + "backends_order = environment_variable\n", want: []string{"env"}},
		{name: "environment as custom", file: "[secrets]\nbackend = airflow.secrets.environment_variables.EnvironmentVariablesBackend\n", want: []string{"custom", "env"}},
		{name: "metastore as custom", file: "[secrets]\nbackend = airflow.secrets.metastore.MetastoreBackend\n" + database, want: []string{"custom", "env", "metastore"}},
		{name: "workers' section outside of a worker", file: "[workers]\nsecrets_backend = fakestore\nbackends_order = execution_api\n", want: []string{"env"}},
		{name: "worker", file: "[workers]\nsecrets_backend = fakestore\n" + database, options: worker, want: []string{"fakestore", "env", "metastore"}},
		{name: "worker without a backend of its own", file: custom, options: worker, want: []string{"fakestore", "env"}},
		{name: "worker's order", file: custom + "backends_order = metastore\n[workers]\nbackends_order = environment_variable,execution_api,custom\n" + database,
			options: worker, want: []string{"env", "metastore", "fakestore"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, layersOf(t, setup{file: tt.file, env: tt.env, Options: tt.options}.open(t)))
		})
	}
}

// Each layer is the backend it is named after.
func TestLayersAnswer(t *testing.T) {
	chain := setup{file: "[secrets]\nbackend = fakestore\n[database]\nsql_alchemy_conn = x\n", env: map[string]string{"AIRFLOW_VAR_LAYER:ENV": "env"}}.open(t)
	for _, name := range []string{"fakestore", "env", "metastore"} {
		res, err := chain.LookupVariable(t.Context(), "layer:"+name)
		require.NoError(t, err)
		assert.Equal(t, name, res.Layer)
	}
}

func TestArguments(t *testing.T) {
	t.Run("of the worker's backend", func(t *testing.T) {
		setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"url\": \"s\"}\n[workers]\nsecrets_backend = fakestore\nsecrets_backend_kwargs = {\"url\": \"w\"}\n",
			Options: airflowcfg.Options{Worker: true}}.open(t)
		assert.Equal(t, "w", last["fakestore"].args.URL)
	})
	t.Run("of the server's backend in a worker", func(t *testing.T) {
		setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"url\": \"s\"}\n[workers]\nsecrets_backend_kwargs = {\"url\": \"w\"}\n",
			Options: airflowcfg.Options{Worker: true}}.open(t)
		assert.Equal(t, "s", last["fakestore"].args.URL, "[secrets] backend comes with its own arguments")
	})
	t.Run("over lines", func(t *testing.T) {
		setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\n  \"url\": \"u\",\n\n  # a comment\n  \"retries\": 3,\n  \"prefix\": null}\n"}.open(t)
		args := last["fakestore"].args
		_, on := args.Prefix.Text()
		assert.Equal(t, "u", args.URL)
		assert.Equal(t, 3, args.Retries)
		assert.False(t, on, "null reaches the backend")
	})
	t.Run("one variable each", func(t *testing.T) {
		setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"url\": \"file\", \"retries\": 1}\n", env: map[string]string{
			"AIRFLOW__SECRETS__BACKEND_KWARG__URL":            `$HOME "as is"`,
			"AIRFLOW__SECRETS__BACKEND_KWARG__RETRIES":        "5",
			"AIRFLOW__SECRETS__BACKEND_KWARG__VERIFY":         "False",
			"AIRFLOW__SECRETS__BACKEND_KWARG__TOKEN":          planted,
			"AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__PREFIX": "not ours",
			"HOME": "/home/me",
		}}.open(t)
		args := last["fakestore"].args
		assert.Equal(t, `$HOME "as is"`, args.URL, "raw: not JSON, not expanded")
		assert.Equal(t, 5, args.Retries, "converted to the declared type")
		assert.Equal(t, false, *args.Verify)
		assert.True(t, args.Token.Equal(secrets.NewSecret(planted)))
		assert.True(t, args.Prefix.IsZero())
	})
	t.Run("one variable each, of a worker", func(t *testing.T) {
		setup{file: "[workers]\nsecrets_backend = fakestore\n", env: map[string]string{
			"AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__URL": "w", "AIRFLOW__SECRETS__BACKEND_KWARG__URL": "s"},
			Options: airflowcfg.Options{Worker: true}}.open(t)
		assert.Equal(t, "w", last["fakestore"].args.URL)
	})
	t.Run("expansion", func(t *testing.T) {
		s := setup{file: "[secrets]\nbackend = $CLASS\nbackend_kwargs = {\"url\": \"$URL\"}\n", env: map[string]string{"CLASS": "fakestore", "URL": "u"}}
		s.open(t)
		assert.Equal(t, "$URL", last["fakestore"].args.URL, "a $ in a password is a $")
		s.ExpandKwargs = true
		s.open(t)
		assert.Equal(t, "u", last["fakestore"].args.URL)
	})
	t.Run("the metastore's", func(t *testing.T) {
		setup{file: "[database]\nsql_alchemy_conn = ${URL}%%2F\n[core]\nfernet_key = one,two\n", env: map[string]string{"URL": "sqlite:///x"}}.open(t)
		assert.Equal(t, map[string]string{"sql_alchemy_conn": "sqlite:///x%2F", "fernet_key": "one,two"}, last["metastore"].kwargs)
	})
}

// The process's own environment can be listed, so that there unknown arguments are seen too.
func TestArgumentsOfTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "airflow.cfg")
	require.NoError(t, os.WriteFile(path, []byte("[secrets]\nbackend = fakestore\n"), 0o600))
	opts := &airflowcfg.Options{Path: path}
	t.Setenv("AIRFLOW__SECRETS__BACKEND_KWARG__URL", "u")
	chain, err := airflowcfg.Open(t.Context(), opts)
	require.NoError(t, err)
	require.NoError(t, chain.Close())
	assert.Equal(t, "u", last["fakestore"].args.URL)

	t.Setenv("AIRFLOW__SECRETS__BACKEND_KWARG__URI", planted)
	_, err = airflowcfg.Open(t.Context(), opts)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Contains(t, err.Error(), `unknown argument "uri": did you mean "url"?`)
	assert.Contains(t, err.Error(), "AIRFLOW__SECRETS__BACKEND_KWARG__URI")
	assert.NotContains(t, err.Error(), planted)
}

func TestArgumentsTwice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("variables that differ in case alone are one on Windows")
	}
	t.Setenv("AIRFLOW_CONFIG", filepath.Join(t.TempDir(), "missing.cfg"))
	t.Setenv("AIRFLOW__SECRETS__BACKEND", "fakestore")
	t.Setenv("AIRFLOW__SECRETS__BACKEND_KWARG__URL", planted)
	t.Setenv("AIRFLOW__SECRETS__BACKEND_KWARG__Url", planted)
	_, err := airflowcfg.Open(t.Context(), nil)
	require.EqualError(t, err, `airflow configuration: AIRFLOW__SECRETS__BACKEND_KWARG__Url: malformed: another variable sets the argument "url" too: keep one`)
}

func TestFindsTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, backend string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("[secrets]\nbackend = fakestore\nbackend_kwargs = {\"url\": \""+backend+"\"}\n"), 0o600))
		return path
	}
	path := write("given.cfg", "path")
	config := write("config.cfg", "config")
	write("home/airflow.cfg", "airflow home")
	write("user/airflow/airflow.cfg", "home")
	env := map[string]string{"DIR": dir, "HOME": filepath.Join(dir, "user")}
	open := func(path string) string {
		clear(last)
		chain, err := airflowcfg.Open(t.Context(), &airflowcfg.Options{Path: path, Environ: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		}})
		require.NoError(t, err)
		require.NoError(t, chain.Close())
		if last["fakestore"] == nil {
			return ""
		}
		return last["fakestore"].args.URL
	}
	assert.Equal(t, "home", open(""))
	env["AIRFLOW_HOME"] = "$DIR/home"
	assert.Equal(t, "airflow home", open(""))
	env["AIRFLOW_CONFIG"] = config
	assert.Equal(t, "config", open(""))
	assert.Equal(t, "path", open(path))
	assert.Equal(t, "", open(filepath.Join(dir, "missing.cfg")), "a missing file is not an error")
	env["AIRFLOW_CONFIG"] = ""
	assert.Equal(t, "airflow home", open(""), "a blank variable names no file")
}

func TestCache(t *testing.T) {
	given := &secrets.CacheOptions{MaxEntries: 7}
	for _, tt := range []struct {
		name, file string
		given      *secrets.CacheOptions
		cached     bool
	}{
		{"off", "", nil, false},
		{"on", "[secrets]\nuse_cache = True\n", nil, true},
		{"on as a number, with a comment", "[secrets]\nuse_cache = 1 # as in DAG parsing\n", nil, true},
		{"open, given", "", given, true},
		{"open, given, time set", "[secrets]\ncache_ttl_seconds = 60\n", given, true},
		{"off, given", "[secrets]\nuse_cache = f\n", given, false},
		{"on for no time", "[secrets]\nuse_cache = t\ncache_ttl_seconds = 0\n", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			chain := setup{file: tt.file, env: map[string]string{"AIRFLOW_VAR_X": "x"}, Options: airflowcfg.Options{Chain: &secrets.Options{Cache: tt.given}}}.open(t)
			for range 2 {
				_, err := chain.GetVariable(t.Context(), "x")
				require.NoError(t, err)
			}
			want := uint64(2)
			if tt.cached {
				want = 1
			}
			assert.EqualValues(t, want, chain.Stats().BackendCalls)
		})
	}
	assert.Equal(t, &secrets.CacheOptions{MaxEntries: 7}, given, "the caller's options are not changed")
}

// What the configuration leaves open is the caller's: here the policy.
func TestChainOptions(t *testing.T) {
	defer func() { errVariable = nil }()
	errVariable = secrets.ErrUnavailable
	s := setup{file: "[secrets]\nbackend = fakestore\n", env: map[string]string{"AIRFLOW_VAR_X": "x"}}
	_, err := s.open(t).GetVariable(t.Context(), "x")
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	s.Chain = &secrets.Options{FallThrough: true}
	_, err = s.open(t).GetVariable(t.Context(), "x")
	require.NoError(t, err)
}

// What a store warns of, an early one and one that is opened late, goes where the chain's warnings go.
func TestStoresHaveTheChainsLogger(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	chain := setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"config\": {\"conn\": \"x\"}}\n[database]\nsql_alchemy_conn_secret = conn\n",
		Options: airflowcfg.Options{Chain: &secrets.Options{Logger: logger}}}.open(t)
	_, err := chain.GetVariable(t.Context(), "absent")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	for _, name := range []string{"fakestore", "metastore"} {
		assert.Same(t, logger, last[name].logger, name)
	}
}

func TestNilOptions(t *testing.T) {
	t.Setenv("AIRFLOW_CONFIG", filepath.Join(t.TempDir(), "missing.cfg"))
	t.Setenv("AIRFLOW__SECRETS__BACKEND", "")
	t.Setenv("AIRFLOW__SECRETS__BACKENDS_ORDER", "environment_variable")
	t.Setenv("AIRFLOW_VAR_X", "x")
	chain, err := airflowcfg.Open(t.Context(), nil)
	require.NoError(t, err)
	value, err := chain.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, "x", value)
	require.NoError(t, chain.Close())
	_, err = airflowcfg.Describe(t.Context(), nil)
	require.NoError(t, err)
}

// The layer of environment variables reads the environment that the configuration is read from.
func TestEnvironReachesTheLayer(t *testing.T) {
	t.Setenv("AIRFLOW_VAR_PROCESS", "x")
	for _, file := range []string{"", "[secrets]\nbackend = airflow.secrets.environment_variables.EnvironmentVariablesBackend\nbackends_order = custom\n"} {
		chain := setup{file: file, env: map[string]string{"AIRFLOW_VAR_X": "y"}}.open(t)
		value, err := chain.GetVariable(t.Context(), "x")
		require.NoError(t, err)
		assert.Equal(t, "y", value)
		_, err = chain.GetVariable(t.Context(), "process")
		require.ErrorIs(t, err, secrets.ErrNotFound)
	}
}

func TestClosesEverything(t *testing.T) {
	file := "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"config\": {\"conn\": \"x\"}}\n"
	t.Run("the chain's layers", func(t *testing.T) {
		chain := setup{file: file + "[database]\nsql_alchemy_conn = x\n"}.open(t)
		require.NoError(t, chain.Close())
		for name, f := range last {
			assert.Equal(t, 1, f.closed, name)
		}
		assert.Len(t, last, 2)
	})
	t.Run("a metastore that was opened late", func(t *testing.T) {
		chain := setup{file: file + "[database]\nsql_alchemy_conn_secret = conn\n"}.open(t)
		require.Nil(t, last["metastore"], "opening a chain asks nobody")
		_, err := chain.GetVariable(t.Context(), "layer:metastore")
		require.NoError(t, err)
		require.NoError(t, chain.Close())
		for name, f := range last {
			assert.Equal(t, 1, f.closed, name)
		}
		assert.Len(t, last, 2)
	})
	t.Run("a custom backend that is only asked for options", func(t *testing.T) {
		chain := setup{file: file + "backends_order = environment_variable,metastore\n[database]\nsql_alchemy_conn_secret = conn\n"}.open(t)
		assert.Equal(t, []string{"env", "metastore"}, layersOf(t, chain))
		require.NoError(t, chain.Close())
		for name, f := range last {
			assert.Equal(t, 1, f.closed, name)
		}
		assert.Equal(t, []string{"config:conn"}, last["fakestore"].asked)
	})
	t.Run("after a failure", func(t *testing.T) {
		setup{file: file + "[database]\nsql_alchemy_conn = bad\n"}.fails(t, secrets.ErrMalformed)
		require.NotNil(t, last["fakestore"])
		assert.Equal(t, 1, last["fakestore"].closed)
	})
}

// Options kept in the custom backend are asked for at the first lookup that needs them, once.
func TestSecretOptions(t *testing.T) {
	file := "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"config\": {\"conn\": \"x\", \"key\": \"" + planted + "\"}}\n" +
		"[database]\nsql_alchemy_conn_secret = conn\n[core]\nfernet_key_secret = key\n"
	chain := setup{file: file}.open(t)
	require.Empty(t, last["fakestore"].asked)
	for range 3 {
		_, err := chain.GetVariable(t.Context(), "layer:metastore")
		require.NoError(t, err)
	}
	assert.Equal(t, "x", last["metastore"].kwargs["sql_alchemy_conn"])
	assert.True(t, last["metastore"].kwargs["fernet_key"] == planted, "the key comes from the backend")
	asked := 0
	for _, key := range last["fakestore"].asked {
		if strings.HasPrefix(key, "config:") {
			asked++
		}
	}
	assert.Equal(t, 2, asked)
}

// A backend that cannot answer is a failure of the metastore's layer, tried again at the next lookup, and no absence.
func TestSecretOptionsThatFail(t *testing.T) {
	defer func() { errConfig = nil }()
	for _, class := range []error{secrets.ErrDenied, secrets.ErrUnavailable, secrets.ErrMalformed} {
		errConfig = class
		chain := setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"config\": {\"" + planted + "\": \"x\"}}\n[database]\nsql_alchemy_conn_secret = " + planted + "\n"}.open(t)
		_, err := chain.GetVariable(t.Context(), "layer:metastore")
		require.ErrorIs(t, err, class)
		assert.NotContains(t, err.Error(), planted, "the name may be the value")
		assert.Contains(t, err.Error(), "[database] sql_alchemy_conn: ")
		errConfig = nil
		_, err = chain.GetVariable(t.Context(), "layer:metastore")
		require.NoError(t, err)
	}

	t.Run("nobody has it", func(t *testing.T) {
		chain := setup{file: "[secrets]\nbackend = fakestore\n[database]\nsql_alchemy_conn_secret = " + planted + "\n"}.open(t)
		_, err := chain.GetVariable(t.Context(), "absent")
		var lookup *secrets.LookupError
		require.ErrorAs(t, err, &lookup)
		assert.Equal(t, "absent", lookup.Tried[len(lookup.Tried)-1].StoreName, "the row's name, though the store is not open")
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		require.NotErrorIs(t, err, secrets.ErrNotFound, "nobody knows what the metastore holds")
		assert.NotContains(t, err.Error(), planted)
		assert.Contains(t, err.Error(), "airflow.cfg:4: [database] sql_alchemy_conn: ")
		assert.Contains(t, err.Error(), "if the value itself was written here")
	})
	t.Run("the caller leaves", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		chain := setup{file: "[secrets]\nbackend = fakestore\n[database]\nsql_alchemy_conn_secret = conn\n"}.open(t)
		_, err := chain.GetVariable(ctx, "absent")
		require.ErrorIs(t, err, context.Canceled)
	})
}

// A metastore that is opened late has the abilities of the one it opens, and says so of those it has not.
func TestLateMetastore(t *testing.T) {
	chain := setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {\"config\": {\"conn\": \"x\"}}\n[database]\nsql_alchemy_conn_secret = conn\n"}.open(t)
	require.NoError(t, chain.Check(t.Context()), "a store without a check has none to fail")
	_, err := chain.SetVariable(t.Context(), "k", "v")
	require.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = chain.GetConnections(t.Context(), "absent")
	require.ErrorIs(t, err, secrets.ErrNotFound)
	_, err = chain.GetConnURI(t.Context(), "absent")
	require.ErrorIs(t, err, secrets.ErrNotFound)
}
