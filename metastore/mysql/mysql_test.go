package mysql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"os/exec"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/metastore/internal/metastoretest"
	"github.com/secretchain/secrets/metastore/mysql"
)

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

// real returns the real server.
func real(t testing.TB) metastoretest.Server {
	t.Helper()
	admin := metastoretest.Env(t, "SECRETS_TEST_MYSQL")
	with := func(change func(c *driver.Config)) string {
		config, err := driver.ParseDSN(admin)
		require.NoError(t, err)
		change(config)
		return config.FormatDSN()
	}
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
		Unreachable: with(func(c *driver.Config) { c.Addr, c.DBName = "127.0.0.1:1", "x" }),
		Refused:     with(func(c *driver.Config) { c.User, c.Passwd, c.DBName = "nobody", "wrong", "x" }),
	}
	if restart := os.Getenv("SECRETS_TEST_MYSQL_RESTART"); restart != "" {
		server.Restart = func(t testing.TB) {
			t.Helper()
			out, err := exec.CommandContext(t.Context(), "sh", "-c", restart).CombinedOutput()
			require.NoErrorf(t, err, "%s", out)
		}
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

func TestMySQL(t *testing.T) { metastoretest.Run(t, real(t)) }

func BenchmarkLookup(b *testing.B) { metastoretest.Benchmark(b, real(b)) }
