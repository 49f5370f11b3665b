package metastoretest

import (
	"database/sql"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore"
)

// Benchmark compares one lookup with its floor: the same statement, prepared, through database/sql and the bare driver, with
// the same columns scanned. Values are plain: what decryption costs is measured beside package fernet.
func Benchmark(b *testing.B, s Server) {
	dsn := s.Fresh(b)
	store := s.open(b, dsn, nil)
	ctx := b.Context()
	require.NoError(b, store.Migrate(ctx))
	s.bulk(b, dsn, 1000)
	require.NoError(b, store.SetConnection(ctx, secrets.Connection{ID: "db", Type: "postgres", Host: "db.example.com", Schema: "sales",
		Login: "etl", Password: secrets.NewSecret(planted), Port: 5432, Extra: secrets.NewSecret(`{"sslmode": "require"}`)}))
	q := s.Dialect.Quote
	prepare := func(b *testing.B, text string) *sql.Stmt {
		db := s.bareDriver(b, dsn)
		statement, err := db.PrepareContext(ctx, text+s.Dialect.Placeholder(1)+" ORDER BY "+q("id"))
		require.NoError(b, err)
		b.Cleanup(func() { _ = statement.Close() })
		return statement
	}
	b.Run("variable", func(b *testing.B) {
		statement := prepare(b, "SELECT "+q("id")+", "+q("key")+", "+q("val")+", "+q("is_encrypted")+" FROM "+q("variable")+" WHERE "+q("key")+" = ")
		compare(b, func() error {
			_, err := store.GetVariable(ctx, "key_0000500")
			return err
		}, func() error {
			var id int64
			var name, value sql.NullString
			var encrypted sql.NullBool
			return statement.QueryRowContext(ctx, "key_0000500").Scan(&id, &name, &value, &encrypted)
		})
	})
	b.Run("connection", func(b *testing.B) {
		columns := ""
		for i, column := range []string{"id", "conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "extra", "is_encrypted", "is_extra_encrypted"} {
			if i > 0 {
				columns += ", "
			}
			columns += q(column)
		}
		statement := prepare(b, "SELECT "+columns+" FROM "+q("connection")+" WHERE "+q("conn_id")+" = ")
		compare(b, func() error {
			_, err := store.GetConnections(ctx, "db")
			return err
		}, func() error {
			var id int64
			var name, typ, description, host, schema, login, password, extra sql.NullString
			var port sql.NullInt64
			var encrypted, extraEncrypted sql.NullBool
			return statement.QueryRowContext(ctx, "db").Scan(&id, &name, &typ, &description, &host, &schema, &login, &password, &port, &extra,
				&encrypted, &extraEncrypted)
		})
	})
}

// compare runs both in turn, a hundred calls at a time, and reports the least of the rounds: on a machine that does other
// work besides, nothing else is comparable. The unit ours/floor is to be at most 1.15.
func compare(b *testing.B, ours, floor func() error) {
	const calls = 100
	least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for b.Loop() {
		for i, call := range []func() error{ours, floor} {
			begin := time.Now()
			for range calls {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
			least[i] = min(least[i], time.Since(begin))
		}
	}
	b.ReportMetric(float64(least[0].Nanoseconds())/calls, "ns/lookup")
	b.ReportMetric(float64(least[1].Nanoseconds())/calls, "ns/floor")
	b.ReportMetric(float64(least[0])/float64(least[1]), "ours/floor")
}

// bareDriver opens the database as Bare does, without what lets several statements stand in one text.
func (s Server) bareDriver(b *testing.B, dsn string) *sql.DB {
	b.Helper()
	open := s.Bare
	if s.Floor != nil {
		open = s.Floor
	}
	db, err := open(dsn)
	require.NoError(b, err)
	metastore.Pool{}.Apply(db)
	b.Cleanup(func() { _ = db.Close() })
	return db
}
