package airflowcfg_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/airflowcfg"
)

// describe describes a setup, with the file's folder left out.
func describe(t *testing.T, s setup) (*airflowcfg.Description, string) {
	t.Helper()
	opts := s.options(t)
	d, err := airflowcfg.Describe(t.Context(), opts)
	require.NoError(t, err)
	text := d.String()
	require.NotContains(t, text, planted)
	return d, strings.ReplaceAll(text, filepath.Dir(opts.Path)+string(filepath.Separator), "")
}

// An option that took the next lines for its own is not shown.
func TestDescribeShowsNoSwallowedLine(t *testing.T) {
	for _, option := range []string{"backend", "backends_order", "use_cache", "cache_ttl_seconds"} {
		s := setup{file: "[secrets]\n" + option + " = x\n  backend_kwargs = {\"token\":\n  \"" + planted + "\"}\n"}
		d, err := airflowcfg.Describe(t.Context(), s.options(t))
		require.ErrorIs(t, err, secrets.ErrMalformed)
		require.NotContains(t, err.Error(), planted)
		assert.NotContains(t, d.String(), planted, option)
		assert.NotContains(t, fmt.Sprintf("%+v", d.Layers)+fmt.Sprintf("%+v", d.Options), planted, option)
	}
}

func TestDescribe(t *testing.T) {
	d, text := describe(t, setup{
		file: strings.Join([]string{
			"[core]",
			"fernet_key = " + planted,
			"fernet_key_cmd = cat " + planted,
			"[database]",
			"sql_alchemy_conn_secret = " + planted,
			"[secrets]",
			"backend = test.FakeBackend",
			"backend_kwargs = {\"url\": \"" + planted + "\", \"retries\": 3, \"" + planted + "\": \"$HOME\"}",
			"use_cache = True",
			"",
		}, "\n"),
		env: map[string]string{
			"AIRFLOW__CORE__FERNET_KEY_CMD":            "cat " + planted,
			"AIRFLOW__SECRETS__BACKEND_KWARG__TOKEN":   planted,
			"AIRFLOW__SECRETS__BACKEND_CMD":            planted,
			"AIRFLOW__SECRETS__CACHE_TTL_SECONDS":      "60",
			"AIRFLOW__CORE__MULTI_TEAM":                "True",
			"AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS": planted,
			"HOME": "/home/me",
		},
	})
	assert.Equal(t, `Configuration file: airflow.cfg

Options
  [secrets] backend               test.FakeBackend                       airflow.cfg:7
  [secrets] backend_kwargs        *** (retries, url)                     airflow.cfg:8
  [secrets] backend_kwargs token  ***                                    AIRFLOW__SECRETS__BACKEND_KWARG__TOKEN
  [secrets] backends_order        custom,environment_variable,metastore  default
  [database] sql_alchemy_conn     ***                                    airflow.cfg:5 (a secret)
  [core] fernet_key               ***                                    AIRFLOW__CORE__FERNET_KEY_CMD (a command), hides airflow.cfg:2, airflow.cfg:3
  [secrets] use_cache             True                                   airflow.cfg:9
  [secrets] cache_ttl_seconds     60                                     AIRFLOW__SECRETS__CACHE_TTL_SECONDS
  [core] multi_team               True                                   AIRFLOW__CORE__MULTI_TEAM

Search path
  1  custom                fakestore  [secrets] backend is set
  2  environment_variable  env        needs no setting
  3  metastore             metastore  [database] sql_alchemy_conn is set

Cache: 1m0s
Note: [core] multi_team is ignored: the chain looks up the names that all teams share; for a team's own names make its stores with their Team option
Note: airflow.cfg:8: [secrets] backend_kwargs holds a $VAR that Airflow would expand, and is taken as it is: see Options.ExpandKwargs
Note: AIRFLOW__SECRETS__BACKEND_CMD is not used: [secrets] backend cannot come from a command or a secret
Note: AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS is not used: [workers] secrets_backend_kwargs is for workers: see Options.Worker
`, text)
	assert.Equal(t, time.Minute, d.Cache)
	assert.True(t, d.Found)
	assert.Equal(t, "command", d.Options[5].From)
}

func TestDescribeNothing(t *testing.T) {
	d, text := describe(t, setup{})
	assert.Equal(t, `Configuration file: airflow.cfg (not there)

Options
  [secrets] backend            ""                                     default
  [secrets] backends_order     custom,environment_variable,metastore  default
  [database] sql_alchemy_conn  ""                                     default
  [core] fernet_key            ""                                     default
  [secrets] use_cache          False                                  default
  [secrets] cache_ttl_seconds  900                                    default
  [core] multi_team            False                                  default

Search path
  -  custom                skipped  [secrets] backend is not set
  1  environment_variable  env      needs no setting
  -  metastore             skipped  [database] sql_alchemy_conn is not set

Cache: off
`, text)
	assert.False(t, d.Found)
}

func TestDescribeWorker(t *testing.T) {
	_, text := describe(t, setup{
		file:    "[workers]\nsecrets_backend = fakestore\n[core]\nsql_alchemy_conn = " + planted + "\n[secrets]\nbackend_kwargs = {}\nbackends_order = custom\n",
		Options: airflowcfg.Options{Worker: true},
	})
	assert.Contains(t, text, "  [workers] secrets_backend         fakestore ")
	assert.Contains(t, text, "  [core] sql_alchemy_conn           ***  ")
	assert.Contains(t, text, "execution_api         metastore  [core] sql_alchemy_conn is set (the metastore stands in for the Execution API)")
	for _, note := range []string{
		"airflow.cfg:6 is not used: [secrets] backend_kwargs gives way to [workers] secrets_backend_kwargs in a worker",
		"airflow.cfg:7 is not used: [secrets] backends_order gives way to [workers] backends_order in a worker",
	} {
		assert.Contains(t, text, "Note: "+note+"\n")
	}
	_, text = describe(t, setup{file: "[secrets]\nbackend = fakestore\nbackend_kwargs = {}\n", Options: airflowcfg.Options{Worker: true}})
	assert.NotContains(t, text, "Note", "a worker without a backend of its own has that of [secrets]")
}

func TestDescribeIdleOptions(t *testing.T) {
	_, text := describe(t, setup{file: "[secrets]\nbackend_kwargs = " + planted + "\nbackend_secret = " + planted + "\n"})
	assert.Contains(t, text, "Note: airflow.cfg:2 is not used: [secrets] backend is not set\n")
	assert.Contains(t, text, "Note: airflow.cfg:3 is not used: [secrets] backend cannot come from a command or a secret\n")
}

// An option with which Airflow finds its tables elsewhere is not passed over in silence.
func TestDescribeUnreadOptions(t *testing.T) {
	_, text := describe(t, setup{
		file: "[database]\nsql_alchemy_schema = " + planted + "\nsql_alchemy_connect_args =\n",
		env:  map[string]string{"AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": planted},
	})
	assert.Contains(t, text, "Note: airflow.cfg:2: [database] sql_alchemy_schema is not read: let the URL name the schema")
	assert.Contains(t, text, "Note: AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS: [database] sql_alchemy_connect_args is not read: ")
	assert.NotContains(t, text, "airflow.cfg:3")
}

// Describing a mistake tells the mistake and what could be read.
func TestDescribeMistakes(t *testing.T) {
	opts := setup{file: "[secrets]\nbackend = test.FakeBackend\nuse_cache = " + planted + "\n[database]\nsql_alchemy_conn = %" + planted + "\n"}.options(t)
	d, err := airflowcfg.Describe(t.Context(), opts)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	assert.NotContains(t, err.Error(), planted)
	assert.Contains(t, d.String(), "test.FakeBackend")
	assert.Contains(t, d.String(), "cannot be read")

	opts = setup{file: planted}.options(t)
	d, err = airflowcfg.Describe(t.Context(), opts)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	assert.NotContains(t, d.String()+err.Error(), planted)

	_, err = d.WriteTo(brokenWriter{})
	require.ErrorIs(t, err, errBroken)
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestSource(t *testing.T) {
	for want, source := range map[string]airflowcfg.Source{
		"default": {}, "a.cfg": {File: "a.cfg"}, "a.cfg:3": {File: "a.cfg", Line: 3}, "AIRFLOW__A__B": {Env: "AIRFLOW__A__B"},
	} {
		assert.Equal(t, want, source.String())
	}
}
