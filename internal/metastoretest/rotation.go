package metastoretest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/backend/backendtest"
	"github.com/secretchain/secrets/internal/fernet"
	"github.com/secretchain/secrets/metastore"
)

func testRotate(t *testing.T, s Server) {
	for generation := range generations {
		t.Run(generation, func(t *testing.T) { s.testRotateDump(t, generation) })
	}
	t.Run("without a key", func(t *testing.T) {
		_, err := s.open(t, s.migrated(t), nil).RotateFernetKeys(t.Context())
		assert.ErrorContains(t, err, "no Fernet key")
	})
	t.Run("a row with an id below 1", func(t *testing.T) {
		dsn := s.migrated(t)
		ring, err := fernet.New(olderKey)
		require.NoError(t, err)
		s.insert(t, s.bare(t, dsn), "variable", []string{"id", "key", "val", "is_encrypted"}, -1, "below", ring.Encrypt([]byte(planted), time.Now()), true)
		store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
		rotated, err := store.RotateFernetKeys(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, rotated)
		names, err := store.List(t.Context(), secrets.KindVariable)
		require.NoError(t, err)
		assert.Equal(t, []string{"below"}, names)
	})
	t.Run("beside writers", func(t *testing.T) { s.testRotateBesideWriters(t) })
	t.Run("ended half-way", func(t *testing.T) { s.testRotateEnded(t) })
}

// tokens are the encrypted values of a database, by table, name and column.
func (s Server) tokens(t testing.TB, dsn string) map[string]string {
	t.Helper()
	q := s.Dialect.Quote
	found := map[string]string{}
	for _, source := range []string{
		"SELECT 'password', conn_id, password FROM " + q("connection") + " WHERE is_encrypted AND password <> ''",
		"SELECT 'extra', conn_id, extra FROM " + q("connection") + " WHERE is_extra_encrypted AND extra <> ''",
		"SELECT 'val', " + q("key") + ", val FROM " + q("variable") + " WHERE is_encrypted AND val <> ''",
	} {
		rows, err := s.bare(t, dsn).QueryContext(t.Context(), source)
		require.NoError(t, err)
		for rows.Next() {
			var field, name, token string
			require.NoError(t, rows.Scan(&field, &name, &token))
			found[field+" "+name] = token
		}
		require.NoError(t, rows.Err())
	}
	return found
}

func (s Server) testRotateDump(t *testing.T, generation string) {
	dsn := s.load(t, generation)
	before := s.tokens(t, dsn)
	store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newerKey, newestKey, olderKey)})
	rotated, err := store.RotateFernetKeys(t.Context())
	var unreadable *metastore.UnreadableError
	require.ErrorAs(t, err, &unreadable)
	require.ErrorIs(t, err, secrets.ErrMalformed)
	backendtest.NoLeak(t, "plain text", err)
	var lost []string
	for _, row := range unreadable.Rows {
		lost = append(lost, row.Field+" "+row.ID)
	}
	slices.Sort(lost)
	assert.Equal(t, []string{"extra lost_key_extra", "password corrupt_password", "password lost_key_password", "password plain_flagged_encrypted",
		"val corrupt", "val lost_key", "val plain_flagged"}, lost)

	after := s.tokens(t, dsn)
	assert.Equal(t, slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	changed := 0
	for name, token := range after {
		if slices.Contains(lost, name) {
			assert.Truef(t, token == before[name], "%s was changed", name)
			continue
		}
		changed++
		assert.Equalf(t, dated(t, before[name]), dated(t, token), "the date of %s", name)
		decrypted(t, token, newerKey)
	}
	assert.Equal(t, changed, rotated)

	rotated, err = store.RotateFernetKeys(t.Context())
	assert.ErrorIs(t, err, secrets.ErrMalformed)
	assert.Zero(t, rotated, "the second time nothing is left to do")
	assert.Equal(t, after, s.tokens(t, dsn))
}

// sealed stores n variables, v0000 and so on, encrypted with key and with their number as value.
func (s Server) sealed(t testing.TB, dsn, key string, n int) {
	t.Helper()
	ring, err := fernet.New(key)
	require.NoError(t, err)
	tx, err := s.bare(t, dsn).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	statement := metastore.Insert(s.Dialect, "variable", []string{"key", "val", "is_encrypted"})
	for i := range n {
		_, err := tx.ExecContext(t.Context(), statement, fmt.Sprintf("v%04d", i), ring.Encrypt([]byte(fmt.Sprint(i)), time.Now()), true)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

// testRotateBesideWriters writes, all over the table, what a rotation has read already and not yet replaced.
func (s Server) testRotateBesideWriters(t *testing.T) {
	const n, writers = 2000, 4
	dsn := s.migrated(t)
	s.sealed(t, dsn, olderKey, n)
	store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey, olderKey)})
	names, want := make([]string, n), make([]string, n) // each value belongs to one writer
	for i := range n {
		names[i], want[i] = fmt.Sprintf("v%04d", i), fmt.Sprint(i)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for _, i := range rand.Perm(n / writers) {
				select {
				case <-stop:
					return
				default:
				}
				i = i*writers + w
				if err := store.SetVariable(t.Context(), names[i], fmt.Sprint(n+i)); err != nil {
					t.Errorf("a writer failed beside a rotation: %v", err)
					return
				}
				want[i] = fmt.Sprint(n + i)
			}
		})
	}
	wg.Go(func() {
		for i := 0; ; i = (i + 1) % n {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := store.GetVariable(t.Context(), names[i]); err != nil {
				t.Errorf("a reader failed beside a rotation: %v", err)
				return
			}
		}
	})
	_, err := store.RotateFernetKeys(t.Context())
	close(stop)
	wg.Wait()
	require.NoError(t, err)

	alone := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
	unreadable, err := alone.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, unreadable, "the old key is not needed any more")
	values, err := alone.GetVariables(t.Context(), names)
	require.NoError(t, err)
	lost := 0
	for i, name := range names {
		if values[name] != want[i] {
			lost++
		}
	}
	assert.Zero(t, lost, "what was written beside the rotation is lost")
}

// testRotateEnded ends a rotation's context after its first batch, again and again.
func (s Server) testRotateEnded(t *testing.T) {
	const n = 700
	dsn := s.migrated(t)
	s.sealed(t, dsn, olderKey, n)
	opts := &metastore.Options{FernetKeys: keys(newestKey, olderKey)}
	total := 0
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		watch := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
		done := make(chan struct{})
		go func() { // cancel as soon as something more is rotated
			defer close(done)
			defer cancel()
			for ctx.Err() == nil {
				if values, _ := watch.GetVariables(ctx, []string{fmt.Sprintf("v%04d", total)}); len(values) > 0 {
					return
				}
			}
		}()
		rotated, err := s.open(t, dsn, opts).RotateFernetKeys(ctx)
		cancel()
		<-done
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		total += rotated
	}
	rotated, err := s.open(t, dsn, opts).RotateFernetKeys(t.Context())
	require.NoError(t, err)
	assert.LessOrEqual(t, total+rotated, n, "nothing is rotated twice")
	unreadable, err := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)}).Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, unreadable)
	assert.Equal(t, n, s.count(t, dsn, "variable"))
}
