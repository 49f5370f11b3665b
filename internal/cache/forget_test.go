package cache_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/secretchain/secrets/internal/cache"
)

func TestCacheForget(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Hour, NegativeTTL: time.Hour})
	c.Forget("k")
	read(t, c, 1, false, false)
	c.Forget("other")
	read(t, c, 1, true, false)
	c.Forget("k")
	read(t, c, 2, false, false)
	c.Forget("k")
	s.answers(errAbsent)
	fails(t, c, errAbsent)
	c.Forget("k")
	s.answers(nil)
	read(t, c, 4, false, false)
}

// What was read before a write must not be kept, or given to anybody, after it.
func TestCacheForgetDuringALoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		open := []chan struct{}{make(chan struct{}), make(chan struct{})}
		c := cache.New(func(context.Context, string) (int32, error) {
			v := n.Add(1)
			<-open[v-1]
			return v, nil
		}, cache.Options[int32]{TTL: time.Hour})
		defer c.Close(errClosed)
		get := func() *atomic.Int32 {
			var got atomic.Int32
			go func() {
				item, err := c.Get(t.Context(), "k")
				assert.NoError(t, err)
				got.Store(item.Value)
			}()
			synctest.Wait()
			return &got
		}
		before := get()
		c.Forget("k")
		after := get()
		assert.EqualValues(t, 2, n.Load(), "a caller after Forget does not join a load from before it")
		close(open[1])
		synctest.Wait()
		assert.EqualValues(t, 2, after.Load())
		close(open[0]) // the older load ends last
		synctest.Wait()
		assert.EqualValues(t, 1, before.Load())
		v, ok := c.Find("k")
		assert.True(t, ok)
		assert.EqualValues(t, 2, v)

		c.Forget("k")
		_, ok = c.Find("k")
		assert.False(t, ok)
	})
}

// After a Forget that follows a write, no reader may see what was there before, whatever else goes on.
func TestCacheNeverResurrects(t *testing.T) {
	var written atomic.Int64
	c := cache.New(func(context.Context, string) (int64, error) { return written.Load(), nil },
		cache.Options[int64]{TTL: time.Hour, MaxEntries: 4})
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := written.Load() // forgotten up to here, save for the last write
				item, err := c.Get(context.Background(), "k")
				assert.NoError(t, err)
				assert.GreaterOrEqual(t, item.Value, least-1)
				if v, ok := c.Find("k"); ok {
					assert.GreaterOrEqual(t, v, least-1)
				}
				_, _ = c.Get(t.Context(), "other")
			}
		})
	}
	for range 500 {
		written.Add(1)
		c.Forget("k")
		item, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, written.Load(), item.Value, "the writer reads what it wrote")
	}
	close(stop)
	wg.Wait()
	c.Close(errClosed)
}

func TestCacheLoadsMadeElsewhere(t *testing.T) {
	s := &store{}
	c := newCache(t, s, cache.Options[int]{TTL: time.Minute, NegativeTTL: time.Minute, StaleIfError: time.Hour})
	item, err := c.Begin("k").Store(10, nil)
	require.NoError(t, err)
	assert.Equal(t, cache.Item[int]{Value: 10, Fetched: s.now}, item)
	read(t, c, 10, true, false)

	l := c.Begin("k")
	c.Forget("k")
	item, err = l.Store(11, nil)
	require.NoError(t, err)
	assert.Equal(t, 11, item.Value)
	assert.False(t, c.Has("k"), "the key was forgotten meanwhile")

	older, newer := c.Begin("k"), c.Begin("k")
	_, _ = newer.Store(13, nil)
	_, _ = older.Store(12, nil)
	read(t, c, 13, true, false)

	c.Begin("k").Drop()
	read(t, c, 13, true, false)
	s.pass(time.Minute)
	item, err = c.Begin("k").Store(0, errOutage)
	require.NoError(t, err)
	assert.Equal(t, []any{13, true, true}, []any{item.Value, item.Cached, item.Stale})
	_, err = c.Begin("k").Store(0, errRefused)
	require.ErrorIs(t, err, errRefused)
	s.answers(errOutage)
	fails(t, c, errOutage)

	_, err = c.Begin("k").Store(0, errAbsent)
	require.ErrorIs(t, err, errAbsent)
	_, err = c.Begin("k").Store(0, errOutage)
	require.ErrorIs(t, err, errOutage, "an absence does not stand in for a value")
	loads := s.count()
	fails(t, c, errAbsent)
	assert.Equal(t, loads, s.count())
}
