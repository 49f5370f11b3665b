package metastoretest

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore"
)

func (s Server) columns(t testing.TB, dsn, table, key string) metastore.Table {
	t.Helper()
	found, err := s.Dialect.Table(t.Context(), s.bare(t, dsn), table, key)
	require.NoError(t, err)
	return found
}

func testMigrate(t *testing.T, s Server) {
	t.Run("makes the newest shape", func(t *testing.T) {
		ours, airflows := s.migrated(t), s.load(t, "3.2")
		for table, key := range map[string]string{"connection": "conn_id", "variable": "key", "team": "name"} {
			got, want := s.columns(t, ours, table, key), s.columns(t, airflows, table, key)
			assert.Equal(t, want, got, table)
			assert.True(t, got.Unique, table)
		}
	})
	t.Run("leaves Airflow's tables alone", func(t *testing.T) {
		for generation := range generations {
			dsn := s.load(t, generation)
			before := s.columns(t, dsn, "connection", "conn_id")
			assert.Equal(t, generation != "1.10", before.Unique)
			require.NoError(t, s.open(t, dsn, nil).Migrate(t.Context()))
			assert.Equal(t, before, s.columns(t, dsn, "connection", "conn_id"), generation)
			assert.Equal(t, 27, s.count(t, dsn, "connection"))
			assert.Equal(t, generation == "3.2", len(s.columns(t, dsn, "team", "name").Columns) > 0)
		}
	})
	t.Run("makes the one that is missing", func(t *testing.T) {
		dsn := s.load(t, "2.x")
		s.exec(t, dsn, "DROP TABLE "+s.Dialect.Quote("variable"))
		store := s.open(t, dsn, nil)
		_, err := store.GetVariable(t.Context(), "x")
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		assert.ErrorContains(t, err, "Migrate")
		_, err = store.GetConnections(t.Context(), "http_plain")
		require.NoError(t, err, "the other table is no worse for it")
		require.NoError(t, store.Migrate(t.Context()))
		require.NoError(t, store.SetVariable(t.Context(), "x", "1"))
	})
	t.Run("refuses a table it does not understand", func(t *testing.T) {
		dsn := s.Fresh(t)
		s.exec(t, dsn, "CREATE TABLE "+s.Dialect.Quote("variable")+" (id integer primary key, "+s.Dialect.Quote("key")+" varchar(250))")
		store := s.open(t, dsn, nil)
		err := store.Migrate(t.Context())
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		assert.ErrorContains(t, err, "table variable is not Airflow's: it lacks val, is_encrypted")
		assert.Empty(t, s.columns(t, dsn, "connection", "conn_id").Columns, "nothing was created")
		_, err = store.GetVariable(t.Context(), "x")
		require.ErrorIs(t, err, secrets.ErrUnavailable)
	})
	t.Run("many at once", func(t *testing.T) {
		dsn := s.Fresh(t)
		var wg sync.WaitGroup
		for range 8 {
			store := s.open(t, dsn, nil)
			wg.Go(func() { assert.NoError(t, store.Migrate(t.Context())) })
		}
		wg.Wait()
		require.NoError(t, s.open(t, dsn, nil).Check(t.Context()))
	})
}

// testSchemaChanges changes tables under a running store, as an upgrade of Airflow does.
func testSchemaChanges(t *testing.T, s Server) {
	q := s.Dialect.Quote
	t.Run("a column goes", func(t *testing.T) {
		dsn := s.load(t, "2.x")
		store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
		_, err := store.GetConnections(t.Context(), "pg_all_new_key")
		require.NoError(t, err)
		s.exec(t, dsn, "ALTER TABLE "+q("connection")+" DROP COLUMN description")
		conns, err := store.GetConnections(t.Context(), "pg_all_new_key")
		require.NoError(t, err, "the store looks again")
		assert.Empty(t, conns[0].Description)
		require.NoError(t, store.SetConnection(t.Context(), secrets.Connection{ID: "new", Description: "lost"}))
	})
	t.Run("the tables go and come back", func(t *testing.T) {
		dsn := s.migrated(t)
		store := s.open(t, dsn, nil)
		require.NoError(t, store.SetVariable(t.Context(), "x", "1"))
		_, err := store.GetVariable(t.Context(), "x")
		require.NoError(t, err)
		s.exec(t, dsn, "DROP TABLE "+q("variable"))
		_, err = store.GetVariable(t.Context(), "x")
		require.ErrorIs(t, err, secrets.ErrUnavailable)
		require.NoError(t, store.Migrate(t.Context()))
		_, err = store.GetVariable(t.Context(), "x")
		require.ErrorIs(t, err, secrets.ErrNotFound)
	})
}

func testVerify(t *testing.T, s Server) {
	dsn := s.load(t, "2.x")
	store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
	found, err := store.Verify(t.Context())
	require.NoError(t, err)
	var names []string
	for _, row := range found {
		names = append(names, row.Kind.String()+" "+row.ID+" "+row.Field)
		assert.NotZero(t, row.Row)
		assert.NotEmpty(t, row.Reason)
	}
	slices.Sort(names)
	assert.Equal(t, []string{
		"connection corrupt_password password", "connection lost_key_extra extra", "connection lost_key_password password",
		"connection plain_flagged_encrypted password",
		"variable corrupt val", "variable flag_empty_value val", "variable lost_key val", "variable plain_flagged val",
	}, names)
}
