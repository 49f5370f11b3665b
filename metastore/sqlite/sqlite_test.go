package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/secretchain/secrets/internal/metastoretest"
	"github.com/secretchain/secrets/metastore/sqlite"
)

func TestMain(m *testing.M) { metastoretest.Main(m, sqlite.Open) }

var server = metastoretest.Server{
	Dialect: sqlite.Dialect{},
	Open:    sqlite.Open,
	// Without fsync: the tests make hundreds of files, and none of them has to survive a power failure.
	Fresh: func(t testing.TB) string { return filepath.Join(t.TempDir(), "airflow.db?_synchronous=OFF") },
	Bare: func(dsn string) (*sql.DB, error) {
		return sql.Open("sqlite", dsn+"&_busy_timeout=10000&_journal_mode=WAL&_txlock=immediate&_foreign_keys=1")
	},
	Dump:        "sqlite.sql",
	Told:        "sqlite airflow.db",
	Unreachable: filepath.Join("no such folder", "airflow.db"),
}

func TestSQLite(t *testing.T) { metastoretest.Run(t, server) }

func BenchmarkLookup(b *testing.B) { metastoretest.Benchmark(b, server) }
