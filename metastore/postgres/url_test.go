package postgres

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/wiretest"
	"github.com/secretchain/secrets/metastore/sqlalchemy"
)

const planted = "pLanted5ecret"

func parse(t *testing.T, text string) sqlalchemy.URL {
	t.Helper()
	u, err := sqlalchemy.Parse(secrets.NewSecret(text))
	require.NoError(t, err)
	return u
}

func TestTranslatedURLs(t *testing.T) {
	for _, v := range []string{"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE", "PGSERVICE", "PGAPPNAME"} {
		t.Setenv(v, "")
	}
	for name, c := range map[string]struct {
		url  string
		want func(c *pgx.ConnConfig) bool
	}{
		"everything": {"postgresql+psycopg2://etl:p%27%5C%20w@db.example.com:6432/airflow", func(c *pgx.ConnConfig) bool {
			return c.User == "etl" && c.Password == `p'\ w` && c.Host == "db.example.com" && c.Port == 6432 && c.Database == "airflow"
		}},
		"old name":    {"postgres://u@h/d", func(c *pgx.ConnConfig) bool { return c.Host == "h" && c.Port == 5432 && c.Database == "d" }},
		"no TLS":      {"postgresql://u@h/d?sslmode=disable", func(c *pgx.ConnConfig) bool { return c.TLSConfig == nil }},
		"verified":    {"postgresql+psycopg://u@h/d?sslmode=verify-full", func(c *pgx.ConnConfig) bool { return c.TLSConfig.ServerName == "h" && !c.TLSConfig.InsecureSkipVerify }},
		"asyncpg":     {"postgresql+asyncpg://u@h/d?ssl=require", func(c *pgx.ConnConfig) bool { return c.TLSConfig != nil && len(c.Fallbacks) == 0 }},
		"asyncpg off": {"postgresql+asyncpg://u@h/d?ssl=False", func(c *pgx.ConnConfig) bool { return c.TLSConfig == nil }},
		"socket":      {"postgresql://u@/d?host=/var/run/postgresql", func(c *pgx.ConnConfig) bool { return c.Host == "/var/run/postgresql" }},
		"many hosts": {"postgresql://u@/d?host=a:1&host=b:2&sslmode=disable&target_session_attrs=read-write", func(c *pgx.ConnConfig) bool {
			return c.Host == "a" && c.Port == 1 && len(c.Fallbacks) == 1 && c.Fallbacks[0].Host == "b" && c.Fallbacks[0].Port == 2 && c.ValidateConnect != nil
		}},
		"IPv6 host as an option": {"postgresql://u@/d?host=::1&port=2", func(c *pgx.ConnConfig) bool { return c.Host == "::1" && c.Port == 2 }},
		"IPv6 hosts as options": {"postgresql://u@/d?host=[::1]:2&host=[::2]&sslmode=disable", func(c *pgx.ConnConfig) bool {
			return c.Host == "::1" && c.Port == 2 && c.Fallbacks[0].Host == "::2" && c.Fallbacks[0].Port == 5432
		}},
		"fallback name": {"postgresql://u@h/d?fallback_application_name=f", func(c *pgx.ConnConfig) bool {
			return c.RuntimeParams["application_name"] == "f" && c.RuntimeParams["fallback_application_name"] == ""
		}},
		"name and fallback": {"postgresql://u@h/d?application_name=n&fallback_application_name=f", func(c *pgx.ConnConfig) bool {
			return c.RuntimeParams["application_name"] == "n"
		}},
		"IPv6": {"postgresql://u@[::1]:1/d", func(c *pgx.ConnConfig) bool { return c.Host == "::1" && c.Port == 1 }},
		"search path": {"postgresql://u@h/d?options=-csearch_path%3Dairflow&application_name=a", func(c *pgx.ConnConfig) bool {
			return c.RuntimeParams["options"] == "-csearch_path=airflow" && c.RuntimeParams["application_name"] == "a"
		}},
		"encoding": {"postgresql://u@h/d?client_encoding=utf8&connect_timeout=7", func(c *pgx.ConnConfig) bool { return c.ConnectTimeout.Seconds() == 7 }},
	} {
		t.Run(name, func(t *testing.T) {
			dsn, err := translate(parse(t, c.url))
			require.NoError(t, err)
			require.True(t, accepts(dsn))
			config, err := pgx.ParseConfig(dsn)
			require.NoError(t, err)
			assert.True(t, c.want(config))
		})
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for url, says := range map[string]string{
		"postgresql://u:pLanted5ecret@h/d?keepalives=1":                 `option "keepalives"`,
		"postgresql://u:pLanted5ecret@h/d?gssencmode=pLanted5ecret":     `option "gssencmode"`,
		"postgresql://u:pLanted5ecret@h/d?client_encoding=latin1":       "client_encoding",
		"postgresql+odd://u:pLanted5ecret@h/d":                          `driver "odd"`,
		"postgresql://u:pLanted5ecret@h/d?default_query_exec_mode=exec": "default_query_exec_mode",
	} {
		_, err := openURL(t.Context(), parse(t, url), nil)
		require.ErrorContains(t, err, says)
		backendtest.NoLeak(t, planted, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, dsn := range []string{"", planted, "mysql://u:" + planted + "@h/d", "postgres://u:" + planted + "%zz@h/d", "postgres://u:" + planted + ":x@h:y/d",
		"host=h password=" + planted + " port=x", "host=h sslmode=" + planted, "host=h sslrootcert=/" + planted, "u:" + planted + "@tcp(h)/d=x"} {
		_, err := Open(t.Context(), dsn, nil)
		require.ErrorIs(t, err, secrets.ErrMalformed, "length %d", len(dsn))
		backendtest.NoLeak(t, planted, err)
	}
}

func TestEveryCodeHasAReason(t *testing.T) {
	for _, code := range strings.Fields("28P01 42501 23503 22001 22021 23505 40001 40P01 42P01 26000 25006 3D000 53300 53100 57014 57P01 57P03 08006 XX000") {
		f := classifyState(code)
		assert.NotEmpty(t, f.Reason, code)
		assert.NotContains(t, []error{secrets.ErrNotFound}, f.Class, code)
	}
	assert.NotPanics(t, func() { classifyState("") })
}

// An address is told when a server has answered there. Before that it may be what follows an @ in the password.
func TestNameTellsWhereTheServerIs(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u:p@db.example.com/d":                                   "postgres db.example.com:5432",
		"host=::1 port=2 user=u":                                            "postgres [::1]:2",
		"postgres://u@/d?host=/run/postgresql":                              "postgres " + filepath.FromSlash("/run/postgresql/.s.PGSQL.5432"),
		"postgres://u@a:1,b:2/d":                                            "postgres", // which of them is not known
		"postgres://u:p@" + planted + "/d":                                  "postgres " + planted + ":5432",
		"postgres://u:p@a/d?sslmode=prefer&default_query_exec_mode=exec":    "postgres a:5432",
		"host=a,a port=1,1 user=u sslmode=disable target_session_attrs=any": "postgres a:1",
	} {
		config, err := pgx.ParseConfig(dsn)
		require.NoError(t, err)
		d := Dialect{placeOf(config)}
		d.Classify(errors.New("no answer of a server"))
		assert.Equal(t, "postgres", d.Name(), "nothing has answered")
		d.Classify(&pgconn.PgError{Code: "28P01"})
		assert.Equal(t, want, d.Name())
	}
}

func TestUnreachableServerIsNamed(t *testing.T) {
	address := wiretest.ClosedPort(t)
	store, err := Open(t.Context(), "postgres://u:"+planted+"@"+address+"/d", nil)
	require.NoError(t, err)
	defer store.Close()
	err = store.Check(t.Context())
	require.ErrorContains(t, err, "unavailable: postgres: the server at "+address+" cannot be reached: connection refused")
	backendtest.NoLeak(t, planted, err)
}
