package metastoretest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets"
	"github.com/secretchain/secrets/metastore"
)

func testConcurrency(t *testing.T, s Server) {
	for _, generation := range []string{"1.10", "3.2"} {
		t.Run("one new name, many writers, "+generation, func(t *testing.T) {
			dsn := s.empty(t, generation)
			whole := func(store *metastore.Store) {
				conns, err := store.GetConnections(t.Context(), "contended")
				if err != nil || len(conns) != 1 || fmt.Sprint(conns[0].Port-1) != conns[0].Host || conns[0].Password.Reveal() != conns[0].Host {
					t.Errorf("%d connections, or a mixture of two writes, or %v", len(conns), err)
				}
			}
			var wg, readers sync.WaitGroup
			first, done := make(chan struct{}), make(chan struct{})
			once := sync.OnceFunc(func() { close(first) })
			for range 4 {
				store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
				readers.Go(func() {
					for <-first; ; {
						select {
						case <-done:
							return
						default:
							whole(store)
						}
					}
				})
			}
			for w := range 8 {
				store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey)})
				wg.Go(func() {
					defer once() // also where the first write fails
					for range 40 {
						// Host, password and port of one write belong together.
						c := secrets.Connection{ID: "contended", Type: "mysql", Host: fmt.Sprint(w), Port: w + 1, Password: secrets.NewSecret(fmt.Sprint(w))}
						if err := store.SetConnection(t.Context(), c); err != nil {
							t.Errorf("writer %d: %v", w, err)
						}
						if err := store.SetVariable(t.Context(), "contended", fmt.Sprint(w)); err != nil {
							t.Errorf("writer %d: %v", w, err)
						}
						once()
						whole(store)
					}
				})
			}
			wg.Wait()
			close(done)
			readers.Wait()
			assert.Equal(t, 1, s.count(t, dsn, "connection"))
			assert.Equal(t, 1, s.count(t, dsn, "variable"))
		})
	}
	t.Run("first lookups share one look at the table", func(t *testing.T) {
		store := s.open(t, s.migrated(t), nil)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := store.GetVariable(t.Context(), "x")
				assert.ErrorIs(t, err, secrets.ErrNotFound)
			})
		}
		wg.Wait()
	})
}

// testRestart lets 50 writers and 50 readers work while the server is restarted. Nothing that was acknowledged may be lost,
// and nothing may be half-written.
func testRestart(t *testing.T, s Server) {
	if s.Restart == nil {
		t.Skip("there is no server to restart")
	}
	dsn := s.migrated(t)
	store := s.open(t, dsn, &metastore.Options{FernetKeys: keys(newestKey), Pool: metastore.Pool{MaxOpen: 20}})
	half := 3 * time.Second
	if Require() {
		half = 15 * time.Second
	}
	var wg sync.WaitGroup
	defer wg.Wait() // also where the server does not come back
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	const writers, readers = 50, 50
	type counts struct{ acknowledged, tried int }
	wrote := make([]counts, writers)
	var failures, writes, reads atomic.Int64
	failed := func() { // and leaves the processor to the server, which may be about to start
		failures.Add(1)
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	for w := range writers {
		wg.Go(func() {
			id := fmt.Sprintf("writer_%d", w)
			for i := 1; ctx.Err() == nil; i++ {
				wrote[w].tried = i
				text := strconv.Itoa(i)
				c := secrets.Connection{ID: id, Type: "mysql", Host: text, Login: text, Port: i%60000 + 1, Password: secrets.NewSecret(text)}
				err := store.SetConnection(t.Context(), c)
				if err == nil {
					wrote[w].acknowledged = i
					writes.Add(1)
					continue
				}
				if !errors.Is(err, secrets.ErrUnavailable) {
					t.Errorf("a write failed with another class: %v", err)
					return
				}
				failed()
			}
		})
	}
	for r := range readers {
		wg.Go(func() {
			id := fmt.Sprintf("writer_%d", r%writers)
			for last := 0; ctx.Err() == nil; {
				conns, err := store.GetConnections(t.Context(), id)
				switch {
				case errors.Is(err, secrets.ErrUnavailable):
					failed()
				case errors.Is(err, secrets.ErrNotFound) && last == 0:
				case err != nil:
					t.Errorf("a read failed with another class: %v", err)
					return
				default:
					c := conns[0]
					n, _ := strconv.Atoi(c.Host)
					if len(conns) != 1 || c.Login != c.Host || c.Password.Reveal() != c.Host || c.Port != n%60000+1 || n < last {
						t.Errorf("reader %d: half-written, or older than what was read before", r)
						return
					}
					last = n
					reads.Add(1)
				}
			}
		})
	}
	<-time.After(half)
	s.Restart(t)
	beforeEnd := writes.Load()
	<-time.After(half) // however long the restart took
	cancel()
	wg.Wait()
	t.Logf("%d writes, %d reads, %d failures across the restart", writes.Load(), reads.Load(), failures.Load())
	assert.Greater(t, writes.Load(), beforeEnd, "nothing was written after the restart")

	for w := range writers {
		conns, err := store.GetConnections(t.Context(), fmt.Sprintf("writer_%d", w))
		require.NoError(t, err)
		require.Len(t, conns, 1)
		n, err := strconv.Atoi(conns[0].Host)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, n, wrote[w].acknowledged, "an acknowledged write is lost")
		assert.LessOrEqual(t, n, wrote[w].tried)
		assert.True(t, conns[0].Login == conns[0].Host && conns[0].Password.Reveal() == conns[0].Host, "half-written")
	}
}
