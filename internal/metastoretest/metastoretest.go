// Package metastoretest is the suite that every dialect of the metastore passes. Only tests import it.
package metastoretest

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/internal/vectors"
	"github.com/secretchain/secrets/metastore"
)

// A Server is a kind of database under test.
type Server struct {
	Dialect metastore.Dialect
	Open    func(ctx context.Context, dsn string, opts *metastore.Options) (*metastore.Store, error)
	// Fresh makes an empty database and returns its DSN. It is removed at the end of the test.
	Fresh func(t testing.TB) string
	// Bare opens a database for the test's own statements, several of which may stand in one text.
	Bare func(dsn string) (*sql.DB, error)
	// Floor opens it for a benchmark. Nil: Bare does.
	Floor func(dsn string) (*sql.DB, error)
	// Dump is the name of its dumps in testdata/vectors/metastore: "sqlite.sql".
	Dump string
	// Place makes a dump load into the database of a DSN, where it names another place. Nil: it names none.
	Place func(dsn, script string) string
	// Silent is the DSN of a server at address that accepts and never answers. Nil: there are none.
	Silent func(address string) string
	// Unreachable is the DSN of a database that does not answer; Refused, if not blank, that of one that refuses the login.
	Unreachable, Refused string
	// Told is what errors call a fresh database: "sqlite airflow.db".
	Told string
	// Restart restarts the server; nil where there is none.
	Restart func(t testing.TB)
}

// Keys of testdata/vectors/metastore/expected.json, and two more.
const (
	newestKey = "765dfvRyedaOAuXkDUWHaXeGbc4t64epPi_Oyj3DamA="
	olderKey  = "DHR4o1GIrTmxHjG73R_oMgbnt9k1LUtp2Slo_QvyHw0="
	newerKey  = "78p2f0eZCUNgqGc72rKjfmxviWYq5Ee1HkfSWT-swRI="
)

// planted is the text that no error and no log line may show.
const planted = "pLanted5ecret"

// generations are the folders of the dumps: the shapes of Airflow's tables.
var generations = map[string]string{"1.10": "airflow-1.10", "2.x": "", "3.2": "airflow-3.2"}

// Require tells whether a missing server fails a test instead of skipping it.
func Require() bool { return os.Getenv("SECRETS_TEST_REQUIRE") == "1" }

// Env returns the variable that names a server, and skips the test without it.
func Env(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" && Require() {
		t.Fatalf("%s is not set, and SECRETS_TEST_REQUIRE is: run the tests by scripts/with-peers", name)
	}
	if value == "" {
		t.Skipf("%s is not set: run the tests by scripts/with-peers to try a real server", name)
	}
	return value
}

func keys(texts ...string) []secrets.Secret {
	all := make([]secrets.Secret, len(texts))
	for i, text := range texts {
		all[i] = secrets.NewSecret(text)
	}
	return all
}

// open opens a store that is closed at the end of the test.
func (s Server) open(t testing.TB, dsn string, opts *metastore.Options) *metastore.Store {
	t.Helper()
	store, err := s.Open(context.Background(), dsn, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// bare opens a database for the test's own statements.
func (s Server) bare(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := s.Bare(dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (s Server) exec(t testing.TB, dsn, script string) {
	t.Helper()
	db, err := s.Bare(dsn)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), script)
	require.NoError(t, err)
}

// load returns a database that holds a generation's dump.
func (s Server) load(t testing.TB, generation string) string {
	t.Helper()
	script, err := os.ReadFile(vectors.Path(t, filepath.ToSlash(filepath.Join("metastore", generations[generation], s.Dump))))
	require.NoError(t, err)
	dsn := s.Fresh(t)
	if s.Place != nil {
		script = []byte(s.Place(dsn, string(script)))
	}
	s.exec(t, dsn, string(script))
	return dsn
}

// empty returns a database with a generation's tables and no row.
func (s Server) empty(t testing.TB, generation string) string {
	t.Helper()
	dsn := s.load(t, generation)
	s.exec(t, dsn, "DELETE FROM "+s.Dialect.Quote("connection")+"; DELETE FROM "+s.Dialect.Quote("variable"))
	return dsn
}

// migrated returns a database with the tables that Migrate makes.
func (s Server) migrated(t testing.TB) string {
	t.Helper()
	dsn := s.Fresh(t)
	s.Migrated(t, dsn)
	return dsn
}

// Migrated makes the tables and returns a store that is closed at the end of the test.
func (s Server) Migrated(t testing.TB, dsn string) *metastore.Store {
	t.Helper()
	store := s.open(t, dsn, nil)
	require.NoError(t, store.Migrate(t.Context()))
	return store
}

// Restart runs the command that a variable names, if it is set, to restart a server.
func Restart(variable string) func(t testing.TB) {
	command := os.Getenv(variable)
	if command == "" {
		return nil
	}
	return func(t testing.TB) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
		require.NoErrorf(t, err, "%s", out)
	}
}

// Run holds a dialect to everything that package metastore promises.
func Run(t *testing.T, s Server) {
	for name, test := range map[string]func(*testing.T, Server){
		"conformance": testConformance,
		"dumps":       testDumps,
		"failures":    testFailures,
		"writes":      testWrites,
		"several":     testSeveral,
		"teams":       testTeams,
		"batch":       testBatch,
		"list":        testList,
		"migrate":     testMigrate,
		"rotate":      testRotate,
		"verify":      testVerify,
		"changes":     testSchemaChanges,
		"concurrency": testConcurrency,
		"processes":   testProcesses,
		"restart":     testRestart,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// row is what a table holds under a name, as another program reads it: the text, and whether it is null.
func (s Server) row(t testing.TB, dsn, table, key, name string, columns ...string) map[string]any {
	t.Helper()
	statement := "SELECT "
	for i, column := range columns {
		if i > 0 {
			statement += ", "
		}
		statement += s.Dialect.Quote(column)
	}
	statement += " FROM " + s.Dialect.Quote(table) + " WHERE " + s.Dialect.Quote(key) + " = " + s.Dialect.Placeholder(1)
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	require.NoError(t, s.bare(t, dsn).QueryRowContext(t.Context(), statement, name).Scan(into...))
	found := make(map[string]any, len(columns))
	for i, column := range columns {
		switch v := values[i].(type) {
		case []byte:
			found[column] = string(v)
		case bool:
			found[column] = map[bool]int64{false: 0, true: 1}[v]
		default:
			found[column] = v
		}
	}
	return found
}

// count is how many rows a table holds.
func (s Server) count(t testing.TB, dsn, table string) (n int) {
	t.Helper()
	require.NoError(t, s.bare(t, dsn).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+s.Dialect.Quote(table)).Scan(&n))
	return n
}

// insert adds a row as another program does.
func (s Server) insert(t testing.TB, db *sql.DB, table string, columns []string, values ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), metastore.Insert(s.Dialect, table, columns), values...)
	require.NoError(t, err)
}
