package metastoretest

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore"
)

func testBatch(t *testing.T, s Server) {
	t.Run("a dump read at once is the dump read one by one", func(t *testing.T) {
		want := loadExpected(t)
		var ids, names []string
		for _, c := range want.Connections {
			ids = append(ids, c.ID, "absent "+c.ID)
		}
		for _, v := range want.Variables {
			names = append(names, v.Key, v.Key, "nul\x00")
		}
		store := s.open(t, s.load(t, "2.x"), &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
		values, err := store.GetVariables(t.Context(), names)
		require.ErrorIs(t, err, secrets.ErrMalformed, "some of them cannot be read")
		conns, connErr := store.GetConnectionMap(t.Context(), ids)
		require.ErrorIs(t, connErr, secrets.ErrMalformed)
		for _, v := range want.Variables {
			single, err := store.GetVariable(t.Context(), v.Key)
			got, ok := values[v.Key]
			assert.Equalf(t, err == nil, ok, "variable %q", v.Key)
			assert.Truef(t, got == single, "variable %q", v.Key)
		}
		for _, c := range want.Connections {
			single, err := store.GetConnections(t.Context(), c.ID)
			require.Lenf(t, conns[c.ID], len(single), "connection %q", c.ID)
			assert.Equalf(t, err == nil, len(single) > 0, "connection %q", c.ID)
			for i := range single {
				assert.Truef(t, conns[c.ID][i].Equal(single[i]), "connection %q", c.ID)
			}
		}
	})
	t.Run("more names than one statement takes", func(t *testing.T) {
		dsn := s.migrated(t)
		s.bulk(t, dsn, 2345)
		var names []string
		for i := range 2 * 2345 {
			names = append(names, fmt.Sprintf("key_%07d", i))
		}
		values, err := s.open(t, dsn, nil).GetVariables(t.Context(), names)
		require.NoError(t, err)
		assert.Len(t, values, 2345)
		assert.Equal(t, "2344", values["key_0002344"])
	})
}

// bulk stores n variables, key_0000000 and so on, with their number as value.
func (s Server) bulk(t testing.TB, dsn string, n int) {
	t.Helper()
	db := s.bare(t, dsn)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	const chunk = 1000
	for from := 0; from < n; from += chunk {
		statement := "INSERT INTO " + s.Dialect.Quote("variable") + " (" + s.Dialect.Quote("key") + ", " + s.Dialect.Quote("val") + ", is_encrypted) VALUES "
		for i := from; i < min(n, from+chunk); i++ {
			if i > from {
				statement += ", "
			}
			statement += fmt.Sprintf("('key_%07d', '%d', %s)", i, i, s.falseLiteral())
		}
		_, err := tx.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

// falseLiteral is false in every generation of the table.
func (s Server) falseLiteral() string {
	if s.Dialect.Name() == "postgres" {
		return "false"
	}
	return "0"
}

func testList(t *testing.T, s Server) {
	n := 20_000
	if Require() {
		n = 1_000_000
	}
	dsn := s.migrated(t)
	s.bulk(t, dsn, n)
	store := s.open(t, dsn, &metastore.Options{Pool: metastore.Pool{MaxOpen: 1}})
	t.Run("a walk holds one page and no connection", func(t *testing.T) {
		i, before := 0, heap()
		for name, err := range store.Names(t.Context(), secrets.KindVariable) {
			require.NoError(t, err)
			if i%3000 == 0 { // with one connection in the pool this would wait for ever if the walk held it
				require.Equal(t, fmt.Sprintf("key_%07d", i), name)
				_, err := store.GetVariable(t.Context(), name)
				require.NoError(t, err)
			}
			if i == n-1 { // a million names take more than twenty
				assert.Less(t, int64(heap())-int64(before), int64(5<<20), "bytes on the heap")
			}
			i++
		}
		assert.Equal(t, n, i)
	})
	t.Run("a walk may be left early", func(t *testing.T) {
		for name, err := range store.Names(t.Context(), secrets.KindVariable) {
			require.NoError(t, err)
			require.Equal(t, "key_0000000", name)
			break
		}
		require.NoError(t, store.Check(t.Context()))
	})
	t.Run("a walk ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		for _, err := range store.Names(ctx, secrets.KindVariable) {
			cancel()
			last = err
		}
		assert.ErrorIs(t, last, context.Canceled)
	})
	t.Run("nothing of other kinds", func(t *testing.T) {
		for _, kind := range []secrets.Kind{secrets.KindConnection, secrets.KindConfig, 0} {
			names, err := store.List(t.Context(), kind)
			require.NoError(t, err)
			assert.Empty(t, names)
		}
	})
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
