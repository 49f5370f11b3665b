package mysql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/metastoretest"
	"github.com/secretchain/secrets/metastore"
	"github.com/secretchain/secrets/metastore/mysql"
)

const planted = "pLanted5ecret"

func TestMain(m *testing.M) { metastoretest.Main(m, mysql.Open) }

// bare lets several statements stand in one text.
func bare(dsn string) (*sql.DB, error) {
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	config.MultiStatements = true
	return sql.Open("mysql", config.FormatDSN())
}

// peer returns the real server.
func peer(t testing.TB) metastoretest.Server {
	t.Helper()
	admin := metastoretest.Env(t, "SECRETS_TEST_MYSQL")
	with := func(change func(c *driver.Config)) string {
		config, err := driver.ParseDSN(admin)
		require.NoError(t, err)
		change(config)
		return config.FormatDSN()
	}
	config, err := driver.ParseDSN(admin)
	require.NoError(t, err)
	server := metastoretest.Server{
		Dialect: mysql.Dialect{},
		Open:    mysql.Open,
		Fresh: func(t testing.TB) string {
			t.Helper()
			name := "secrets_" + strings.ToLower(rand.Text())
			execute(t, admin, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
			t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name) })
			return with(func(c *driver.Config) { c.DBName = name })
		},
		Bare:        bare,
		Silent:      func(address string) string { return with(func(c *driver.Config) { c.Addr, c.DBName = address, "x" }) },
		Dump:        "mysql.sql",
		Told:        "mysql " + config.Addr,
		Unreachable: with(func(c *driver.Config) { c.Addr, c.DBName = "127.0.0.1:1", "x" }),
		Refused:     with(func(c *driver.Config) { c.User, c.Passwd, c.DBName = "nobody", "wrong", "x" }),
		Restart:     metastoretest.Restart("SECRETS_TEST_MYSQL_RESTART"),
	}
	return server
}

func execute(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := bare(dsn)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statement)
	require.NoError(t, err)
}

func TestMySQL(t *testing.T) { metastoretest.Run(t, peer(t)) }

func BenchmarkLookup(b *testing.B) { metastoretest.Benchmark(b, peer(b)) }

// The grants of the package comment are enough, and no less is.
func TestPermissions(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	owner := server.Migrated(t, dsn)
	require.NoError(t, owner.SetVariable(t.Context(), "x", "1"))
	config, err := driver.ParseDSN(dsn)
	require.NoError(t, err)
	as := func(grants string) *metastore.Store {
		c := config.Clone()
		c.User, c.Passwd = "u_"+strings.ToLower(rand.Text())[:16], "loopback"
		who := "'" + c.User + "'@'127.0.0.1'"
		execute(t, dsn, "CREATE USER "+who+" IDENTIFIED BY 'loopback'")
		t.Cleanup(func() { execute(t, dsn, "DROP USER "+who) })
		for _, table := range []string{"connection", "variable"} {
			execute(t, dsn, "GRANT "+grants+" ON "+c.DBName+"."+table+" TO "+who)
		}
		store, err := mysql.Open(t.Context(), c.FormatDSN(), nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	metastoretest.Permissions(t, as("SELECT"), as("SELECT, INSERT, UPDATE, DELETE"))
}

// A server that has no connection left, and one that only reads since it was failed over, are outages.
func TestOutages(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	server.Migrated(t, dsn)
	config, err := driver.ParseDSN(dsn)
	require.NoError(t, err)
	config.User, config.Passwd = "u_"+strings.ToLower(rand.Text())[:16], "loopback"
	who := "'" + config.User + "'@'127.0.0.1'"
	execute(t, dsn, "CREATE USER "+who+" IDENTIFIED BY 'loopback' WITH MAX_USER_CONNECTIONS 1; GRANT ALL ON "+config.DBName+".* TO "+who)
	t.Cleanup(func() { execute(t, dsn, "DROP USER "+who) })
	busy, err := sql.Open("mysql", config.FormatDSN())
	require.NoError(t, err)
	defer busy.Close()
	conn, err := busy.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	store, err := mysql.Open(t.Context(), config.FormatDSN(), nil)
	require.NoError(t, err)
	defer store.Close()
	metastoretest.Outage(t, store, "no connection left", config.Addr)

	config, err = driver.ParseDSN(dsn)
	require.NoError(t, err)
	config.Params = map[string]string{"tx_read_only": "1"}
	replica, err := mysql.Open(t.Context(), config.FormatDSN(), nil)
	require.NoError(t, err)
	defer replica.Close()
	metastoretest.Outage(t, replica, "only reads now", config.Addr)
}

// Writing what is there already takes no number: ids have 31 bits.
func TestRewritesTakeNoID(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	store := server.Migrated(t, dsn)
	for range 10 {
		require.NoError(t, store.SetVariable(t.Context(), "same", "text"))
	}
	require.NoError(t, store.SetVariable(t.Context(), "next", "text"))
	db, err := bare(dsn)
	require.NoError(t, err)
	defer db.Close()
	var id int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT id FROM variable WHERE `key` = 'next'").Scan(&id))
	assert.LessOrEqual(t, id, 3)
}

// A program's own database may count rows that were found, changed or not. Another team's row is refused all the same.
func TestTeamsWhereFoundRowsCount(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	for _, found := range []bool{false, true} {
		config, err := driver.ParseDSN(dsn)
		require.NoError(t, err)
		config.ClientFoundRows = found
		db, err := sql.Open("mysql", config.FormatDSN())
		require.NoError(t, err)
		defer db.Close()
		team := func(name string) *metastore.Store {
			store, err := metastore.New(db, mysql.Dialect{}, &metastore.Options{Team: name})
			require.NoError(t, err)
			t.Cleanup(func() { _ = store.Close() })
			return store
		}
		a, b := team("team-a"), team("team-b")
		require.NoError(t, a.Migrate(t.Context()))
		execute(t, dsn, "INSERT IGNORE INTO team VALUES ('team-a'), ('team-b')")
		require.NoError(t, a.SetVariable(t.Context(), "x", "1"))
		require.NoError(t, a.SetVariable(t.Context(), "x", "1"), "the same again")
		require.ErrorIs(t, b.SetVariable(t.Context(), "x", "2"), secrets.ErrDenied, "found rows: %v", found)
		value, err := a.GetVariable(t.Context(), "x")
		require.NoError(t, err)
		assert.Equal(t, "1", value)
	}
}

// A name with characters that its column cannot hold is absent, also from the others of a batch, and cannot be written.
func TestNamesThatTheColumnCannotHold(t *testing.T) {
	server := peer(t)
	for charset, unheld := range map[string]string{"latin1": "й", "utf8mb3 COLLATE utf8mb3_bin": "😀"} {
		t.Run(charset, func(t *testing.T) {
			dsn := server.Fresh(t)
			store := server.Migrated(t, dsn)
			execute(t, dsn, "ALTER TABLE variable MODIFY `key` varchar(250) CHARACTER SET "+charset)
			for _, name := range []string{"a", "ä"} {
				require.NoError(t, store.SetVariable(t.Context(), name, name))
			}
			_, err := store.GetVariable(t.Context(), unheld)
			require.ErrorIs(t, err, secrets.ErrNotFound)
			require.ErrorIs(t, store.DeleteVariable(t.Context(), unheld), secrets.ErrNotFound)
			many, err := store.GetVariables(t.Context(), []string{"absent", "a", unheld, "ä", "b"})
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"a": "a", "ä": "ä"}, many)
			err = store.SetVariable(t.Context(), unheld, planted)
			require.ErrorIs(t, err, secrets.ErrMalformed)
			assert.NotErrorIs(t, err, secrets.ErrNotFound)
			backendtest.NoLeak(t, planted, err)
		})
	}
}

// Whatever sql_mode a URL asks for, a value that does not fit is never cut short.
func TestNothingIsCutShort(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	config, err := driver.ParseDSN(dsn)
	require.NoError(t, err)
	for _, mode := range []string{"", "?sql_mode=ANSI", "?sql_mode=", "?sql_mode=NO_ENGINE_SUBSTITUTION,ANSI"} {
		store, err := metastore.OpenURL(t.Context(), secrets.NewSecret("mysql://"+config.User+":"+url.PathEscape(config.Passwd)+"@"+config.Addr+"/"+config.DBName+mode), nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		require.NoError(t, store.Migrate(t.Context()))
		require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "x", Host: strings.Repeat("h", 500)}))
		err = store.SetConnection(t.Context(), secrets.Connection{ID: "x", Host: strings.Repeat("h", 501)})
		require.ErrorIs(t, err, secrets.ErrMalformed, mode)
	}
}

// A server, or a data source name, that turns autocommit off would keep every write in a transaction that never ends.
func TestWritesAreCommitted(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	config, err := driver.ParseDSN(dsn)
	require.NoError(t, err)
	config.Params = map[string]string{"autocommit": "0"}
	writer, err := mysql.Open(t.Context(), config.FormatDSN(), nil)
	require.NoError(t, err)
	defer writer.Close()
	reader, err := mysql.Open(t.Context(), dsn, nil)
	require.NoError(t, err)
	defer reader.Close()
	require.NoError(t, writer.Migrate(t.Context()))
	for _, value := range []string{"1", "2"} {
		require.NoError(t, writer.SetVariable(t.Context(), "x", value))
		got, err := reader.GetVariable(t.Context(), "x")
		require.NoError(t, err)
		assert.Equal(t, value, got)
	}
	require.NoError(t, reader.SetVariable(t.Context(), "x", "3"))
	got, err := writer.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, "3", got)
}

func TestDriver(t *testing.T) {
	server := peer(t)
	dsn := server.Fresh(t)
	config, err := driver.ParseDSN(dsn)
	require.NoError(t, err)
	for _, scheme := range []string{"mysql", "mysql+mysqldb", "mysql+pymysql", "mysql+mysqlconnector", "mariadb"} {
		metastoretest.Driver(t, map[string]any{"sql_alchemy_conn": scheme + "://" + config.User + ":" + url.PathEscape(config.Passwd) + "@" +
			config.Addr + "/" + config.DBName + "?charset=utf8mb4"})
	}
	metastoretest.Driver(t, map[string]any{"dsn": dsn})
}

// Airflow's tables may have a collation that ignores case. Then the database's answer counts, in batches too.
func TestCollations(t *testing.T) {
	server := peer(t)
	for _, c := range []struct {
		collation string
		folds     bool
	}{{"utf8mb4_unicode_ci", true}, {"utf8mb3_bin", false}} {
		t.Run(c.collation, func(t *testing.T) {
			dsn := server.Fresh(t)
			store := server.Migrated(t, dsn)
			execute(t, dsn, "ALTER TABLE variable MODIFY `key` varchar(250) COLLATE "+c.collation+
				"; ALTER TABLE connection MODIFY conn_id varchar(250) COLLATE "+c.collation+" NOT NULL")
			require.NoError(t, store.SetVariable(t.Context(), "Straße", "1"))
			require.NoError(t, store.SetVariable(t.Context(), "other", "2"))
			require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "Db", Type: "mysql"}))

			asked := []string{"Straße", "STRASSE", "straße", "absent", "other", "OTHER"}
			many, err := store.GetVariables(t.Context(), asked)
			require.NoError(t, err)
			for _, name := range asked {
				value, err := store.GetVariable(t.Context(), name)
				if err != nil {
					require.ErrorIs(t, err, secrets.ErrNotFound)
				}
				got, ok := many[name]
				assert.Equal(t, err == nil, ok, name)
				assert.Equal(t, value, got, name)
			}
			assert.Len(t, many, map[bool]int{true: 5, false: 2}[c.folds])
			conns, err := store.GetConnectionMap(t.Context(), []string{"DB"})
			require.NoError(t, err)
			assert.Len(t, conns, map[bool]int{true: 1, false: 0}[c.folds])
			if c.folds {
				assert.Equal(t, "DB", conns["DB"][0].ID, "the name that was asked for")
			}

			require.NoError(t, store.SetVariable(t.Context(), "OTHER", "3"))
			value, err := store.GetVariable(t.Context(), "other")
			require.NoError(t, err)
			assert.Equal(t, map[bool]string{true: "3", false: "2"}[c.folds], value)
		})
	}
}
