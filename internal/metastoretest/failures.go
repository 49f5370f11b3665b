package metastoretest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/metastore"
)

// calls is every method that asks the database.
func calls(store *metastore.Store) map[string]func(context.Context) error {
	conn := secrets.Connection{ID: "x", Type: "mysql", Password: secrets.NewSecret(planted)}
	return map[string]func(context.Context) error{
		"GetConnections":   func(ctx context.Context) error { _, err := store.GetConnections(ctx, "x"); return err },
		"GetConnURI":       func(ctx context.Context) error { _, err := store.GetConnURI(ctx, "x"); return err },
		"GetVariable":      func(ctx context.Context) error { _, err := store.GetVariable(ctx, "x"); return err },
		"GetVariables":     func(ctx context.Context) error { _, err := store.GetVariables(ctx, []string{"x"}); return err },
		"GetConnectionMap": func(ctx context.Context) error { _, err := store.GetConnectionMap(ctx, []string{"x"}); return err },
		"List":             func(ctx context.Context) error { _, err := store.List(ctx, secrets.KindVariable); return err },
		"Check":            store.Check,
		"SetConnection":    func(ctx context.Context) error { return store.SetConnection(ctx, conn) },
		"SetVariable":      func(ctx context.Context) error { return store.SetVariable(ctx, "x", planted) },
		"DeleteConnection": func(ctx context.Context) error { return store.DeleteConnection(ctx, "x") },
		"DeleteVariable":   func(ctx context.Context) error { return store.DeleteVariable(ctx, "x") },
		"Migrate":          store.Migrate,
		"Rotate":           func(ctx context.Context) error { _, err := store.RotateFernetKeys(ctx); return err },
		"Verify":           func(ctx context.Context) error { _, err := store.Verify(ctx); return err },
	}
}

func testFailures(t *testing.T, s Server) {
	opts := &metastore.Options{FernetKeys: keys(newestKey)}
	fails := func(t *testing.T, store *metastore.Store, class error, except string) {
		for name, call := range calls(store) {
			if name == except {
				continue
			}
			err := call(t.Context())
			require.Errorf(t, err, name)
			assert.ErrorIsf(t, err, class, name)
			assert.Equalf(t, class, secrets.ClassOf(err), name)
			backendtest.NoLeak(t, planted, err)
		}
	}
	t.Run("no tables", func(t *testing.T) {
		store := s.open(t, s.Fresh(t), opts)
		fails(t, store, secrets.ErrUnavailable, "Migrate")
		assert.ErrorContains(t, store.Check(t.Context()), s.Told+": there is no table connection")
		require.NoError(t, store.Migrate(t.Context()))
		require.NoError(t, store.Check(t.Context()), "what was missing is looked for again")
	})
	t.Run("unreachable", func(t *testing.T) { fails(t, s.open(t, s.Unreachable, opts), secrets.ErrUnavailable, "") })
	t.Run("refused", func(t *testing.T) {
		if s.Refused == "" {
			t.Skip("this database has no logins")
		}
		fails(t, s.open(t, s.Refused, opts), secrets.ErrDenied, "")
	})
	t.Run("closed", func(t *testing.T) {
		store := s.open(t, s.migrated(t), opts)
		require.NoError(t, store.SetVariable(t.Context(), "x", planted))
		require.NoError(t, store.Close())
		require.NoError(t, store.Close(), "twice is fine")
		fails(t, store, secrets.ErrClosed, "")
	})
	t.Run("cancelled", func(t *testing.T) {
		store := s.open(t, s.migrated(t), opts)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, call := range calls(store) {
			err := call(ctx)
			assert.ErrorIsf(t, err, context.Canceled, name)
			assert.NotErrorIsf(t, err, secrets.ErrNotFound, name)
		}
	})
	t.Run("a waiting write ends with its context", func(t *testing.T) { s.testWaitingWrite(t, opts) })
	t.Run("names that no database can hold", func(t *testing.T) {
		store := s.open(t, s.migrated(t), opts)
		for _, name := range []string{"", "nul\x00", "\xff"} {
			_, err := store.GetVariable(t.Context(), name)
			assert.ErrorIs(t, err, secrets.ErrNotFound)
			assert.ErrorIs(t, store.DeleteVariable(t.Context(), name), secrets.ErrNotFound)
			assert.ErrorIs(t, store.SetVariable(t.Context(), name, planted), secrets.ErrMalformed)
			_, ok := store.StoreName(secrets.KindVariable, name)
			assert.False(t, ok)
		}
	})
	t.Run("one warning without keys", func(t *testing.T) {
		var log bytes.Buffer
		store := s.open(t, s.migrated(t), &metastore.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, store.SetVariable(t.Context(), "x", planted))
		require.NoError(t, store.SetVariable(t.Context(), "y", planted))
		assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("unencrypted")))
		backendtest.NoLeak(t, planted, log.String())
	})
}

// testWaitingWrite makes a write wait for another transaction, and ends its context. Its connection must be free again.
func (s Server) testWaitingWrite(t *testing.T, opts *metastore.Options) {
	dsn := s.migrated(t)
	narrow := *opts
	narrow.Pool.MaxOpen = 1
	store := s.open(t, dsn, &narrow)
	require.NoError(t, store.SetVariable(t.Context(), "x", "before"))

	db := s.bare(t, dsn)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	_, err = tx.ExecContext(t.Context(), "UPDATE "+s.Dialect.Quote("variable")+" SET "+s.Dialect.Quote("val")+" = 'held'")
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- store.SetVariable(ctx, "x", "too late") }()
	select {
	case err = <-done:
	case <-time.After(7 * time.Second): // less than any lock's own time limit
		t.Fatal("the write went on waiting")
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)

	if err := tx.Rollback(); err != nil && !errors.Is(err, context.Canceled) {
		require.NoError(t, err)
	}
	value, err := store.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.Contains(t, []string{"before", "too late"}, value, "MySQL goes on with a statement whose client has left")
	require.NoError(t, store.SetVariable(t.Context(), "x", "after"))
	value, err = store.GetVariable(t.Context(), "x")
	require.NoError(t, err)
	assert.Equal(t, "after", value)
}
