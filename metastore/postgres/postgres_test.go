package postgres_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/metastoretest"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/postgres"
)

func TestMain(m *testing.M) { metastoretest.Main(m, postgres.Open) }

// bare lets several statements stand in one text.
func bare(dsn string) (*sql.DB, error) {
	return sql.Open("pgx", dsn+"&default_query_exec_mode=simple_protocol")
}

// peer returns the real server, by its URL.
func peer(t testing.TB) (metastoretest.Server, *url.URL) {
	t.Helper()
	admin, err := url.Parse(metastoretest.Env(t, "SECRETS_TEST_POSTGRES"))
	require.NoError(t, err)
	with := func(change func(u *url.URL)) string {
		u := *admin
		change(&u)
		return u.String()
	}
	server := metastoretest.Server{
		Dialect: postgres.Dialect{},
		Open:    postgres.Open,
		// A schema instead of a database of its own: that takes a tenth of the time, and shows that the search_path counts.
		Fresh: func(t testing.TB) string {
			t.Helper()
			name := "secrets_" + strings.ToLower(rand.Text())
			execute(t, admin.String(), "CREATE SCHEMA "+name)
			t.Cleanup(func() { execute(t, admin.String(), "DROP SCHEMA "+name+" CASCADE") })
			return with(func(u *url.URL) { u.RawQuery += "&search_path=" + name })
		},
		Place: func(dsn, script string) string {
			_, schema, _ := strings.Cut(dsn, "search_path=")
			return strings.ReplaceAll(script, "public.", schema+".")
		},
		Bare:        bare,
		Floor:       func(dsn string) (*sql.DB, error) { return sql.Open("pgx", dsn) },
		Silent:      func(address string) string { return with(func(u *url.URL) { u.Host = address }) },
		Dump:        "postgres.sql",
		Told:        "postgres " + admin.Host,
		Unreachable: with(func(u *url.URL) { u.Host = "127.0.0.1:1" }),
		Refused:     with(func(u *url.URL) { u.User = url.UserPassword("nobody", "wrong") }),
		Restart:     metastoretest.Restart("SECRETS_TEST_POSTGRES_RESTART"),
	}
	return server, admin
}

func execute(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := bare(dsn)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statement)
	require.NoError(t, err)
}

func TestPostgreSQL(t *testing.T) {
	server, _ := peer(t)
	metastoretest.Run(t, server)
}

func BenchmarkLookup(b *testing.B) {
	server, _ := peer(b)
	metastoretest.Benchmark(b, server)
}

// The grants of the package comment are enough, and no less is.
func TestPermissions(t *testing.T) {
	server, admin := peer(t)
	dsn := server.Fresh(t)
	owner := server.Migrated(t, dsn)
	require.NoError(t, owner.SetVariable(t.Context(), "x", "1"))
	_, schema, _ := strings.Cut(dsn, "search_path=")
	reader, writer := schema+"_r", schema+"_w"
	for _, role := range []string{reader, writer} {
		execute(t, dsn, "CREATE ROLE "+role+" LOGIN PASSWORD 'loopback'; GRANT USAGE ON SCHEMA "+schema+" TO "+role)
		t.Cleanup(func() { execute(t, admin.String(), "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	}
	execute(t, dsn, "GRANT SELECT ON connection, variable TO "+reader+
		"; GRANT SELECT, INSERT, UPDATE, DELETE ON connection, variable TO "+writer+
		"; GRANT USAGE ON SEQUENCE connection_id_seq, variable_id_seq TO "+writer)
	as := func(role string) *metastore.Store {
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		u.User = url.UserPassword(role, "loopback")
		store, err := postgres.Open(t.Context(), u.String(), nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	metastoretest.Permissions(t, as(reader), as(writer))
}

func TestDriver(t *testing.T) {
	server, _ := peer(t)
	dsn := server.Fresh(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	_, schema, _ := strings.Cut(dsn, "search_path=")
	u.RawQuery = "sslmode=disable&options=-csearch_path%3D" + schema
	for _, scheme := range []string{"postgresql", "postgresql+psycopg2", "postgresql+psycopg", "postgresql+asyncpg", "postgres"} {
		u.Scheme = scheme
		metastoretest.Driver(t, map[string]any{"sql_alchemy_conn": u.String()})
	}
	for _, mode := range []string{"", "&default_query_exec_mode=exec", "&default_query_exec_mode=simple_protocol"} { // as behind a pooler
		metastoretest.Driver(t, map[string]any{"dsn": dsn + mode})
	}
}

// A database may have another encoding than UTF-8. A name with characters that it lacks is absent, also from the others of a
// batch, and cannot be written. What is stored and has no form in UTF-8 is no absence.
func TestNamesThatTheDatabaseCannotHold(t *testing.T) {
	_, admin := peer(t)
	name := "secrets_" + strings.ToLower(rand.Text())
	execute(t, admin.String(), "CREATE DATABASE "+name+" ENCODING 'WIN1252' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
	t.Cleanup(func() { execute(t, admin.String(), "DROP DATABASE "+name+" WITH (FORCE)") })
	u := *admin
	u.Path = "/" + name
	query := u.Query()
	query.Set("log_parameter_max_length_on_error", "-1") // errors tell the parameters, whatever they are about
	u.RawQuery = query.Encode()
	store, err := postgres.Open(t.Context(), u.String(), nil)
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Migrate(t.Context()))
	for _, name := range []string{"a", "ä"} {
		require.NoError(t, store.SetVariable(t.Context(), name, name))
	}
	const unheld = "й"
	_, err = store.GetVariable(t.Context(), unheld)
	require.ErrorIs(t, err, secrets.ErrNotFound)
	require.ErrorIs(t, store.DeleteVariable(t.Context(), unheld), secrets.ErrNotFound)
	many, err := store.GetVariables(t.Context(), []string{"absent", "a", unheld, "ä", "b"})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a", "ä": "ä"}, many)
	const planted = "pLanted5ecret"
	for _, err := range []error{store.SetVariable(t.Context(), unheld, planted), store.SetVariable(t.Context(), "b", planted+unheld)} {
		require.ErrorIs(t, err, secrets.ErrMalformed)
		backendtest.NoLeak(t, planted, err)
	}

	execute(t, u.String(), `UPDATE variable SET val = E'\x81' WHERE key = 'a'`)
	_, err = store.GetVariable(t.Context(), "a")
	require.ErrorIs(t, err, secrets.ErrMalformed)
	assert.NotErrorIs(t, err, secrets.ErrNotFound)
}

// A server that has no connection left, and one that only reads since it was failed over, are outages.
func TestOutages(t *testing.T) {
	server, admin := peer(t)
	dsn := server.Fresh(t)
	server.Migrated(t, dsn)
	_, schema, _ := strings.Cut(dsn, "search_path=")
	as := func(role, limits string) *metastore.Store {
		execute(t, dsn, "CREATE ROLE "+role+" LOGIN SUPERUSER PASSWORD 'loopback'; ALTER ROLE "+role+" "+limits)
		t.Cleanup(func() { execute(t, admin.String(), "DROP ROLE "+role) })
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		u.User = url.UserPassword(role, "loopback")
		store, err := postgres.Open(t.Context(), u.String(), nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	metastoretest.Outage(t, as(schema+"_ro", "SET default_transaction_read_only = on"), "only reads now", admin.Host)
	metastoretest.Outage(t, as(schema+"_full", "NOSUPERUSER CONNECTION LIMIT 0"), "no connection left", admin.Host)
}
